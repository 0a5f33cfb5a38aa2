"""Whether a client's share of a run gets anywhere: a new row, a write, a finished day.

A store can keep a run busy for ever without breaking any limit of a single call. So each call to a store asks first
(cscart/http.py) whether anything has come of those before. Nothing is broken off: a write that is under way ends.
Not here: what counts as progress (the callers of `note_progress`), what a stalled client's failure means
(cscart/errors.py).
"""

import time
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass
class _Watch:
    longest: timedelta
    since: float = field(default_factory=time.monotonic)


_WATCH: ContextVar[_Watch | None] = ContextVar("progress", default=None)


@contextmanager
def progress_watched(longest: timedelta) -> Iterator[None]:
    """Watch what is done inside, in all tasks that are started there.

    Args:
        longest: how long it may go without progress.
    """
    token = _WATCH.set(_Watch(longest))
    try:
        yield
    finally:
        _WATCH.reset(token)


def note_progress() -> None:
    """Something has come of it: a row that wasn't known, a write that was carried out, a day that is finished."""
    if watch := _WATCH.get():
        watch.since = time.monotonic()


def note_rows(rows: Sized) -> None:
    """Rows have come, if there are any."""
    if len(rows):
        note_progress()


def stalled_for() -> timedelta | None:
    """The time that may pass without progress, if it has; None while there is progress or nobody watches."""
    watch = _WATCH.get()
    if watch is None or time.monotonic() - watch.since <= watch.longest.total_seconds():
        return None
    return watch.longest
