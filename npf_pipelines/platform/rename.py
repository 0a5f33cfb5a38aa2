"""Moves a client's orders on the platform to another id.

Not here: shipments and stock, which are the warehouse's; the state's rows (state/rename.py); files and partitions
(automation/rename.py).
"""

import sqlalchemy as sa

from npf_pipelines.platform.tables import order_lines, orders, shipments, stock


def has_orders(engine: sa.Engine, client: str) -> bool:
    """Whether the platform has any order of the client.

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


def rename_orders(engine: sa.Engine, old: str, new: str) -> int:
    """Move the client's orders and lines to another id, all or none; how many orders moved.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached, or both ids have an order of one number.
    """
    with engine.begin() as connection:
        for table in (order_lines, orders):
            moved = connection.execute(sa.update(table).where(table.c.client == old).values(client=new)).rowcount
    return moved
