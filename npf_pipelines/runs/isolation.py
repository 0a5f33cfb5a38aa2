"""Work for many clients at once in which no client's failure reaches another's, and no store that hangs holds one up.

Not here: what a failure means for its client (failures.py, automation/checks.py), nor calls of which the first failure
cancels the others (`gather_or_cancel`).
"""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from npf_pipelines.domain.progress import progress_watched, time_without_progress

PATIENCE = timedelta(seconds=0.5)
"""How long a client without progress keeps its place. Then another one gets it, and both go on: waiting costs nothing,
and some stores hang for minutes."""

_OPEN_FILES = 65_536
"""Usually a process may open 1,024 files. Each client that waits keeps its connections and an event loop open."""

T = TypeVar("T")


class CutOff(Exception):
    """A library that a client's work uses has cancelled it."""


async def run_isolated(
    clients: Iterable[str], work: Callable[[str], Awaitable[T]], *, at_once: int
) -> dict[str, T | Exception]:
    """Do the work for each client, several at the same time.

    Args:
        clients: their ids.
        work: takes a client's id.
        at_once: how many clients are worked on at the same time, those not counted that have made no progress lately.

    Returns:
        By client, the result or the exception that ended the work, which the caller must report.
    """
    _allow_open_files()
    places = asyncio.Semaphore(at_once)

    async def isolated(client: str) -> T | Exception:
        try:
            async with _place(places):
                return await work(client)
        except Exception as failure:  # noqa: BLE001 - the caller reports it
            return failure
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return CutOff("the work was cancelled from within")

    each = list(dict.fromkeys(clients))
    return dict(zip(each, await asyncio.gather(*map(isolated, each)), strict=True))


def _allow_open_files() -> None:
    """Raise the process's limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # macOS allows fewer than its limit says.
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextlib.asynccontextmanager
async def _place(places: asyncio.Semaphore) -> AsyncIterator[None]:
    """One of the places, for as long as there is progress inside."""
    await places.acquire()
    with progress_watched():
        giving_up = asyncio.create_task(_given_up(places))
        try:
            yield
        finally:
            if giving_up.cancel() or giving_up.exception():  # Otherwise another client has the place already.
                places.release()


async def _given_up(places: asyncio.Semaphore) -> None:
    while True:
        left = PATIENCE - time_without_progress()
        if left <= timedelta():
            break
        await asyncio.sleep(left.total_seconds())
    places.release()
