"""The lease: who may write to a client's store just now.

Dagster's own limits can't keep two runs off one store, for a run over many partitions carries no tag of theirs.
A lease is taken, renewed while its holder lives, and expires by itself when the holder died. One under which a write
was begun whose end never became known isn't given back either: the store may still carry that write out.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.platform.tables import leases

LIFETIME = timedelta(seconds=120)
"""How long a lease outlives a holder that died. It is renewed three times as often, so that at least 80 s are left.

A call that was under way at the death is most likely carried out at once, and a busy host takes a minute at the most to
do it or to drop it: nginx and Apache give a script up after 60 s (documented defaults).
"""

AFTER_UNKNOWN_END = timedelta(minutes=5)
"""How long a lease outlives a write whose end is not known: here the store is known to be in trouble.

Our own patience says nothing about the store: a call given up after 30 s goes on there. It may wait for a free PHP
process as long as the server in front lets it (60 to 100 s, known behaviour), then for a lock of the database (50 s,
MySQL's documented default), and run for as long as PHP allows, which is 30 s as shipped and up to 120 s on most hosts
(known behaviour). That is four and a half minutes at worst; whoever pushes again sooner may push twice.
"""


RUN_FLOW = "run"
"""The flow of the lease that a run holds under its own id: while it is renewed, the run's process lives."""


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
        self._unfinished: set[str] = set()

    def check(self) -> None:
        """Go on only while the lease holds.

        Raises:
            LeaseLost: it has run out.
        """
        if time.monotonic() > self._good_until:
            raise LeaseLost(f"{self._client}: the lease for {self._flow} ran out before it was renewed: run again")

    def begin_write(self, write: str) -> None:
        """A write that mustn't be done twice is about to be sent; it counts as unfinished until its end is known.

        Args:
            write: a name of it, by which `end_write` knows it.

        Raises:
            LeaseLost: the lease has run out.
        """
        self.check()
        self._unfinished.add(write)

    def end_write(self, write: str) -> None:
        """The write has been carried out, or surely never will be."""
        self._unfinished.discard(write)

    def take(self) -> None:
        """Take a lease that is free or has expired.

        Raises:
            LeaseTaken: another holder has it.
        """
        since, now = time.monotonic(), datetime.now(UTC)
        values = {"holder": self._holder, "expires_at": now + LIFETIME}
        expired = self._row & (leases.c.expires_at < now)
        try:
            with self._engine.begin() as connection:
                if not connection.execute(sa.update(leases).where(expired).values(values)).rowcount:
                    row = values | {"client": self._client, "flow": self._flow}
                    connection.execute(sa.insert(leases).values(row))
        except sa.exc.IntegrityError:
            raise LeaseTaken(self._who_has_it()) from None
        self._good_until = since + LIFETIME.total_seconds()

    def renew(self) -> None:
        """Prolong the lease, unless another holder has taken it over."""
        since = time.monotonic()
        with self._engine.begin() as connection:
            ours = sa.update(leases).where(self._row, leases.c.holder == self._holder)
            left_behind = AFTER_UNKNOWN_END if self._unfinished else LIFETIME
            if connection.execute(ours.values(expires_at=datetime.now(UTC) + left_behind)).rowcount:
                self._good_until = since + LIFETIME.total_seconds()

    def give_back(self) -> None:
        """Let the next run have it: at once, or when nothing can come of an unfinished write any more."""
        ours = self._row & (leases.c.holder == self._holder)
        with self._engine.begin() as connection:
            if self._unfinished:
                expires_at = datetime.now(UTC) + AFTER_UNKNOWN_END
                connection.execute(sa.update(leases).where(ours).values(expires_at=expires_at))
            else:
                connection.execute(sa.delete(leases).where(ours))

    def _who_has_it(self) -> str:
        with self._engine.connect() as connection:
            until = connection.scalar(sa.select(leases.c.expires_at).where(self._row))
        held = f" until {until:%H:%M:%S} UTC unless it is renewed" if until else ""
        return (
            f"{self._client}: another run is at work on it ({self._flow}), or the last one ended with a write that the "
            f"store may still carry out: this run leaves the client alone; the lease holds{held}. Run again after that"
        )

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
