"""A client's part of a run in a thread with an event loop of its own.

A wait there, for a file of the lake, keeps no other client waiting, nor the event loop that all clients share.
Not here: how many clients are at work at once (isolation.py).
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def in_own_thread(work: Callable[[], Awaitable[T]]) -> T:
    """Do the work in a thread of its own; a cancellation reaches it there, and waits for its end.

    Args:
        work: makes the awaitable in that thread.
    """
    began: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[T] | None] | None] = Future()
    ended: Future[T] = Future()

    async def main() -> T:
        began.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        return await work()

    def live() -> None:
        try:
            result = asyncio.run(main())
        except asyncio.CancelledError:
            ended.cancel()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            ended.set_exception(error)
        else:
            ended.set_result(result)
        finally:
            if not began.done():  # The loop could not be made.
                began.set_result(None)

    threading.Thread(target=contextvars.copy_context().run, args=(live,), name="client", daemon=True).start()
    waiting = asyncio.wrap_future(ended)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        if not ended.done() and (started := await asyncio.wrap_future(began)):
            loop, task = started
            with contextlib.suppress(RuntimeError):  # The loop was closed in this moment.
                loop.call_soon_threadsafe(task.cancel if task else lambda: None)
        if not ended.done():
            await asyncio.wait([waiting])
        raise
