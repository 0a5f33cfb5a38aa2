"""The days outside a run that must be pulled again, because an order placed on them has changed since.

An order placed weeks ago may reach an imported status only today, be edited, or be cancelled. Not here: the pulling
(pull.py, orders.py).
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from npf_pipelines.assets.live_days import is_live
from npf_pipelines.assets.short_orders import days_of_short_orders
from npf_pipelines.assets.status_questions import StatusQuestions
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of, start_of_day
from npf_pipelines.domain.outcomes import Decision, OrderOutcome
from npf_pipelines.domain.store_orders import Order, OrderStub, UnreadableOrder
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines.rules.after_import import Action
from npf_pipelines.rules.changes import plan_order_update
from npf_pipelines.rules.kits import as_sold
from npf_pipelines.rules.orders import OrderFilter
from npf_pipelines.runs.client_run import ClientRun

_OVERLAP = timedelta(minutes=15)
"""How far a store's clock may be behind this machine's."""


async def find_changed_days(
    client_run: ClientRun, store: Store, facts: StoreFacts, questions: StatusQuestions, criteria: OrderFilter
) -> set[date]:
    """The days before the run's own on which something changed; none for a run that doesn't reach today.

    It goes back to the first day that was ever pulled; earlier days are left to a backfill. An order placed earlier,
    or before the start date, is followed if it was imported, by its number or before the start date was moved, and is
    still open.

    Raises:
        StoreError: the store can't be asked.
    """
    zone = client_run.setup.zone
    pulled = client_run.tables.days(RAW_ORDERS)
    first = max(min(pulled, default=client_run.days[0]), client_run.setup.orders.start_date)
    followed = _open_before(client_run, first, pulled)
    start = start_of_day(min([first, *followed.values()]), zone)
    end = start_of_day(client_run.days[0], zone) - timedelta(seconds=1)
    if client_run.today not in client_run.days or end < start:
        return set()
    answered = {
        day
        for day in questions.days_answered(criteria.meanings)
        if day < client_run.days[0] and is_live(client_run, day)
    }
    if await facts.knows_changes() and facts.changes_read_until:
        since = facts.changes_read_until - _OVERLAP
        changed = [stub async for stub in store.order_stubs(start, end, changed_since=since)]
        short = days_of_short_orders(client_run, start, follow_up=False)
        return answered | short | _days_of_changed(client_run, changed, first, followed)
    short = days_of_short_orders(client_run, start, follow_up=True)
    return answered | short | await _days_by_status(client_run, store, start_of_day(first, zone), end, criteria)


def _days_of_changed(
    client_run: ClientRun, changed: list[OrderStub | UnreadableOrder], first: date, followed: Mapping[str, date]
) -> set[date]:
    """For a store that lists its orders by their last change."""
    _log_dayless(client_run, changed)
    days = {day_of(stub.placed_at, client_run.setup.zone) for stub in changed if stub.placed_at}
    return {day for day in days if day >= first} | {
        followed[stub.order_id] for stub in changed if stub.order_id and stub.order_id in followed
    }


async def _days_by_status(
    client_run: ClientRun, store: Store, start: datetime, end: datetime, criteria: OrderFilter
) -> set[date]:
    """For any other store: from its orders in a status in which they go on, and from those open on the platform."""
    listed = [stub async for stub in store.order_stubs(start, end, statuses=criteria.meanings.going_on)]
    stubs = [stub for stub in listed if isinstance(stub, OrderStub)]
    open_orders = await _days_of_open_orders(client_run, store, criteria)
    return _days_of_other_status(client_run, stubs) | open_orders


def _log_dayless(client_run: ClientRun, changed: list[OrderStub | UnreadableOrder]) -> None:
    """Name the changed orders whose day can't be read: the nightly pull makes a row of each."""
    for stub in changed:
        if isinstance(stub, UnreadableOrder) and stub.placed_at is None:
            name = stub.order_id or "without a number"
            client_run.log(f"the order {name} has changed, and its day can't be read: {stub.reason}")


