"""A client's rows under another id: orders and lines as the pipeline imported them, and what is remembered of it.

Not here: shipments and stock, which are the warehouse's; files and partitions (automation/rename.py).
"""

import sqlalchemy as sa

from npf_pipelines.platform.tables import (
    alerts,
    client_stores,
    health,
    open_items,
    order_lines,
    orders,
    shipments,
    stock,
    uncounted,
    unknown_ends,
)

_REMEMBERED = (health, open_items, uncounted, client_stores, unknown_ends)


def has_orders(engine: sa.Engine, client: str) -> bool:
    """Whether the platform has an order of the client.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(orders.c.client).where(orders.c.client == client).limit(1)
    with engine.connect() as connection:
        return connection.scalar(query) is not None


def warehouse_rows(engine: sa.Engine, client: str) -> int:
    """How many shipments and counted SKUs the warehouse has under the client's id.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        lodged = connection.scalar(sa.select(sa.func.count()).where(shipments.c.client == client)) or 0
        counted = connection.scalar(sa.select(sa.func.count()).where(stock.c.client == client)) or 0
    return lodged + counted


def rename_rows(engine: sa.Engine, old: str, new: str) -> int:
    """Move the client's rows to another id, all or none; how many orders moved.

    What is remembered of the new id goes: it was never worked with. Its alerts end, those of the old id go on.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached, or both ids have an order of one number.
    """
    with engine.begin() as connection:
        for table in (order_lines, orders):
            moved = connection.execute(sa.update(table).where(table.c.client == old).values(client=new)).rowcount
        for table in _REMEMBERED:
            is_known = connection.execute(sa.select(table.c.client).where(table.c.client == old).limit(1)).first()
            if is_known:
                connection.execute(sa.delete(table).where(table.c.client == new))
                connection.execute(sa.update(table).where(table.c.client == old).values(client=new))
        keys = connection.scalars(sa.select(alerts.c.key).where(alerts.c.client == old)).all()
        for key in keys:
            kind, _, thing = key.split("|", 2)
            renamed = f"{kind}|{new}|{thing}"
            connection.execute(sa.delete(alerts).where(alerts.c.key == renamed))
            connection.execute(sa.update(alerts).where(alerts.c.key == key).values(key=renamed, client=new))
    return moved
