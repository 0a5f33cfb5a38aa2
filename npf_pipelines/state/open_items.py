"""How much of the clients' tables isn't done: the lake's own answer, kept so that nobody has to ask it every minute.

A run says of a partition that it writes it before it does, and counts all of them at its end. One that dies before
leaves that to the next run of its flow.
Not here: what counts as not done (lake/facts.py), what is told of it (rules/alerts.py).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from npf_pipelines.platform.tables import open_items, uncounted
from npf_pipelines.state.lease import RUN_FLOW, held_now


@dataclass(frozen=True)
class OpenItems:
    """Rows of one kind and day that aren't done.

    Attributes:
        client: the client's id.
        kind: what kind (lake/backlog.py).
        day: the partition's; None for tables without days.
        flow: the flow whose runs note them.
        rows: how many.
        first: the numbers of the first few of them.
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
    """A run is about to write partitions, one at least, each for the first time.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    rows = [{"run": one.run, "flow": flow, "client": one.client, "day": _key(one.day)} for one in written]
    with engine.begin() as connection:
        connection.execute(sa.insert(uncounted), rows)


def recounts_due(engine: sa.Engine, flow: str, run: str) -> list[Written]:
    """What a run of the flow has written, and what those of its flow have that died before they had counted.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(uncounted).where(uncounted.c.flow == flow).order_by(uncounted.c.client, uncounted.c.day)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    others = held_now(engine, RUN_FLOW) - {run}
    return [Written(row["client"], _day(row["day"]), row["run"]) for row in rows if row["run"] not in others]


def read_open_items(engine: sa.Engine) -> list[OpenItems]:
    """Those of all clients, by client, kind and day.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(open_items).order_by(open_items.c.client, open_items.c.kind, open_items.c.day)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return [OpenItems(**{**row, "day": _day(row["day"])}) for row in rows]


def write_open_items(engine: sa.Engine, flow: str, written: Collection[Written], found: Iterable[OpenItems]) -> None:
    """Write what a flow has left open in these partitions instead of what was noted before: they are counted.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    old = [{"its_client": one.client, "its_day": _key(one.day), "its_run": one.run} for one in written]
    new = [{**vars(one), "day": _key(one.day)} for one in found]
    with engine.begin() as connection:
        if old:
            connection.execute(sa.delete(open_items).where(_is_of(open_items, flow)), old)
            connection.execute(
                sa.delete(uncounted).where(_is_of(uncounted, flow), uncounted.c.run == sa.bindparam("its_run")), old
            )
        if new:
            connection.execute(sa.insert(open_items), new)


def _is_of(table: sa.Table, flow: str) -> sa.ColumnElement[bool]:
    columns = table.c
    its = (columns.client == sa.bindparam("its_client")) & (columns.day == sa.bindparam("its_day"))
    return its & (columns.flow == flow)


def _day(key: str) -> date | None:
    return date.fromisoformat(key) if key else None


def _key(day: date | None) -> str:
    return day.isoformat() if day else ""
