"""The days outside a run that have to be pulled again: an order of theirs has changed since.

An order placed weeks ago may reach a wanted status only today, be edited, or be cancelled. Not here: the pulling.
"""

import asyncio
from collections.abc import Collection, Mapping
from datetime import date, timedelta

from npf_pipelines.assets.live_days import is_live
from npf_pipelines.assets.short_orders import days_of_short_orders
from npf_pipelines.assets.status_questions import days_of_answered_questions
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of, start_of_day
from npf_pipelines.domain.outcomes import Decision
from npf_pipelines.domain.store_orders import Order, OrderStub, UnreadableOrder
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.rules.after_import import Step
from npf_pipelines.rules.changes import follow_order
from npf_pipelines.rules.orders import OrderFilter
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.runs.client_run import ClientWalk

_OVERLAP = timedelta(minutes=15)
"""How far a store's clock may be behind ours."""


async def late_days(walk: ClientWalk, store: Store, facts: StoreFacts, wanted: OrderFilter) -> set[date]:
    """The days before the run's own on which something changed; none for a run that doesn't reach today.

    It goes back to the first day that was ever pulled: what lies before has been left to a backfill so far.
    Stores that can list by the last change are asked for that. The others are asked for the orders that are in a
    status in which they go on, and for those that are open on the platform. The platform knows what was shipped short.
    Of the orders placed before the start date, those that were imported before it was moved and are open are followed.

    Raises:
        StoreError: the store can't be asked.
    """
    zone = walk.setup.zone
    first_pulled = min(walk.house.lake.days(RAW_ORDERS, client=walk.client), default=walk.days[0])
    followed = await asyncio.to_thread(_open_before_start, walk, first_pulled)
    start = start_of_day(min([max(first_pulled, walk.setup.orders.start_date), *followed.values()]), zone)
    before_run = start_of_day(walk.days[0], zone) - timedelta(seconds=1)
    if day_of(walk.now, zone) not in walk.days or before_run < start:
        return set()
    answered = {
        day
        for day in await days_of_answered_questions(walk, wanted.meanings)
        if day < walk.days[0] and is_live(walk, day)
    }
    if await facts.knows_changes() and facts.changes_read_until:
        since = facts.changes_read_until - _OVERLAP
        changed = [stub async for stub in store.order_stubs(start, before_run, changed_since=since)]
        _say_dayless(walk, changed)
        new = {day_of(stub.placed_at, zone) for stub in changed if stub.placed_at and stub.placed_at >= wanted.start}
        new |= {followed[stub.order_id] for stub in changed if stub.order_id in followed}
        return answered | new | await days_of_short_orders(walk, start, follow_up=False)
    short = await days_of_short_orders(walk, start, follow_up=True)
    start = max(start, wanted.start)
    listed = [stub async for stub in store.order_stubs(start, before_run, statuses=wanted.meanings.going_on)]
    stubs = [stub for stub in listed if isinstance(stub, OrderStub)]
    open_orders = await _days_of_open_orders(walk, store, wanted.meanings)
    return answered | short | _days_of_news(walk, stubs) | open_orders


def _say_dayless(walk: ClientWalk, changed: list[OrderStub | UnreadableOrder]) -> None:
    """Name the changed orders whose day can't be read: the nightly pull makes a row of each."""
    for stub in changed:
        if isinstance(stub, UnreadableOrder) and stub.placed_at is None:
            named = stub.order_id or "without a number"
            walk.say(f"the order {named} has changed, and its day can't be read: {stub.reason}")


def _open_before_start(walk: ClientWalk, first_pulled: date) -> dict[str, date]:
    """The days of the orders placed before the start date that are open on the platform, by the store's order id."""
    if first_pulled >= walk.setup.orders.start_date:
        return {}
    records = walk.house.platform.open_records(walk.client).values()
    placed = {one.order.store_order_id: day_of(one.order.placed_at, walk.setup.zone) for one in records}
    days = {day for day in placed.values() if day < walk.setup.orders.start_date and is_live(walk, day)}
    return {order_id: day for order_id, day in placed.items() if day in days}


def _days_of_news(walk: ClientWalk, stubs: list[OrderStub]) -> set[date]:
    """The days of the orders that were dealt with in another status, or not at all."""
    by_day: dict[date, dict[str, str]] = {}
    for stub in stubs:
        by_day.setdefault(day_of(stub.placed_at, walk.setup.zone), {})[stub.order_id] = stub.status
    return {day for day, statuses in by_day.items() if not statuses.items() <= _known(walk, day).items()}


def _known(walk: ClientWalk, day: date) -> dict[str, str]:
    """The statuses that the day's orders had when they were dealt with: pulling alone imports nothing."""
    try:
        decided, outcomes = (
            walk.house.lake.read_if_written(table, client=walk.client, day=day)
            for table in (FILTERED_ORDERS, PLATFORM_ORDERS)
        )
    except BrokenFile:  # The day is pulled, and its walk says what is wrong.
        return {}
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
        if not record.unreadable and (day := day_of(record.order.placed_at, zone)) < walk.days[0] and is_live(walk, day)
    }
    orders = await store.orders_by_id(earlier)
    days: set[date] = set()
    for order_id, record in earlier.items():
        order = orders.get(order_id)
        if follow_order(order, record, prefix, meanings, walk.now).step is not Step.NOTHING:
            # A re-dated order belongs to another day than that of its import.
            placed = {record.order.placed_at, (order and order.placed_at) or record.order.placed_at}
            days |= {day_of(moment, zone) for moment in placed}
    stubs = [
        OrderStub(order_id=order_id, status=order.status, placed_at=earlier[order_id].order.placed_at)
        for order_id, order in orders.items()
        if isinstance(order, Order)
    ]
    return {day for day in days if day < walk.days[0]} | _days_of_news(walk, stubs)


def days_with(walk: ClientWalk, order_ids: Mapping[date, Collection[str]]) -> set[date]:
    """Those of the days whose table still has one of the orders, which are on another day now.

    Args:
        walk: the client's.
        order_ids: the orders by the day on which they were.
    """
    found = set()
    for day, ids in order_ids.items():
        decided = walk.house.lake.columns(FILTERED_ORDERS, ["order_id"], client=walk.client, day=day)
        if is_live(walk, day) and not set(ids).isdisjoint(decided["order_id"].to_pylist()):
            found.add(day)
    return found


def days_of_held(walk: ClientWalk) -> set[date]:
    """The days on which orders are held for a person."""
    query = "SELECT DISTINCT day FROM platform_orders WHERE outcome = 'held'"
    with walk.house.lake.connect(walk.client) as connection:
        return {day for (day,) in connection.execute(query).fetchall()}
