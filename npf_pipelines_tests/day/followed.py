"""Whether the platform followed every cancellation of a store, and got no held order before its time.

Not here: what else stores and platform must agree on (npf_pipelines/sandbox/agreement.py).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.tables import orders
from npf_pipelines_tests.loop import Loop

_CANCELLED = "I"


def not_followed(loop: Loop) -> list[str]:
    """A sentence for each order that isn't."""
    excepted = set(loop.rows("SELECT client, order_number FROM order_exceptions"))
    goes_on = sa.select(orders.c.client, orders.c.order_number, orders.c.store_order_id).where(
        orders.c.status != OrderStatus.CANCELLED
    )
    with loop.services.platform_engine.connect() as connection:
        rows = connection.execute(goes_on).all()
    return [
        f"{row.client}: the order {row.order_number} is cancelled in the store and goes on"
        for row in rows
        if row.client in loop.stores
        and loop.stores[row.client].orders[int(row.store_order_id)].status == _CANCELLED
        and (row.client, row.order_number) not in excepted
    ]


def imported_early(loop: Loop, held_from: Mapping[str, datetime], grace: timedelta) -> list[str]:
    """A sentence for each order that the platform got before its grace period was over.

    Args:
        loop: the world.
        held_from: from when on the orders of a client are held, by client.
        grace: for how long.
    """
    query = sa.select(orders.c.client, orders.c.order_number, orders.c.placed_at, orders.c.imported_at).where(
        orders.c.client.in_(held_from)
    )
    with loop.services.platform_engine.connect() as connection:
        rows = connection.execute(query).all()
    return [
        f"{row.client}: the order {row.order_number} was imported before its time"
        for row in rows
        if held_from[row.client] < row.imported_at < row.placed_at + grace
    ]
