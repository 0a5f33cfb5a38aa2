"""The lease of a nightly job, held for one step at a time, so that a run that needs it gets it soon.

Not here: the lease itself (state/lease.py), what the jobs do under it (compaction.py, retention.py).
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import sqlalchemy as sa

from npf_pipelines.state.lease import PATIENCE, Lease, held_lease

_LONGEST_GAP = 1.0
"""Seconds: longer than a waiting run lets pass between two tries."""


@contextlib.asynccontextmanager
async def lease_for_step(engine: sa.Engine, client: str, flow: str) -> AsyncIterator[Lease]:
    """Hold the client's lease for a step, then leave it free for as long: a run that waits for it takes it then.

    Raises:
        LeaseTaken: a run is at work on the client, and was not done soon.
    """
    async with held_lease(engine, client, flow, patience=PATIENCE) as lease:
        began = time.monotonic()
        yield lease
    await asyncio.sleep(min(time.monotonic() - began, _LONGEST_GAP))
