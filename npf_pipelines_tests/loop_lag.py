"""How long an event loop is held up: for that time every client that shares it waits.

A gap counts only as far as this process used the processor in it: another process that was given it is no lag.
Not here: what is run meanwhile.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

_TICK = 0.01


@dataclass
class Lag:
    """The longest lag so far, in seconds."""

    longest: float = 0.0


@contextlib.asynccontextmanager
async def measured_lag() -> AsyncIterator[Lag]:
    """Measure the running event loop's lag while the block runs."""
    lag = Lag()
    loop = asyncio.get_running_loop()

    async def tick() -> None:
        while True:
            due, used = loop.time() + _TICK, time.process_time()
            await asyncio.sleep(_TICK)
            lag.longest = max(lag.longest, min(loop.time() - due, time.process_time() - used))

    ticking = asyncio.create_task(tick())
    try:
        yield lag
    finally:
        ticking.cancel()
