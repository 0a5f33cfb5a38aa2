"""Work for many clients at once in which no client's failure reaches another's.

Not here: what a failure means for its client (runs/client_run.py, automation/checks.py), nor calls of which the first
failure ends the others (together.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


class CutOff(Exception):
    """A client's work was cancelled from within, by a library that it uses."""


async def run_isolated(
    clients: Iterable[str], work: Callable[[str], Awaitable[T]], *, at_once: int
) -> dict[str, T | Exception]:
    """Do the work for each client, several at once.

    Args:
        clients: their ids.
        work: takes a client's id.
        at_once: how many clients are worked on at the same time.

    Returns:
        By client, the work's result or the exception that ended it, which the caller has to report.
    """
    places = asyncio.Semaphore(at_once)

    async def isolated(client: str) -> T | Exception:
        async with places:
            try:
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
