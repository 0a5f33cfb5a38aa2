"""The decisions of people on single orders: to hold them, or to release them.

A hold is effective from the moment at which its row is there, also for a run at work: each import checks it first.
Not here: what follows for an order (rules/holds.py), when a run is due for it (due_decisions.py), which actions
are old (rules/retention.py).
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.state.tables import hold_actions

_IDS_AT_ONCE = 500


def read_hold_actions(engine: sa.Engine, client: str) -> Mapping[str, HoldAction]:
    """The latest action on each of the client's orders, by the store's order id.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    columns = [column for column in hold_actions.c if column is not hold_actions.c.client]
    query = sa.select(*columns).where(hold_actions.c.client == client)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return {row["order_id"]: HoldAction(**row) for row in rows}


def held_orders(engine: sa.Engine, client: str) -> frozenset[str]:
    """The store's ids of the client's orders that a person holds now.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached, so nothing may be imported.
    """
    return frozenset(id_ for id_, action in read_hold_actions(engine, client).items() if action.is_hold)


def keep_hold_action(engine: sa.Engine, client: str, action: HoldAction) -> None:
    """Keep an action; it replaces the order's earlier one.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        connection.execute(_of(client, action.order_id))
        connection.execute(sa.insert(hold_actions).values(client=client, **vars(action)))


def forget_hold_action(engine: sa.Engine, client: str, order_id: str) -> None:
    """Delete the action on an order.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        connection.execute(_of(client, order_id))


def forget_old_holds(
    engine: sa.Engine, client: str, before: datetime, *, actions: Collection[str], reasons: Collection[str]
) -> None:
    """Delete actions, or the reasons of actions; an order that a person has acted on since is left alone.

    Args:
        engine: the state's database.
        client: the client's id.
        before: only older actions are meant.
        actions: the store's ids of the orders whose actions go.
        reasons: the ids of the orders of whose actions only the reasons go.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    columns = hold_actions.c
    with engine.begin() as connection:
        for order_ids, change in (
            (actions, sa.delete(hold_actions)),
            (reasons, sa.update(hold_actions).values(reason="")),
        ):
            for chunk in chunked(sorted(order_ids), _IDS_AT_ONCE):
                meant = (columns.client == client) & (columns.acted_at < before) & columns.order_id.in_(chunk)
                connection.execute(change.where(meant))


def _of(client: str, order_id: str) -> sa.Delete:
    return sa.delete(hold_actions).where(hold_actions.c.client == client, hold_actions.c.order_id == order_id)
