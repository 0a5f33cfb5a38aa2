"""The mark of the cell that a state belongs to.

Not here: who sets it and who is refused (runs/services.py), the mark of a lake (lake/cell_mark.py).
"""

import sqlalchemy as sa

from npf_pipelines.database import lock_schema
from npf_pipelines.state.tables import cell


def read_mark(engine: sa.Engine) -> str | None:
    """The name of the cell, empty for a code location without a cell; None if the state has no mark.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        return connection.scalar(sa.select(cell.c.name))


def mark(engine: sa.Engine, name: str) -> str:
    """Mark the state, unless it has a mark; the name of the cell that it belongs to.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    owner = read_mark(engine)
    if owner is not None:
        return owner
    with engine.begin() as connection:
        lock_schema(connection)  # Another process may mark it now.
        owner = connection.scalar(sa.select(cell.c.name))
        if owner is None:
            connection.execute(sa.insert(cell).values(name=name))
    return name if owner is None else owner
