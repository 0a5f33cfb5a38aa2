"""The machines of a cluster: one with code server and daemon, two with a worker each, as docs/deployment.md has them.

Each has a data folder and a DAGSTER_HOME of its own: nothing is shared but the servers.
Not here: the servers (servers.py), what is done to the machines (campaign.py).
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from npf_pipelines_tests.daemon import Automation, Process
from npf_pipelines_tests.docs.pages import PROJECT

_CONFIG = PROJECT / "deploy" / "cluster"
_UNITS = PROJECT / "deploy" / "systemd"
_UNIT_COMMAND = re.compile(r"^ExecStart=(?:/usr/bin/env NPF_CELL=%i )?(.+)$", re.MULTILINE)
_RECEIVED = re.compile(r"Task execute_job\[([^]]+)\] received")
_LAST_WORDS = 20.0
"""Seconds that a worker gets to end by itself."""


class Worker:
    """A machine with a worker. It is lost with all of its processes, and comes back as a new one."""

    def __init__(self, folder: Path, environment: Mapping[str, str], cell: str = "") -> None:
        """Start it.

        Args:
            folder: its data folder, unless the environment names another.
            environment: what its unit's EnvironmentFile would hold.
            cell: the instance of the cells' unit; the unit without a cell if empty.
        """
        self.name = folder.name
        self._folder = prepared(folder)
        self._environment = _local(folder) | dict(environment) | {"PYTHONPATH": f"{_CONFIG}:{PROJECT}"}
        self._words = _words_of(cell)
        self.process = self._started()

    def lose(self) -> None:
        """Kill it, with the runs at work on it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def come_back(self) -> None:
        """Start it again."""
        self.process = self._started()

    def end(self) -> None:
        """Let it end by itself, and kill what is left."""
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            self.process.terminate()
            self.process.wait(_LAST_WORDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def runs(self) -> Iterator[int]:
        """The processes of its runs, idle ones as well: the children of the worker."""
        for path in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((path / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[1])
            except OSError:
                continue
            if parent == self.process.pid:
                yield int(path.name)

    def received(self) -> set[str]:
        """The tasks that it has received since its first start, by its log."""
        return set(_RECEIVED.findall((self._folder / "celery.log").read_text(encoding="utf-8")))

    def _started(self) -> Process:
        program = str(Path(sys.executable).with_name("celery"))
        with (self._folder / "celery.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own environment's celery
                [program, *self._words, "--hostname", f"{self.name}@%h", "--loglevel", "INFO"],
                cwd=PROJECT,
                env=os.environ | self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _words_of(cell: str) -> list[str]:
    """The words after the program in the unit's command, as systemd would make them of it."""
    unit = (_UNITS / f"npf-worker{cell and '@'}.service").read_text(encoding="utf-8")
    return shlex.split(_UNIT_COMMAND.findall(unit)[0].replace("%i", cell).replace("%%", "%"))[1:]


def prepared(folder: Path) -> Path:
    """A machine's data folder, with the DAGSTER_HOME of deploy/cluster in it, if it has none yet."""
    config = folder / "dagster" / "dagster.yaml"
    if not config.exists():
        config.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_CONFIG / config.name, config)
    return folder


def centre(
    folder: Path, environment: Mapping[str, str], cells: Mapping[str, Mapping[str, str]] | Sequence[str] = ("",)
) -> Automation:
    """The machine with daemon and code server, or that of each cell, perhaps with variables of its own."""
    return Automation(prepared(folder), cells=cells, **environment)


def _local(folder: Path) -> dict[str, str]:
    return {"NPF_DATA": str(folder), "DAGSTER_HOME": str(folder / "dagster")}