def _open_before(client_run: ClientRun, first: date, pulled: Collection[date]) -> dict[str, date]:
    """The days of the orders placed before a day that are open on the platform, by the store's order id."""
    if not any(day < first for days in (pulled, client_run.tables.days(PLATFORM_ORDERS)) for day in days):
        return {}
    records = client_run.services.platform.open_records(client_run.client, client_run.own_numbers).values()
    placed = {record.order.store_order_id: day_of(record.order.placed_at, client_run.setup.zone) for record in records}
    days = {day for day in placed.values() if day < first and is_live(client_run, day)}
    return {order_id: day for order_id, day in placed.items() if day in days}


def _days_of_other_status(client_run: ClientRun, stubs: list[OrderStub]) -> set[date]:
    """The days of the orders that were processed in another status, or not at all."""
    by_day: dict[date, dict[str, str]] = {}
    for stub in stubs:
        by_day.setdefault(day_of(stub.placed_at, client_run.setup.zone), {})[stub.order_id] = stub.status
    return {day for day, statuses in by_day.items() if not statuses.items() <= _processed(client_run, day).items()}


def _processed(client_run: ClientRun, day: date) -> dict[str, str]:
    """The statuses in which the day's orders were processed.

    An order that was only pulled was not, nor was one of a live client that is only planned.
    """
    try:
        decided, outcomes = (
            client_run.tables.read_if_written(table, day) for table in (FILTERED_ORDERS, PLATFORM_ORDERS)
        )
    except BrokenFile:  # The day is pulled, and its failure names the file.
        return {}
    done = {row["order_id"] for row in outcomes if client_run.in_trial or row["outcome"] != OrderOutcome.PLANNED}
    return {
        row["order_id"]: row["status"]
        for row in decided
        if row["decision"] != Decision.ACCEPTED or row["order_id"] in done
    }


async def _days_of_open_orders(client_run: ClientRun, store: Store, criteria: OrderFilter) -> set[date]:
    """The days of orders open on the platform that differ from the store's, or have another status than before."""
    prefix, zone = client_run.setup.orders.prefix, client_run.setup.zone
    records = client_run.services.platform.open_records(client_run.client, client_run.own_numbers)
    earlier = {
        record.order.store_order_id: as_sold(record)
        for record in records.values()
        if not record.unreadable
        and (day := day_of(record.order.placed_at, zone)) < client_run.days[0]
        and is_live(client_run, day)
    }
    orders = await store.orders_by_id(earlier)
    days: set[date] = set()
    for order_id, record in earlier.items():
        order = orders.get(order_id)
        if plan_order_update(order, record, prefix, criteria, client_run.now).step is not Action.NOTHING:
            # A re-dated order belongs to another day than that of its import.
            placed = {record.order.placed_at, (order and order.placed_at) or record.order.placed_at}
            days |= {day_of(moment, zone) for moment in placed}
    stubs = [
        OrderStub(order_id=order_id, status=order.status, placed_at=earlier[order_id].order.placed_at)
        for order_id, order in orders.items()
        if isinstance(order, Order)
    ]
    return {day for day in days if day < client_run.days[0]} | _days_of_other_status(client_run, stubs)


def days_still_with(client_run: ClientRun, order_ids: Mapping[date, Collection[str]]) -> set[date]:
    """The days whose table still has one of the orders, although they were re-dated to other days.

    Args:
        client_run: the client's part of the run.
        order_ids: the orders by the day on which they were.
    """
    found = set()
    for day, ids in order_ids.items():
        decided = client_run.tables.columns(FILTERED_ORDERS, ["order_id"], day)
        if is_live(client_run, day) and not set(ids).isdisjoint(decided["order_id"].to_pylist()):
            found.add(day)
    return found


def days_of_held(client_run: ClientRun) -> set[date]:
    """The days with orders that are held for a person."""
    query = "SELECT DISTINCT day FROM platform_orders WHERE outcome = 'held'"
    with client_run.tables.connect() as connection:
        return {day for (day,) in connection.execute(query).rows}
