"""The automation as it runs in production, and what its processes take.

Not here: how it is started (npf_pipelines_tests/daemon.py), the stores and what happens in them (town.py), the
comparison (clients.py).
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from npf_pipelines_tests.daemon import Automation

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


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


@contextlib.contextmanager
def automation(folder: Path, module: str) -> Iterator[Meter]:
    """Code server and daemon, on the definitions of a module, metered.

    Args:
        folder: the data folder, `dagster/` in it being the instance's.
        module: the code location.
    """
    processes = Automation(folder, module)
    meter = Meter((processes.code_server.pid, processes.daemon.pid))
    following = threading.Thread(target=meter.follow, name="meter")
    following.start()
    try:
        yield meter
    finally:
        meter.stop()
        following.join()
        processes.end()


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
