"""PLACEHOLDER while the real one is being written: one sequential walk."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from npf_pipelines.cscart.models import Order, UnreadableOrder
from npf_pipelines.cscart.store import Store
from npf_pipelines.rules.days import day_of, end_of_day, start_of_day


async def pull_days(
    store: Store, first: date, last: date, zone: ZoneInfo
) -> AsyncIterator[tuple[date, list[Order | UnreadableOrder]]]:
    """Each day."""
    day: date = first
    orders: list[Order | UnreadableOrder] = []
    async for order in store.orders_placed(start_of_day(first, zone), end_of_day(last, zone) - timedelta(seconds=1)):
        placed_on = day_of(order.placed_at, zone) if order.placed_at else day
        while day < placed_on:
            yield day, orders
            day, orders = day + timedelta(days=1), []
        orders.append(order)
    while day <= last:
        yield day, orders
        day, orders = day + timedelta(days=1), []
