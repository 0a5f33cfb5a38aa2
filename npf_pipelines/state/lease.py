"""The lease: who may write to a client's store just now.

Dagster's own limits can't keep two runs off one store, for a run over many partitions carries no tag of theirs.
A lease is taken, renewed while its holder lives, and expires by itself when the holder died. It is written and judged
by the database's clock (clock.py).
Not here: writes whose end is not known, which outlive their lease (unknown_ends.py).
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from threading import Event, Thread

import sqlalchemy as sa

from npf_pipelines.platform.tables import leases
from npf_pipelines.state.database_clock import deadline, is_over, since_boot

LIFETIME = timedelta(seconds=120)
"""How long a lease outlives a holder that died. It is renewed three times as often, so that at least 80 s are left.

A call that was under way at the death is most likely carried out at once, and a busy host takes a minute at the most to
do it or to drop it: nginx and Apache give a script up after 60 s (documented defaults).
"""

RUN_FLOW = "run"
"""The flow of the lease that a run holds under its own id: while it is renewed, the run's process lives."""


class LeaseTaken(Exception):
    """Another run is writing to the client's store; the text says until when its lease holds."""


class LeaseLost(Exception):
    """The lease was not renewed in time, or is another run's now: that run may have begun to write."""


class Lease:
    """A lease that is held. Ask it before every write: a process can sleep past its own lease.

    Attributes:
        engine: the database in which the lease is.
        client: whose store it is for.
    """

    def __init__(self, engine: sa.Engine, client: str, flow: str) -> None:
        self.engine, self.client, self._flow = engine, client, flow
        self._holder = uuid.uuid4().hex
        self._good_until = 0.0
        self._is_lost = False

    def check(self) -> None:
        """Go on only while the lease holds, as far as it can be known without the database.

        Raises:
            LeaseLost: it has run out, or its last renewal found it to be another run's.
        """
        if self._is_lost:
            raise LeaseLost(f"{self.client}: the lease for {self._flow} was taken over by another run: run again")
        if since_boot() > self._good_until:
            raise LeaseLost(f"{self.client}: the lease for {self._flow} ran out before it was renewed: run again")

    async def check_write(self) -> None:
        """As `check`, for `writes_checked` (cscart/write_check.py). It suffices for writes that may be done twice."""
        self.check()

    def take(self) -> None:
        """Take a lease that is free or has expired.

        Raises:
            LeaseTaken: another holder has it.
        """
        since = since_boot()
        values = {"holder": self._holder} | self._deadline()
        expired = self._row & is_over(self.engine, leases.c.expires_at)
        try:
            with self.engine.begin() as connection:
                if not connection.execute(sa.update(leases).where(expired).values(values)).rowcount:
                    row = values | {"client": self.client, "flow": self._flow}
                    connection.execute(sa.insert(leases).values(row))
        except sa.exc.IntegrityError:
            raise LeaseTaken(self._who_has_it()) from None
        self._good_until = since + LIFETIME.total_seconds()

    def renew(self) -> None:
        """Prolong the lease.

        Raises:
            LeaseLost: another holder has taken it over, or somebody has removed it.
        """
        with self.renewing():
            pass

    @contextlib.contextmanager
    def renewing(self) -> Iterator[sa.Connection]:
        """A transaction that holds only if the lease does: it is renewed by it, for its full time.

        Raises:
            LeaseLost: another holder has taken it over, or somebody has removed it. Nothing is written.
        """
        since = since_boot()
        with self.engine.begin() as connection:
            ours = sa.update(leases).where(self._row, leases.c.holder == self._holder)
            if not connection.execute(ours.values(self._deadline())).rowcount:
                self._is_lost = True
                self.check()
            yield connection
        self._good_until = since + LIFETIME.total_seconds()

    def give_back(self) -> None:
        """Let the next run have it."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(leases).where(self._row, leases.c.holder == self._holder))

    def _deadline(self) -> dict[str, object]:
        return deadline(self.engine, leases.c.expires_at, LIFETIME)

    def _who_has_it(self) -> str:
        with self.engine.connect() as connection:
            until = connection.scalar(sa.select(leases.c.expires_at).where(self._row))
        held = f" until {until:%H:%M:%S} UTC unless it is renewed" if until else ""
        return (
            f"{self.client}: another run is at work on it ({self._flow}), or the last one was cut off: this run leaves"
            f" the client alone; the lease holds{held}. Run again after that"
        )

    @property
    def _row(self) -> sa.ColumnElement[bool]:
        return (leases.c.client == self.client) & (leases.c.flow == self._flow)


def held_now(engine: sa.Engine, flow: str) -> set[str]:
    """Those whose lease for a flow is held just now.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(leases.c.client).where(leases.c.flow == flow, ~is_over(engine, leases.c.expires_at))
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
    ended = Event()
    # A thread of its own: work that holds up the event loop for long must not cost the lease.
    renewal = Thread(target=_renew_until, args=(lease, ended, LIFETIME / 3), name=f"lease-{client}-{flow}", daemon=True)
    renewal.start()
    try:
        yield lease
    finally:
        ended.set()
        await asyncio.to_thread(lease.give_back)


def _renew_until(lease: Lease, ended: Event, pause: timedelta) -> None:
    while not ended.wait(pause.total_seconds()):
        try:
            lease.renew()
        except LeaseLost:  # `check` says so before the next write.
            return
        except sa.exc.SQLAlchemyError:
            # A database that doesn't answer just now costs nothing yet: `check` ends the lease when it lasts too long.
            continue
