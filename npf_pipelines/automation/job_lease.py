"""The lease of a nightly job, held for one step at a time, so that a run that needs it gets it soon.

Not here: the lease itself (state/lease.py), what the jobs do under it (compaction.py, retention.py).
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import sqlalchemy as sa

from npf_pipelines.state.lease import Lease, held_lease

_LONGEST_TURN = 5.0
"""Seconds for which steps follow on each other: a run that waits for the lease has patience for four such turns."""
_GAP = 1.0
"""Seconds until the next step then: longer than a waiting run lets pass between two tries."""


class JobLease:
    """A client's lease for a flow, for the steps of a job."""

    def __init__(self, engine: sa.Engine, client: str, flow: str) -> None:
        """Nothing is held between the steps."""
        self._engine, self._client, self._flow = engine, client, flow
        self._turn = 0.0

    @contextlib.asynccontextmanager
    async def step(self) -> AsyncIterator[Lease]:
        """Hold the lease for a step; after some seconds of steps, leave it free for a moment.

        Raises:
            LeaseTaken: a run is at work on the client, and was not done soon.
        """
        async with held_lease(self._engine, self._client, self._flow) as lease:
            began = time.monotonic()
            yield lease
        self._turn += time.monotonic() - began
        if self._turn > _LONGEST_TURN:
            await asyncio.sleep(_GAP)
            self._turn = 0.0
