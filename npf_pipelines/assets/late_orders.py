"""The days outside a run that have to be pulled again: an order of theirs has changed since.

An order placed weeks ago may reach a wanted status only today, be edited, or be cancelled. Not here: the pulling.
"""

import asyncio
from datetime import date, timedelta

from npf_pipelines.assets.short_orders import days_of_short_orders
from npf_pipelines.assets.status_questions import days_of_answered_questions
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.assets.walk import ClientWalk
from npf_pipelines.cscart.models import Order, OrderStub
from npf_pipelines.cscart.store import Store
from npf_pipelines.rules.after_import import Step, follow
from npf_pipelines.rules.days import day_of, start_of_day
from npf_pipelines.rules.orders import Decision, OrderFilter
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS

_OVERLAP = timedelta(minutes=15)
"""How far a store's clock may be behind ours."""


async def late_days(walk: ClientWalk, store: Store, facts: StoreFacts, wanted: OrderFilter) -> set[date]:
    """The days before the run's own on which something changed; none for a run that doesn't reach today.

    It goes back to the first day that was ever pulled: what lies before has been left to a backfill so far.
    Stores that can list by the last change are asked for that. The others are asked for the orders that are in a
    status in which they go on, and for those that are open on the platform. What was shipped short the platform says.

    Raises:
        StoreError: the store can't be asked.
    """
    zone = walk.setup.zone
    first_pulled = min(walk.house.lake.days(RAW_ORDERS, client=walk.client), default=walk.days[0])
    first_day = max(first_pulled, walk.setup.orders.start_date)
    start = start_of_day(first_day, zone)
    before_run = start_of_day(walk.days[0], zone) - timedelta(seconds=1)
    if day_of(walk.now, zone) not in walk.days or before_run < start:
        return set()
    answered = {
        day for day in await days_of_answered_questions(walk, wanted.meanings) if first_day <= day < walk.days[0]
    }
    if await facts.knows_changes() and facts.changes_read_until:
        since = facts.changes_read_until - _OVERLAP
        changed = {
            day_of(stub.placed_at, zone) async for stub in store.order_stubs(start, before_run, changed_since=since)
        }
        return answered | changed | await days_of_short_orders(walk, start, follow_up=False)
    letters = wanted.meanings.going_on
    stubs = [stub async for stub in store.order_stubs(start, before_run, statuses=letters)]
    open_orders = await _days_of_open_orders(walk, store, wanted.meanings)
    short = await days_of_short_orders(walk, start, follow_up=True)
    return answered | _days_of_news(walk, stubs) | open_orders | short


def _days_of_news(walk: ClientWalk, stubs: list[OrderStub]) -> set[date]:
    """The days of the orders that were dealt with in another status, or not at all."""
    by_day: dict[date, dict[str, str]] = {}
    for stub in stubs:
        by_day.setdefault(day_of(stub.placed_at, walk.setup.zone), {})[stub.order_id] = stub.status
    return {day for day, statuses in by_day.items() if not statuses.items() <= _known(walk, day).items()}


def _known(walk: ClientWalk, day: date) -> dict[str, str]:
    """The statuses that the day's orders had when they were dealt with: pulling alone imports nothing."""
    decided, outcomes = (
        walk.house.lake.read_if_written(table, client=walk.client, day=day)
        for table in (FILTERED_ORDERS, PLATFORM_ORDERS)
    )
    done = {row["order_id"] for row in outcomes}
    return {
        row["order_id"]: row["status"]
        for row in decided
        if row["decision"] != Decision.ACCEPTED or row["order_id"] in done
    }


async def _days_of_open_orders(walk: ClientWalk, store: Store, meanings: StatusMeanings) -> set[date]:
    """The days of the orders open on the platform that differ from the store's, or have another status than before."""
    prefix, zone = walk.setup.orders.prefix, walk.setup.zone
    records = await asyncio.to_thread(walk.house.platform.open_records, walk.client)
    earlier = {
        record.order.store_order_id: record
        for record in records.values()
        if day_of(record.order.placed_at, zone) < walk.days[0]
    }
    orders = await store.orders_by_id(earlier)
    differing = {
        day_of(record.order.placed_at, zone)
        for order_id, record in earlier.items()
        if follow(orders.get(order_id), record, prefix, meanings, walk.now).step is not Step.NOTHING
    }
    stubs = [
        OrderStub(order_id=order_id, status=order.status, placed_at=earlier[order_id].order.placed_at)
        for order_id, order in orders.items()
        if isinstance(order, Order)
    ]
    return differing | _days_of_news(walk, stubs)
