"""The lease: which run may write to a client's store at the moment.

Dagster's own limits can't keep two runs off one store, for a run over many partitions carries no tag that they use.
A lease is taken, renewed while its holder lives, and expires by itself after the holder died. The database's clock
decides (database_clock.py). The check before a write also asks whether a person has paused the client (pauses.py).
Not here: writes with an unknown end, which outlive their lease (unknown_ends.py).
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta
from threading import Event, Thread

import sqlalchemy as sa

from npf_pipelines.errors import NpfError
from npf_pipelines.state.database_clock import deadline, is_over, since_boot
from npf_pipelines.state.pauses import check_not_paused
from npf_pipelines.state.tables import leases

LIFETIME = timedelta(seconds=120)
"""How long a lease outlives a holder that died. It is renewed three times as often, so that at least 80 s are left.

A call that was in flight at the death is most likely carried out at once, and a busy host takes a minute at most to do
it or to drop it: nginx and Apache end a script after 60 s (documented defaults).
"""

PATIENCE = timedelta(seconds=20)
"""How long runs and nightly jobs try again for a lease that another holder has: most hold one for seconds."""
_PAUSE = 0.5
"""Seconds between two tries."""
_AGAIN = timedelta(seconds=5)
"""How soon a failed renewal is tried again: `lost_runs` leaves a run 45 s for it."""

RUN_FLOW = "run"
"""The flow of the lease that a run holds under its own id: while it is renewed, the run's process lives."""


class LeaseTaken(NpfError):
    """Another run holds the lease for the client's store; the text says until when."""


class LeaseLost(NpfError):
    """The lease was not renewed in time, or another run has taken it over and may have begun to write."""


class Lease:
    """A lease. Check it before every write: a process can sleep past its own lease.

    Attributes:
        engine: the state's database.
        client: the client whose store it protects.
    """

    def __init__(self, engine: sa.Engine, client: str, flow: str) -> None:
        self.engine, self.client, self._flow = engine, client, flow
        self._holder = uuid.uuid4().hex
        self._good_until = 0.0
        self._is_lost = False

    def check(self) -> None:
        """Raise an error unless the lease holds, as far as this process knows without the database.

        Raises:
            LeaseLost: it has expired, or its last renewal found that another run has it.
        """
        if self._is_lost:
            raise LeaseLost(f"{self.client}: the lease for {self._flow} was taken over by another run: run again")
        if since_boot() > self._good_until:
            raise LeaseLost(f"{self.client}: the lease for {self._flow} ran out before it was renewed: run again")

    def check_write(self) -> None:
        """Raise an error unless a write may be sent now. Enough for writes that may be done twice.

        Raises:
            LeaseLost: as for `check`.
            Paused: a person has paused the client, perhaps after the run began.
            sqlalchemy.exc.SQLAlchemyError: the database can't be reached, so nobody knows.
        """
        self.check()
        check_not_paused(self.engine, self.client)

    async def check_store_write(self) -> None:
        """As `check_write`, for `writes_checked` (cscart/write_check.py)."""
        await asyncio.to_thread(self.check_write)

    def fence(self, schema: str, connection: sa.Connection) -> None:
        """Raise an error unless the lease is this holder's, which nobody can change before the transaction ends.

        It closes the gap between a check and a write in the same PostgreSQL database: a process may sleep there.

        Args:
            schema: of the state's tables.
            connection: in the transaction of the write.

        Raises:
            LeaseLost: another run has taken it over.
        """
        held = sa.select(leases.c.holder).where(self._row, leases.c.holder == self._holder)
        locked = held.with_for_update(read=True).execution_options(schema_translate_map={None: schema})
        if connection.scalar(locked) is None:
            self._is_lost = True
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
        """Renew the lease for its full time.

        Raises:
            LeaseLost: another holder has taken it over, or its row was deleted.
        """
        with self.renewing():
            pass

    @contextlib.contextmanager
    def renewing(self) -> Iterator[sa.Connection]:
        """A transaction that renews the lease for its full time, and is rolled back if the lease is lost.

        Raises:
            LeaseLost: another holder has taken it over, or its row was deleted. Nothing is written.
        """
        since = since_boot()
        with self.engine.begin() as connection:
            renewal = sa.update(leases).where(self._row, leases.c.holder == self._holder)
            if not connection.execute(renewal.values(self._deadline())).rowcount:
                self._is_lost = True
                self.check()
            yield connection
        self._good_until = since + LIFETIME.total_seconds()

    @contextlib.contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the lease again and again, until the block ends."""
        ended = Event()
        # A thread of its own: work that blocks the event loop for long must not cost the lease.
        name = f"lease-{self.client}-{self._flow}"
        Thread(target=_renew_until, args=(self, ended, LIFETIME / 3), name=name, daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def give_back(self) -> None:
        """Release the lease for the next run."""
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
    """The clients whose lease for a flow is held at the moment.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    return leased(engine, flow)[0]


def leased(engine: sa.Engine, flow: str) -> tuple[set[str], set[str]]:
    """The clients whose lease for a flow is held at the moment, and the clients whose lease ran out.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    is_out = is_over(engine, leases.c.expires_at).label("is_out")
    with engine.connect() as connection:
        rows = connection.execute(sa.select(leases.c.client, is_out).where(leases.c.flow == flow)).all()
    run_out = {row.client for row in rows if row.is_out}
    return {row.client for row in rows} - run_out, run_out


def holder_of(engine: sa.Engine, client: str, flow: str) -> str | None:
    """Who holds the client's lease for a flow at the moment, each holder under an id of its own; None if nobody does.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    is_held = (leases.c.client == client) & (leases.c.flow == flow) & ~is_over(engine, leases.c.expires_at)
    with engine.connect() as connection:
        return connection.scalar(sa.select(leases.c.holder).where(is_held))


@contextlib.asynccontextmanager
async def held_lease(engine: sa.Engine, client: str, flow: str) -> AsyncIterator[Lease]:
    """Hold the client's lease for a flow (`orders`, `shipments`, `stock`) around every write.

    Args:
        engine: the state's database.
        client: the client's id.
        flow: the flow.

    Raises:
        LeaseTaken: another holder has it, and has not given it back within PATIENCE.
    """
    lease = Lease(engine, client, flow)
    await _take(lease)
    try:
        with lease.renewed():
            yield lease
    finally:
        lease.give_back()


@contextlib.contextmanager
def held_leases(engine: sa.Engine, client: str, flows: Iterable[str]) -> Iterator[None]:
    """Hold the client's leases for several flows: no run, and nothing at night, writes for the client meanwhile.

    Raises:
        LeaseTaken: another holder has one of them.
    """
    with contextlib.ExitStack() as held:
        for flow in flows:
            lease = Lease(engine, client, flow)
            lease.take()
            held.callback(lease.give_back)
            held.enter_context(lease.renewed())
        yield


async def _take(lease: Lease) -> None:
    until = time.monotonic() + PATIENCE.total_seconds()
    while True:
        try:
            return lease.take()
        except LeaseTaken:
            if time.monotonic() >= until:
                raise
        await asyncio.sleep(_PAUSE)


def _renew_until(lease: Lease, ended: Event, pause: timedelta) -> None:
    wait = pause
    while not ended.wait(wait.total_seconds()):
        try:
            lease.renew()
            wait = pause
        except LeaseLost:  # `check` says so before the next write.
            return
        except sa.exc.SQLAlchemyError:
            # A database that doesn't answer for a while costs nothing: `check` ends the lease if it lasts too long.
            wait = min(pause, _AGAIN)
