"""Moves a client's rows to the state of another cell.

Its pause holds everything together: set before the first row is copied, it goes along with them, and what is left in
the old state afterwards is a pause that says where the client is.
Not here: its files and partitions, and the order of the steps (automation/move.py).
"""

from datetime import UTC, datetime

import sqlalchemy as sa

from npf_pipelines.state.pauses import Pause, read_pauses
from npf_pipelines.state.tables import leases, of_clients, pauses, unknown_ends

MOVER = "npf client move"
"""Who has set the pauses of this module."""
_NOT_MOVED = leases, unknown_ends
"""Leases are given back by their holder; a client with a write of unknown end is not moved."""


def is_away(pause: Pause | None) -> bool:
    """Whether the pause is all that a client has left behind."""
    return pause is not None and pause.paused_by == MOVER and pause.reason.startswith(_AWAY)


def away_to(cell: str) -> str:
    """The reason of the pause that a client has left behind.

    Args:
        cell: the other cell in words.
    """
    return f"{_AWAY}{cell}"


_AWAY = "moved to "


def copy_state(source: sa.Engine, target: sa.Engine, client: str) -> None:
    """Replace the client's rows in one state by its rows in another, its pause among them: all or none.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached.
    """
    with source.connect() as connection:
        rows = {
            table: connection.execute(sa.select(table).where(table.c.client == client)).mappings().all()
            for table in of_clients(*_NOT_MOVED)
        }
    with target.begin() as connection:
        for table, content in rows.items():
            connection.execute(sa.delete(table).where(table.c.client == client))
            if content:
                connection.execute(sa.insert(table), [dict(row) for row in content])


def leave_state(engine: sa.Engine, client: str, cell: str) -> None:
    """Delete the client's rows, and leave a pause that says in which cell it is: all or none.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    left = {"client": client, "paused_at": datetime.now(UTC), "paused_by": MOVER, "reason": away_to(cell)}
    with engine.begin() as connection:
        for table in of_clients(*_NOT_MOVED):
            connection.execute(sa.delete(table).where(table.c.client == client))
        connection.execute(sa.insert(pauses).values(left))


def end_move(engine: sa.Engine, client: str) -> bool:
    """End the pause that the move has set; whether the client is still paused, by a person.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        connection.execute(sa.delete(pauses).where(pauses.c.client == client, pauses.c.paused_by == MOVER))
    return client in read_pauses(engine).by_client
