"""How much of the clients' tables isn't done: the lake's own answer, kept so that nobody has to ask it every minute.

A run notes it for the partitions that it has written; the next one over those whose note was lost puts it right.
Not here: what counts as not done (reports/facts.py), what is told of it (rules/alerts.py).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from npf_pipelines.platform.tables import open_rows


@dataclass(frozen=True)
class OpenRows:
    """Rows of one kind and day that aren't done.

    Attributes:
        client: the client's id.
        kind: what kind (reports/backlog.py).
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


def read_open_rows(engine: sa.Engine) -> list[OpenRows]:
    """Those of all clients, by client, kind and day.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(open_rows).order_by(open_rows.c.client, open_rows.c.kind, open_rows.c.day)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return [OpenRows(**{**row, "day": date.fromisoformat(row["day"]) if row["day"] else None}) for row in rows]


def keep_open_rows(
    engine: sa.Engine, flow: str, partitions: Collection[tuple[str, date | None]], found: Iterable[OpenRows]
) -> None:
    """Write what a flow has left open in these partitions, by client and day, instead of what was noted before.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    old = [{"its_client": client, "its_day": _key(day)} for client, day in partitions]
    new = [{**vars(one), "day": _key(one.day)} for one in found]
    of_partition = (open_rows.c.client == sa.bindparam("its_client")) & (open_rows.c.day == sa.bindparam("its_day"))
    with engine.begin() as connection:
        if old:
            connection.execute(sa.delete(open_rows).where((open_rows.c.flow == flow) & of_partition), old)
        if new:
            connection.execute(sa.insert(open_rows), new)


def _key(day: date | None) -> str:
    return day.isoformat() if day else ""
