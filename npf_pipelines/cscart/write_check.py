"""What has to hold before a write to a store is sent: asked again at the last moment, and for each repeat.

A call may wait for minutes before it is sent, for its turn or for the pause that a store asks for.
Not here: what has to hold (state/lease.py, state/unknown_ends.py).
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

WriteCheck = Callable[[], Awaitable[None]]
"""Raises what keeps the write from being sent."""

_CHECK: ContextVar[WriteCheck | None] = ContextVar("write_check", default=None)


@contextmanager
def writes_checked(check: WriteCheck) -> Iterator[None]:
    """Ask before each write that is sent inside, in all tasks that are started there; the innermost check counts."""
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


async def check_write() -> None:
    """Go on only if a write may be sent now.

    Raises:
        Exception: the one of the check.
    """
    if check := _CHECK.get():
        await check()
