"""The automation as it runs in production, and what its processes take.

Not here: how it is started (npf_pipelines_tests/daemon.py), the stores and what happens in them (town.py), what is
measured of a load (clients.py).
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from npf_pipelines_tests.daemon import Automation, environment_of
from npf_pipelines_tests.docs.pages import PROJECT

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LAST_WORDS = 20.0
"""Seconds that a process gets to end by itself."""


@dataclass
class Meter:
    """The CPU time and memory that processes and their descendants have taken.

    Attributes:
        cpu_seconds: so far, of processes that have ended, too.
        peak_megabytes: the most that was resident in all of them at once; shared pages count for each.
    """

    pids: tuple[int, ...]
    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def follow(self) -> None:
        """Measure once a second until `stop` is called."""
        while not self._over.wait(1):
            self.measure()

    def stop(self) -> None:
        """End the measurement."""
        self._over.set()

    def measure(self) -> None:
        """Measure once."""
        family = [stat for pid in self.pids for stat in _family(pid)]
        # A child's time is added to its parent's when it is through.
        self.cpu_seconds = max(self.cpu_seconds, sum(sum(map(int, stat[11:15])) for stat in family) / _TICKS)
        self.peak_megabytes = max(self.peak_megabytes, sum(int(stat[21]) for stat in family) * _PAGE / 2**20)


def busy_seconds() -> float:
    """The CPU time that everything on this machine has taken so far."""
    user, nice, system, _idle, _waiting, *rest = Path("/proc/stat").read_text(encoding="ascii").split()[1:9]
    return sum(map(int, (user, nice, system, *rest))) / _TICKS


@contextlib.contextmanager
def followed(*pids: int) -> Iterator[Meter]:
    """A meter of these processes and their descendants, for the length of a `with` block."""
    meter = Meter(pids)
    following = threading.Thread(target=meter.follow, name="meter")
    following.start()
    try:
        yield meter
    finally:
        meter.stop()
        following.join()


@dataclass(frozen=True)
class Cell:
    """A cell: its name, empty for the only one, and its data folder."""

    name: str
    folder: Path

    def environment(self, home: Path) -> dict[str, str]:
        """The variables of its processes; `home` is the Dagster instance that all cells share."""
        named = {"NPF_CELL": self.name} if self.name else {}
        shared = {"DAGSTER_HOME": str(home), "NPF_CLIENTS": str(self.folder / "clients")}
        return environment_of(self.folder) | named | shared


@contextlib.contextmanager
def automation(folder: Path, cells: Sequence[Cell]) -> Iterator[Meter]:
    """A code server for each cell and one daemon, metered.

    Args:
        folder: the shared one; `dagster/` in it is the instance's.
        cells: the cells.
    """
    home = folder / "dagster"
    processes = Automation(folder, cells={cell.name: cell.environment(home) for cell in cells})
    try:
        with followed(*(server.pid for server in processes.code_servers), processes.daemon.pid) as meter:
            yield meter
    finally:
        processes.end()


@contextlib.contextmanager
def process(folder: Path, environment: dict[str, str], command: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the automation in a session of its own; what is left of it at the end is killed."""
    program = str(Path(sys.executable).with_name(command))
    with (folder / f"{command}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own environment's dagster
            [program, *words],
            cwd=PROJECT,
            env=os.environ | {"NPF_AUTOMATION": "running"} | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LAST_WORDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _family(pid: int) -> list[list[str]]:
    """The fields of /proc/PID/stat after the name, of a process and its descendants."""
    stats: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = path.read_text(encoding="utf-8", errors="replace")
            stats[int(path.parent.name)] = text.rpartition(") ")[2].split()
    family: list[Any] = []
    parents = {pid}
    if pid in stats:
        family.append(stats.pop(pid))
    while children := {one for one, stat in stats.items() if int(stat[1]) in parents}:
        family += [stats.pop(one) for one in children]
        parents = children
    return family
