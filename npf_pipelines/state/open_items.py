"""How many rows of the clients' tables are not done: counted in the lake by each run, so that no sensor has to.

A run queues each partition for a recount before it writes it, and counts all of them at its end. The recounts of a run
that died are left to the next run of its flow.
Not here: which rows are not done (lake/facts.py), which alert follows (rules/conditions.py).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from npf_pipelines.state.lease import RUN_FLOW, held_now
from npf_pipelines.state.tables import open_items, pending_recounts


@dataclass(frozen=True)
class OpenItems:
    """The rows of one kind and day that are not done.

    Attributes:
        client: the client's id.
        kind: the kind (lake/backlog.py).
        day: the partition's; None for tables without days.
        flow: the flow whose runs count them.
        rows: the number of rows.
        first: the order or shipment numbers of the first few.
    """

    client: str
    kind: str
    day: date | None
    flow: str
    rows: int
    first: str


@dataclass(frozen=True)
class Written:
    """A partition that a run has written.

    Attributes:
        client: the client's id.
        day: the partition's; None for tables without days.
        run: the run's id.
    """

    client: str
    day: date | None
    run: str


def queue_recounts(engine: sa.Engine, flow: str, written: Collection[Written]) -> None:
    """Queue the partitions that a run is about to write, at least one, each for the first time in this run.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    rows = [{"run": part.run, "flow": flow, "client": part.client, "day": _key(part.day)} for part in written]
    with engine.begin() as connection:
        connection.execute(sa.insert(pending_recounts), rows)


def recounts_due(engine: sa.Engine, flow: str, run: str) -> list[Written]:
    """The partitions to recount: written by this run of the flow, or by a run that died before it counted.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = (
        sa.select(pending_recounts)
        .where(pending_recounts.c.flow == flow)
        .order_by(pending_recounts.c.client, pending_recounts.c.day)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    others = held_now(engine, RUN_FLOW) - {run}
    return [Written(row["client"], _day(row["day"]), row["run"]) for row in rows if row["run"] not in others]


def read_open_items(engine: sa.Engine) -> list[OpenItems]:
    """The open items of all clients, by client, kind and day.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(open_items).order_by(open_items.c.client, open_items.c.kind, open_items.c.day)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return [OpenItems(**{**row, "day": _day(row["day"])}) for row in rows]


def clients_with_open(engine: sa.Engine, flow: str) -> set[str]:
    """The clients with open items that runs of a flow count.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(open_items.c.client).where(open_items.c.flow == flow)))


def open_days(engine: sa.Engine, client: str) -> Mapping[str, Collection[date | None]]:
    """The days of the client with items, by kind; None for items without a day.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    days: defaultdict[str, set[date | None]] = defaultdict(set)
    with engine.connect() as connection:
        query = sa.select(open_items.c.kind, open_items.c.day).where(open_items.c.client == client)
        for kind, day in connection.execute(query):
            days[kind].add(_day(day))
    return days


def write_open_items(engine: sa.Engine, flow: str, written: Collection[Written], found: Iterable[OpenItems]) -> None:
    """Replace the open items of a flow in these partitions by the newly counted, and end their recounts.

    A run in progress that has written one of them before, and counts later, finds its recount without its id.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    old = [{"its_client": part.client, "its_day": _key(part.day), "its_run": part.run} for part in written]
    new = [{**vars(item), "day": _key(item.day)} for item in found]
    with engine.begin() as connection:
        if old:
            connection.execute(sa.delete(open_items).where(_is_of(open_items, flow)), old)
            connection.execute(
                sa.delete(pending_recounts).where(
                    _is_of(pending_recounts, flow), pending_recounts.c.run == sa.bindparam("its_run")
                ),
                old,
            )
            _hand_over(connection, flow, {(part["its_client"], part["its_day"]) for part in old})
        if new:
            connection.execute(sa.insert(open_items), new)


def _hand_over(connection: sa.Connection, flow: str, counted: Collection[tuple[str, str]]) -> None:
    """Take the recounts of these partitions from other runs: none of them knows that the count is newer."""
    columns = pending_recounts.c
    left = connection.execute(sa.select(columns.client, columns.day).where(columns.flow == flow, columns.run != ""))
    of_other_runs = [
        {"its_client": client, "its_day": day} for client, day in {(row.client, row.day) for row in left} & {*counted}
    ]
    if of_other_runs:
        connection.execute(sa.delete(pending_recounts).where(_is_of(pending_recounts, flow)), of_other_runs)
        rows = [{"run": "", "flow": flow, "client": row["its_client"], "day": row["its_day"]} for row in of_other_runs]
        connection.execute(sa.insert(pending_recounts), rows)


def _is_of(table: sa.Table, flow: str) -> sa.ColumnElement[bool]:
    columns = table.c
    its = (columns.client == sa.bindparam("its_client")) & (columns.day == sa.bindparam("its_day"))
    return its & (columns.flow == flow)


def _day(key: str) -> date | None:
    return date.fromisoformat(key) if key else None


def _key(day: date | None) -> str:
    return day.isoformat() if day else ""
