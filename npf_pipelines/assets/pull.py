"""A store's orders day by day, in few requests and with all of the concurrency that the store allows.

Here: how a range of days is split into slices that are listed at the same time, and the orders into days. Not here: how
a list is paged (cscart/paging.py), what is done with a day (orders_day.py).
"""

import asyncio
import contextlib
import itertools
import math
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from npf_pipelines.cscart.paging import OrderPages
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of, end_of_day, start_of_day
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.domain.work_meter import plan_work

Orders = list[Order | UnreadableOrder]
Day = tuple[date, Orders]

_ONE_DAY = timedelta(days=1)


async def pull_days(store: Store, first: date, last: date, zone: ZoneInfo) -> AsyncGenerator[Day]:
    """Each day from first to last once and whole, empty days too, in any order.

    Orders that fit on one page cost one request. If more are left, the days not yet reached are split into slices of
    consecutive days, which are listed at the same time. Only a page and a day of each slice are held in memory.

    Args:
        store: open.
        first: the first day.
        last: the last day.
        zone: where the days begin and end.

    Yields:
        The day and its orders, oldest first. An order without a readable time is on the day of the order before it.

    Raises:
        StoreError: the store gives no usable answer; days that were not yet yielded are lost.
    """
    if first > last:
        return
    pages = store.orders_placed(start_of_day(first, zone), _last_second(last, zone))
    page: Orders = await anext(pages, [])
    plan_work("orders", len(page) + pages.left)
    # Days before the last one of the page are complete; that one goes on with the first slice.
    reached = max((_day(order, first, last, zone) for order in page), default=first) if pages.left else last
    slices = _slices(reached, last, min(store.concurrency, math.ceil(pages.left / store.page_size)))
    pages.stop_at(_last_second(slices[0][1], zone))
    days = [_by_day(pages, page, first, slices[0][1], zone)]
    for begin, end in slices[1:]:
        rest = store.orders_placed(start_of_day(begin, zone), _last_second(end, zone))
        days.append(_by_day(rest, [], begin, end, zone))
    async with contextlib.aclosing(_side_by_side(days)) as merged:
        async for day in merged:
            yield day


def _slices(first: date, last: date, count: int) -> list[tuple[date, date]]:
    """The days in that many slices of about the same length; fewer if there are fewer days."""
    days = (last - first).days + 1
    count = max(1, min(count, days))
    edges = [first + timedelta(days=days * number // count) for number in range(count + 1)]
    return [(begin, end - _ONE_DAY) for begin, end in itertools.pairwise(edges)]


async def _by_day(
    pages: OrderPages[Order | UnreadableOrder], page: Orders, first: date, last: date, zone: ZoneInfo
) -> AsyncIterator[Day]:
    """The days of a list whose first page was read already, each as soon as the list has passed it."""
    day = first
    orders: Orders = []
    arrived: Orders | None = page
    while arrived is not None:
        for order in arrived:
            while day < _day(order, day, last, zone):
                yield day, orders
                day, orders = day + _ONE_DAY, []
            orders.append(order)
        arrived = await anext(pages, None)
    while day <= last:
        yield day, orders
        day, orders = day + _ONE_DAY, []


def _day(order: Order | UnreadableOrder, otherwise: date, last: date, zone: ZoneInfo) -> date:
    return min(day_of(order.placed_at, zone), last) if order.placed_at else otherwise


def _last_second(day: date, zone: ZoneInfo) -> datetime:
    return end_of_day(day, zone) - timedelta(seconds=1)


async def _side_by_side(slices: list[AsyncIterator[Day]]) -> AsyncGenerator[Day]:
    """The days of several slices, as they come. The failure of one slice ends the others and is raised."""
    ready: asyncio.Queue[Day | Exception | None] = asyncio.Queue(len(slices))

    async def hand_over(days: AsyncIterator[Day]) -> None:
        try:
            async for day in days:
                await ready.put(day)
        except Exception as error:  # noqa: BLE001 - raised below
            await ready.put(error)
        else:
            await ready.put(None)

    tasks = [asyncio.create_task(hand_over(days)) for days in slices]
    try:
        running = len(tasks)
        while running:
            match await ready.get():
                case None:
                    running -= 1
                case Exception() as error:
                    raise error
                case day:
                    yield day
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
