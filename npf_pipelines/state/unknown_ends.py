"""Writes to a store that must not be done twice: each is recorded before it is sent, until its end is known.

A run that is killed during such a write leaves its row behind, and so does a run that never learns whether the store
has acted. The next run leaves that order alone until the store can't act any more.
Not here: which calls are such writes, and how their end is detected (reconcile/shipment_writes.py).
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.state.database_clock import deadline, is_over
from npf_pipelines.state.lease import Lease
from npf_pipelines.state.tables import unknown_ends

AFTER_UNKNOWN_END = timedelta(minutes=5)
"""How long a store may still carry out a write with an unknown end, from when it was sent.

The client's own time-out says nothing about the store: a call that timed out after 30 s goes on there. It may wait for
a free PHP process as long as the server in front lets it (60 to 100 s, known behaviour), then for a lock of the
database (50 s, MySQL's documented default), and run for as long as PHP allows, which is 30 s as shipped and up to 120 s
on most hosts (known behaviour). That is four and a half minutes at worst; a push before that may push twice.
"""


@dataclass(frozen=True)
class UnknownEnd:
    """A write that the store may still carry out.

    Attributes:
        write: the write, in words.
        until: from when the store can't carry it out any more.
    """

    write: str
    until: datetime

    @property
    def reason(self) -> str:
        """Why the run leaves the order alone."""
        return (
            f"the store may still carry out a write of an earlier run ({self.write}), whose end is not known: the order"
            f" is left alone until {self.until:%H:%M:%S} UTC. Run again after that"
        )


def read_unknown_ends(engine: sa.Engine, client: str) -> dict[str, UnknownEnd]:
    """The client's orders with a write that the store may still carry out, by order number.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    columns = unknown_ends.c
    query = sa.select(columns.order_number, columns.write, columns.until).where(
        columns.client == client, ~is_over(engine, columns.until)
    )
    with engine.connect() as connection:
        return {number: UnknownEnd(write, until) for number, write, until in connection.execute(query)}


class NotedWrites:
    """A run's writes to the orders of one client: one at a time for each order, several orders at once.

    Writes that begin at the same time share a transaction, which also deletes the rows of the writes that have ended.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._begun: dict[str, str] = {}
        self._ended: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    async def begin(self, order_number: str, write: str) -> None:
        """Record a write that is about to be sent; the lease and pauses are checked in the database, it is renewed.

        Raises:
            Paused: a person has paused the client. The write counts as ended.
            LeaseLost: another run may have begun to write.
            sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
        """
        await self._record(order_number, write)
        try:
            await self._lease.check_store_write()
        except BaseException:  # It is never sent.
            self.end(order_number)
            raise

    async def _record(self, order_number: str, write: str) -> None:
        self._begun[order_number] = write
        self._ended.discard(order_number)
        try:
            async with self._one_at_a_time:
                if order_number in self._begun:  # The transaction before has not included it.
                    await self._write(dict(self._begun))
        finally:
            self._begun.pop(order_number, None)

    def end(self, order_number: str) -> None:
        """The order's write has been carried out, or certainly never will be."""
        self._ended.add(order_number)

    async def leave(self, order_number: str, write: str) -> None:
        """The write's end is unknown: the store's full time for it begins now, also if the client was paused meanwhile.

        Raises:
            LeaseLost: another run may have begun to write.
            sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
        """
        await self._record(order_number, write)

    async def finish(self) -> None:
        """Delete the rows of writes that have ended, if there are any. Raises as `leave` does."""
        async with self._one_at_a_time:
            if self._ended:
                await self._write({})

    async def _write(self, begun: Mapping[str, str]) -> None:
        ended = set(self._ended)
        await asyncio.to_thread(self._write_rows, begun, ended)
        self._ended -= ended
        for order_number in begun:
            self._begun.pop(order_number, None)

    def _write_rows(self, begun: Mapping[str, str], ended: Collection[str]) -> None:
        engine, client = self._lease.engine, self._lease.client
        columns = unknown_ends.c
        until = deadline(engine, columns.until, AFTER_UNKNOWN_END)
        gone = columns.order_number.in_(sorted({*begun, *ended})) | is_over(engine, columns.until)
        rows = [{"client": client, "order_number": number, "write": write} for number, write in begun.items()]
        with self._lease.renewing() as connection:
            connection.execute(sa.delete(unknown_ends).where(columns.client == client, gone))
            if rows:
                connection.execute(sa.insert(unknown_ends).values(until), rows)
