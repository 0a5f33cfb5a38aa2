"""Whether a client's part of a run makes progress: a new row, a write, a finished day.

A store can keep a run busy for ever without exceeding a limit of a single call. So each call to a store first checks
(cscart/http.py) whether the calls before it made progress. A write that is under way is not interrupted.
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
    longest: timedelta | None
    around: "_Watch | None"
    since: float = field(default_factory=time.monotonic)


_WATCH: ContextVar[_Watch | None] = ContextVar("progress", default=None)


@contextmanager
def progress_watched(longest: timedelta | None = None) -> Iterator[None]:
    """Watch the progress of the block and of all tasks that it starts. Progress counts for each watch around it.

    Args:
        longest: how long it may go without progress; None for any time.
    """
    token = _WATCH.set(_Watch(longest, _WATCH.get()))
    try:
        yield
    finally:
        _WATCH.reset(token)


def note_progress() -> None:
    """Record progress: a new row, a write that was carried out, a finished day."""
    watch = _WATCH.get()
    while watch:
        watch.since = time.monotonic()
        watch = watch.around


def note_rows(rows: Sized) -> None:
    """Record progress if there are any rows."""
    if len(rows):
        note_progress()


def stalled_for() -> timedelta | None:
    """The time that may pass without progress, if it has passed; None otherwise, and outside of a watched block."""
    watch = _WATCH.get()
    if watch is None or watch.longest is None or time_without_progress() <= watch.longest:
        return None
    return watch.longest


def time_without_progress() -> timedelta:
    """The time since there was progress; none where nobody watches."""
    watch = _WATCH.get()
    return timedelta(seconds=time.monotonic() - watch.since) if watch else timedelta()
