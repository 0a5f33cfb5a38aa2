"""Deletes what the state keeps of a client that was removed.

Not here: files and partitions (automation/remove.py), moving a client's rows to another id (rename.py).
"""

import sqlalchemy as sa

from npf_pipelines.state.tables import leases, of_clients, unknown_ends

_KEPT = leases, unknown_ends
"""Leases are given back by their holder. A write with an unknown end may still be carried out, also for a client that
is added again at once; its row expires."""


def forget_client(engine: sa.Engine, client: str) -> None:
    """Delete the client's rows: health, open items, alerts, pauses, the store that it has worked with.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached; nothing was deleted.
    """
    with engine.begin() as connection:
        for table in of_clients(*_KEPT):
            connection.execute(sa.delete(table).where(table.c.client == client))
