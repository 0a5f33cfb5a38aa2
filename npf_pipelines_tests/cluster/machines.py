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
from collections.abc import Iterator, Mapping
from pathlib import Path

from npf_pipelines_tests.daemon import Automation, Process
from npf_pipelines_tests.docs.pages import PROJECT

_CONFIG = PROJECT / "deploy" / "cluster"
_UNIT = PROJECT / "deploy" / "systemd" / "npf-worker.service"
_UNIT_COMMAND = re.compile(r"^ExecStart=(.+)$", re.MULTILINE)
_RECEIVED = re.compile(r"Task execute_job\[([^]]+)\] received")
_LAST_WORDS = 20.0
"""Seconds that a worker gets to end by itself."""


class Worker:
    """A machine with a worker. It is lost with all of its processes, and comes back as a new one."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = folder.name
        self._folder = prepared(folder)
        self._environment = dict(environment) | _local(folder) | {"PYTHONPATH": f"{_CONFIG}:{PROJECT}"}
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
        _, *words = shlex.split(_UNIT_COMMAND.findall(_UNIT.read_text(encoding="utf-8"))[0])
        program = str(Path(sys.executable).with_name("celery"))
        with (self._folder / "celery.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own environment's celery
                [program, *words, "--hostname", f"{self.name}@%h", "--loglevel", "INFO"],
                cwd=PROJECT,
                env=os.environ | self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def prepared(folder: Path) -> Path:
    """A machine's data folder, with the DAGSTER_HOME of deploy/cluster in it."""
    (folder / "dagster").mkdir(parents=True, exist_ok=True)
    shutil.copy(_CONFIG / "dagster.yaml", folder / "dagster")
    return folder


def centre(folder: Path, environment: Mapping[str, str]) -> Automation:
    """The machine with code server and daemon."""
    return Automation(prepared(folder), **environment)


def _local(folder: Path) -> dict[str, str]:
    return {"NPF_DATA": str(folder), "DAGSTER_HOME": str(folder / "dagster")}
