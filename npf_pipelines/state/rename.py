"""Moves a client's rows of the state to another id.

Not here: the platform's rows (platform/rename.py), files and partitions (automation/rename.py).
"""

import sqlalchemy as sa

from npf_pipelines.state.tables import alerts, leases, of_clients


def rename_state(engine: sa.Engine, old: str, new: str) -> None:
    """Move the client's rows to another id, all or none. Rows that the new id has are deleted: it never worked.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        for table in of_clients(leases, alerts):  # Leases are given back by their holder.
            is_known = connection.execute(sa.select(table.c.client).where(table.c.client == old).limit(1)).first()
            if is_known:
                connection.execute(sa.delete(table).where(table.c.client == new))
                connection.execute(sa.update(table).where(table.c.client == old).values(client=new))
        for key in connection.scalars(sa.select(alerts.c.key).where(alerts.c.client == old)).all():
            kind, _, thing = key.split("|", 2)
            renamed = f"{kind}|{new}|{thing}"
            connection.execute(sa.delete(alerts).where(alerts.c.key == renamed))
            connection.execute(sa.update(alerts).where(alerts.c.key == key).values(key=renamed, client=new))
