"""The events of a day that hold orders before their import, and that release one.

As in events.py, each returns whether it has happened. Not here: orders without a despatch code (events.py).
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.domain.outcomes import Rule
from npf_pipelines.platform.tables import orders
from npf_pipelines.sandbox.world import order_something
from npf_pipelines.state.due_decisions import note_due
from npf_pipelines.state.hold_actions import keep_hold_action
from npf_pipelines_tests.day.world import GRACE, World

_OPEN = ("P", "O")
_HELD_ABOVE = 400
"""The total above which an order is held: about a quarter of the day's orders."""


def holds_its_orders(world: World, number: int, now: datetime) -> bool:
    """Before the day: a grace period for all, and a person's release for the greatest totals."""
    grace = int(GRACE / timedelta(minutes=1))
    world.change_setup(number, orders={"hold_minutes": grace, "hold": {"total_above": _HELD_ABOVE}})
    world.held_from[number] = now
    return True


def held_order_is_released(world: World, number: int, now: datetime) -> bool:
    """A person releases an order whose total is too great, after its grace period."""
    services, client, store = world.loop.services, world.clients[number], world.store(number)
    held = f"FROM filtered_orders WHERE client = '{client}' AND rule = '{Rule.HELD_BY_RULE}'"
    for order_id, day in world.loop.rows(f"SELECT order_id, day {held}"):
        order = store.orders[int(order_id)]
        if order.status in _OPEN and datetime.fromtimestamp(order.timestamp, UTC) + GRACE < now:
            keep_hold_action(services.state, client, HoldAction(order_id, False, now, "the day", "checked"))
            note_due(services.state, client, day, [now])
            world.released = order_id
            return True
    order_something(store, world.dice)
    return False


def released_order_is_imported(world: World, number: int, _: datetime) -> bool:
    """Unless its shopper has cancelled it."""
    if world.store(number).orders[int(world.released)].status not in _OPEN:
        return True
    here = (orders.c.client == world.clients[number]) & (orders.c.store_order_id == world.released)
    with world.loop.services.platform_engine.connect() as connection:
        return connection.execute(sa.select(orders.c.order_number).where(here)).first() is not None
