"""Whether every order that was cancelled in its store is cancelled on the platform, or in the list of exceptions.

Not here: what else stores and platform must agree on (npf_pipelines/sandbox/agreement.py).
"""

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
    with loop.services.engine.connect() as connection:
        rows = connection.execute(goes_on).all()
    return [
        f"{row.client}: the order {row.order_number} is cancelled in the store and goes on"
        for row in rows
        if row.client in loop.stores
        and loop.stores[row.client].orders[int(row.store_order_id)].status == _CANCELLED
        and (row.client, row.order_number) not in excepted
    ]
