"""When orders of a client's day have to be decided on again, because a held order is released then.

A run notes the times of release before it writes its decisions, and clears them only after its imports: whatever dies
in between, the time is there for the next run. A time too many costs a run and nothing else.
Not here: the times themselves (rules/holds.py), the clients that are due (automation/due_orders.py).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

import sqlalchemy as sa

from npf_pipelines.state.tables import due_decisions

_COLUMNS = due_decisions.c


def note_due(engine: sa.Engine, client: str, day: date, moments: Collection[datetime]) -> None:
    """Note moments at which orders of a day have to be decided on again.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        _insert(connection, client, day, moments)


def replace_due(
    engine: sa.Engine, client: str, day: date, moments: Collection[datetime], *, known: Collection[datetime]
) -> None:
    """Replace the moments of a day after its orders were decided on.

    Moments that were noted while the run was at work stay: its decisions may be older. The clock that gave them may be
    of another machine.

    Args:
        engine: the state's database.
        client: the client's id.
        day: the day.
        moments: the new ones.
        known: the moments that were noted when the run began that made the decisions.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    is_known = _COLUMNS.due_at.in_(list(known))
    with engine.begin() as connection:
        connection.execute(
            sa.delete(due_decisions).where(_COLUMNS.client == client, _COLUMNS.day == day.isoformat(), is_known)
        )
        _insert(connection, client, day, moments)


def read_due(engine: sa.Engine, client: str) -> Mapping[date, Collection[datetime]]:
    """All moments of a client, by day.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    found: defaultdict[date, list[datetime]] = defaultdict(list)
    with engine.connect() as connection:
        for row in connection.execute(sa.select(_COLUMNS.day, _COLUMNS.due_at).where(_COLUMNS.client == client)):
            found[date.fromisoformat(row.day)].append(row.due_at)
    return found


def latest_due(engine: sa.Engine, now: datetime) -> Mapping[str, datetime]:
    """The latest moment that has come, by client; clients without one are left out.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = (
        sa.select(_COLUMNS.client, sa.func.max(_COLUMNS.due_at).label("due_at"))
        .where(_COLUMNS.due_at <= now)
        .group_by(_COLUMNS.client)
    )
    with engine.connect() as connection:
        return {row.client: row.due_at for row in connection.execute(query)}


def _insert(connection: sa.Connection, client: str, day: date, moments: Collection[datetime]) -> None:
    of_day = sa.select(_COLUMNS.due_at).where(_COLUMNS.client == client, _COLUMNS.day == day.isoformat())
    new = set(moments) - set(connection.scalars(of_day))
    if new:
        rows = [{"client": client, "day": day.isoformat(), "due_at": moment} for moment in sorted(new)]
        connection.execute(sa.insert(due_decisions), rows)
