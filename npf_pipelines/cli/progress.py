"""The progress of a long run on stderr: bars at a terminal; piped, a line now and then.

Each shows how much is done, how much is left and the rate. Not here: what counts as done (the callers of
domain/work_meter.py).
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from npf_pipelines.cli.output import stderr
from npf_pipelines.domain.work_meter import metered

_PAUSE = 10.0
"""Seconds between two lines."""


@contextlib.contextmanager
def progress_shown() -> Iterator[None]:
    """Show the progress of the block."""
    console = stderr()
    if not console.is_terminal:
        with metered(LineMeter(lambda line: console.print(line, markup=False))):
            yield
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars, metered(BarMeter(bars)):
        yield


class _Rate(TextColumn):
    """How many are done in a second."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


class BarMeter:
    """A bar for each unit."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, Task] = {}

    def plan(self, unit: str, count: int) -> None:
        """Lengthen the unit's bar."""
        if not count:
            return
        if unit not in self._tasks:
            task_id = self._bars.add_task(unit, total=0)
            self._tasks[unit] = next(task for task in self._bars.tasks if task.id == task_id)
        task = self._tasks[unit]
        self._bars.update(task.id, total=(task.total or 0) + count)

    def done(self, unit: str, count: int) -> None:
        """Fill it."""
        if task := self._tasks.get(unit):
            self._bars.advance(task.id, count)


class LineMeter:
    """A line about all units, at most every ten seconds."""

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._planned: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._began = self._said = clock()

    def plan(self, unit: str, count: int) -> None:
        """More of the unit is to be done."""
        self._planned[unit] += count

    def done(self, unit: str, count: int) -> None:
        """More of the unit is done; write the line if it is time."""
        self._done[unit] += count
        now = self._clock()
        if now - self._said >= _PAUSE:
            self._said = now
            self._write(
                "; ".join(self._state(unit, now - self._began) for unit in self._planned if self._planned[unit])
            )

    def _state(self, unit: str, seconds: float) -> str:
        done, planned = self._done[unit], self._planned[unit]
        rate = done / seconds
        left = f", about {(planned - done) / rate:.0f} s left" if rate and planned > done else ""
        return f"{done} of {planned} {unit} done, {rate:.1f} each second{left}"
