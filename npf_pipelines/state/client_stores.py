"""Which client has worked with which store: two ids on one store would import each of its orders twice.

Not here: how addresses are compared (store_address.py), two setups of one address at a time (master_setup.py).
"""

import sqlalchemy as sa

from npf_pipelines.platform.tables import client_stores


def other_client_of(engine: sa.Engine, client: str, address: str) -> str | None:
    """Another client that has worked with the store of this address; None if there is none.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = (
        sa.select(client_stores.c.client)
        .where(client_stores.c.address == address, client_stores.c.client != client)
        .order_by(client_stores.c.client)
    )
    with engine.connect() as connection:
        return connection.scalars(query).first()


def remember_store(engine: sa.Engine, client: str, address: str) -> None:
    """Remember that a client has worked with the store of this address.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    row = {"client": client, "address": address}
    here = (client_stores.c.client == client) & (client_stores.c.address == address)
    with engine.begin() as connection:
        if connection.execute(sa.select(client_stores).where(here)).first() is None:
            connection.execute(sa.insert(client_stores).values(row))


def forget_stores(engine: sa.Engine, client: str) -> list[str]:
    """Forget with which stores a client has worked; their addresses.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    is_client = client_stores.c.client == client
    with engine.begin() as connection:
        addresses = list(connection.scalars(sa.select(client_stores.c.address).where(is_client)))
        connection.execute(sa.delete(client_stores).where(is_client))
    return addresses
