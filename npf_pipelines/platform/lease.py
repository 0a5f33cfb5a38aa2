"""The lease: who may write to a client's store just now.

Dagster's own limits can't keep two runs off one store, for a run over many partitions carries no tag of theirs.
A lease is taken, renewed while its holder lives, and expires by itself when the holder died.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.platform.tables import leases

LIFETIME = timedelta(seconds=60)
"""How long a lease outlives a holder that died. It is renewed three times as often."""


class LeaseTaken(Exception):
    """Another run is writing to the client's store; the text says until when its lease holds."""


class LeaseLost(Exception):
    """The lease was not renewed in time: another run may have begun to write."""


class Lease:
    """A lease that is held. Ask it before every write: a process can sleep past its own lease."""

    def __init__(self, engine: sa.Engine, client: str, flow: str) -> None:
        self._engine, self._client, self._flow = engine, client, flow
        self._holder = uuid.uuid4().hex
        self._good_until = 0.0

    def check(self) -> None:
        """Go on only while the lease holds.

        Raises:
            LeaseLost: it has run out.
        """
        if time.monotonic() > self._good_until:
            raise LeaseLost(f"{self._client}: the lease for {self._flow} ran out before it was renewed: run again")

    def take(self) -> None:
        """Take a lease that is free or has expired.

        Raises:
            LeaseTaken: another holder has it.
        """
        since, now = time.monotonic(), datetime.now(UTC)
        values = {"holder": self._holder, "expires_at": now + LIFETIME}
        with self._engine.begin() as connection:
            expired = self._row & (leases.c.expires_at < now)
            took_over = connection.execute(sa.update(leases).where(expired).values(values)).rowcount
        if not took_over:
            try:
                with self._engine.begin() as connection:
                    row = values | {"client": self._client, "flow": self._flow}
                    connection.execute(sa.insert(leases).values(row))
            except sa.exc.IntegrityError:
                raise LeaseTaken(
                    f"{self._client}: another run is at work on it ({self._flow}): this run leaves the client "
                    f"alone; a run that died gives its lease up after {LIFETIME.total_seconds():.0f} s"
                ) from None
        self._good_until = since + LIFETIME.total_seconds()

    def renew(self) -> None:
        """Prolong the lease, unless another holder has taken it over."""
        since = time.monotonic()
        with self._engine.begin() as connection:
            ours = sa.update(leases).where(self._row, leases.c.holder == self._holder)
            if connection.execute(ours.values(expires_at=datetime.now(UTC) + LIFETIME)).rowcount:
                self._good_until = since + LIFETIME.total_seconds()

    def give_back(self) -> None:
        """Let the next run have it."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(leases).where(self._row, leases.c.holder == self._holder))

    @property
    def _row(self) -> sa.ColumnElement[bool]:
        return (leases.c.client == self._client) & (leases.c.flow == self._flow)


def held_now(engine: sa.Engine, flow: str) -> set[str]:
    """Those whose lease for a flow is held just now.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(leases.c.client).where(leases.c.flow == flow, leases.c.expires_at >= datetime.now(UTC))
    with engine.connect() as connection:
        return set(connection.scalars(query))


@contextlib.asynccontextmanager
async def held_lease(engine: sa.Engine, client: str, flow: str) -> AsyncIterator[Lease]:
    """Hold the client's lease for a flow (`orders`, `shipments`, `stock`) around every write.

    Raises:
        LeaseTaken: another holder has it.
    """
    lease = Lease(engine, client, flow)
    await asyncio.to_thread(lease.take)
    renewal = asyncio.create_task(_renew_for_ever(lease))
    try:
        yield lease
    finally:
        renewal.cancel()
        await asyncio.to_thread(lease.give_back)


async def _renew_for_ever(lease: Lease) -> None:
    while True:
        await asyncio.sleep(LIFETIME.total_seconds() / 3)
        # A database that doesn't answer just now costs nothing yet: `check` tells when it has lasted too long.
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            await asyncio.to_thread(lease.renew)
