"""How much of a long work is done: days, orders, shipped orders, products. A program that shows it sets a meter.

The meter is set around a run. Without one, nothing is counted.
Not here: whether there is progress at all (progress.py), how it is shown (cli/progress.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class WorkMeter(Protocol):
    """Counts the work to do, as far as it is known, and the work done. Units are plurals: `days`."""

    def plan(self, unit: str, count: int) -> None:
        """So many more are to be done."""
        ...

    def done(self, unit: str, count: int) -> None:
        """So many more are done."""
        ...


_METER: ContextVar[WorkMeter | None] = ContextVar("work_meter", default=None)


@contextmanager
def metered(meter: WorkMeter) -> Iterator[None]:
    """Count the work of the block, and of all tasks that it starts, on a meter."""
    token = _METER.set(meter)
    try:
        yield
    finally:
        _METER.reset(token)


def plan_work(unit: str, count: int) -> None:
    """Announce work."""
    if meter := _METER.get():
        meter.plan(unit, count)


def note_done(unit: str, count: int = 1) -> None:
    """Count work as done."""
    if meter := _METER.get():
        meter.done(unit, count)
