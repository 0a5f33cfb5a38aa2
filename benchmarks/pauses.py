"""How much more processor a piece of work takes here after a pause, for figures of processes that mostly sleep.

After a pause its memory is in no cache any more, which costs a virtual machine most. Not here: the processes
(running.py).
"""

import contextlib
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_PAUSE = 0.7
"""Seconds; an idle code server works about as often."""
_AT_A_STRETCH = 20
_DATA = json.dumps([{"order_id": number, "status": "P" * 5} for number in range(1500)])


@dataclass
class Pauses:
    """The processor time of a piece of work, in seconds: as often as measured so far."""

    after_a_pause: list[float] = field(default_factory=list)
    without: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times as long it takes after a pause."""
        return statistics.mean(self.after_a_pause) / statistics.median(self.without)


@contextlib.contextmanager
def after_pauses() -> Iterator[Pauses]:
    """Do a piece of work of some milliseconds now and then, for the length of a `with` block."""
    pauses, over = Pauses(), threading.Event()

    def measure() -> None:
        pauses.without += [_seconds(_work) for _ in range(_AT_A_STRETCH)]
        while not over.wait(_PAUSE):
            pauses.after_a_pause.append(_seconds(_work))

    measuring = threading.Thread(target=measure, name="pauses")
    measuring.start()
    try:
        yield pauses
    finally:
        over.set()
        measuring.join()


def _seconds(work: Callable[[], None]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def _work() -> None:
    rows = json.loads(_DATA)
    sorted(rows, key=lambda row: str(row["order_id"]))
