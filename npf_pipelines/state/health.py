"""How each client's flow is doing: one row for each client and flow.

Schedules and sensors read here which clients to leave alone; alerts and reports read what to show.
Not here: what the outcome of a run makes of it (rules/flow_health.py), which run is at work (lease.py).
"""

from collections.abc import Mapping
from dataclasses import asdict

import sqlalchemy as sa

from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.state.tables import health


def read_health(engine: sa.Engine, flow: str | None = None) -> Mapping[tuple[str, str], Health]:
    """The health of all clients' flows, by client and flow; a flow that has never run is left out.

    Args:
        engine: the state's database.
        flow: only this one; all if None.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(health).order_by(health.c.client, health.c.flow)
    with engine.connect() as connection:
        rows = connection.execute(query if flow is None else query.where(health.c.flow == flow)).mappings().all()
    return {(row["client"], row["flow"]): _health(row) for row in rows}


def read_one(engine: sa.Engine, client: str, flow: str) -> Health:
    """The health of one client's flow; that of a new flow if it has never run.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        row = connection.execute(sa.select(health).where(_is(client, flow))).mappings().one_or_none()
    return _health(row) if row else Health(client, flow)


def keep_health(engine: sa.Engine, after: Health) -> None:
    """Write the health of a flow.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        connection.execute(sa.delete(health).where(_is(after.client, after.flow)))
        connection.execute(sa.insert(health).values({**asdict(after), "kind": after.kind or ""}))


def forget_health(engine: sa.Engine, client: str) -> None:
    """Delete the health of a client's flows, so that automatic runs try them again.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        connection.execute(sa.delete(health).where(health.c.client == client))


def _health(row: sa.RowMapping) -> Health:
    return Health(**{**row, "kind": FailureKind(row["kind"]) if row["kind"] else None})


def _is(client: str, flow: str) -> sa.ColumnElement[bool]:
    return (health.c.client == client) & (health.c.flow == flow)
