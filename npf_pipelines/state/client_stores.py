"""Which client has worked with which store: two ids on one store would import each of its orders twice.

A client in trial works with none: it imports nothing, and no test order is shipped.

Not here: how addresses are compared (config/store_address.py), two setups with one address (config/setup_files.py).
"""

from collections.abc import Callable, Collection

import sqlalchemy as sa

from npf_pipelines.state.tables import client_stores


def other_client_of(engine: sa.Engine, client: str, address: str, is_in: Callable[[str], bool]) -> str | None:
    """The client, other than this one, that has worked with the store of this address; None if there is none.

    Args:
        engine: the database.
        client: the client's id.
        address: the store's comparable address.
        is_in: whether what another client has worked with, the whole store or a part, has to do with the client.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = (
        sa.select(client_stores)
        .where(
            (client_stores.c.address == address) | client_stores.c.address.startswith(f"{address}#", autoescape=True),
            client_stores.c.client != client,
        )
        .order_by(client_stores.c.client)
    )
    with engine.connect() as connection:
        return next((row.client for row in connection.execute(query) if is_in(row.address)), None)


def has_worked(engine: sa.Engine, client: str) -> bool:
    """Whether the client has worked with any store.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    query = sa.select(client_stores.c.client).where(client_stores.c.client == client).limit(1)
    with engine.connect() as connection:
        return connection.scalar(query) is not None


def remember_store(engine: sa.Engine, client: str, address: str) -> None:
    """Record that a client has worked with the store of this address, or with a part of it.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    row = {"client": client, "address": address}
    here = (client_stores.c.client == client) & (client_stores.c.address == address)
    with engine.begin() as connection:
        if connection.execute(sa.select(client_stores).where(here)).first() is None:
            connection.execute(sa.insert(client_stores).values(row))


def forget_stores(engine: sa.Engine, client: str, *, except_for: Collection[str] = ()) -> list[str]:
    """Delete the record of the stores that a client has worked with; their addresses.

    Args:
        engine: the database.
        client: the client's id.
        except_for: what the client's master setup names now; nothing where it has no setup.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    is_client = client_stores.c.client == client
    if except_for:
        is_client &= client_stores.c.address.not_in(except_for)
    with engine.begin() as connection:
        addresses = list(connection.scalars(sa.select(client_stores.c.address).where(is_client)))
        connection.execute(sa.delete(client_stores).where(is_client))
    return addresses
