"""The counters of each client's flow, for the metrics: kept here, because a run's process ends.

Each run adds to the values in one statement, so that runs at the same time lose nothing of each other, and a value only
grows. Not here: what is counted (domain/flow_counts.py), how it is shown (reports/metrics.py).
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from npf_pipelines.state.tables import counters


def add_counts(engine: sa.Engine, client: str, flow: str, counts: Mapping[str, float], now: datetime) -> None:
    """Add to the counters of a client's flow, all or none; a counter of 0 is created, too.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    if not counts:
        return
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(counters)
    added = insert.on_conflict_do_update(
        index_elements=list(counters.primary_key), set_={"value": counters.c.value + insert.excluded.value}
    )
    # In one order, so that two runs can't wait for each other's rows.
    rows = [
        {"client": client, "flow": flow, "name": name, "value": value, "since": now}
        for name, value in sorted(counts.items())
    ]
    with engine.begin() as connection:
        connection.execute(added, rows)


def read_counts(engine: sa.Engine) -> Mapping[tuple[str, str], Mapping[str, float]]:
    """All counters by client and flow, as they are at one moment.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    found: dict[tuple[str, str], dict[str, float]] = {}
    with engine.connect() as connection:
        for client, flow, name, value in connection.execute(
            sa.select(counters.c.client, counters.c.flow, counters.c.name, counters.c.value)
        ):
            found.setdefault((client, flow), {})[name] = value
    return found


def counted_since(engine: sa.Engine, client: str, flow: str, name: str) -> datetime | None:
    """When a counter was first written; None if it never was.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    columns = counters.c
    query = sa.select(columns.since).where(columns.client == client, columns.flow == flow, columns.name == name)
    with engine.connect() as connection:
        return connection.scalar(query)
