"""Orders, from the store to the platform: raw_orders → filtered_orders → platform_orders, by client and day placed.

Thin: pull, decide, bring onto the platform, write. Not here: the pulling (pull.py), which other days are due
(late_orders.py), the decisions (rules/orders.py), the platform (reconcile/platform_orders.py).
"""

import asyncio
import functools
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg

from npf_pipelines.assets.late_orders import late_days
from npf_pipelines.assets.order_filter import order_filter
from npf_pipelines.assets.order_rows import order_of, row_of
from npf_pipelines.assets.pull import pull_days
from npf_pipelines.assets.specs import STORE_ORDERS, asset_spec
from npf_pipelines.assets.status_questions import keep_status_questions
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.assets.walk import ClientFailure, ClientWalk, WalkConfig, walk_clients
from npf_pipelines.cscart.models import Order, UnreadableOrder
from npf_pipelines.cscart.store import Store
from npf_pipelines.house import House
from npf_pipelines.master_setup import MasterSetup
from npf_pipelines.partitions import consecutive
from npf_pipelines.platform.models import PlatformRecord
from npf_pipelines.platform.tables import OPEN_STATUSES
from npf_pipelines.reconcile.platform_orders import OrderOutcome, OrderRow, OrdersOfDay, reconcile_orders
from npf_pipelines.rules.days import day_of, end_of_day, start_of_day
from npf_pipelines.rules.imports import order_number
from npf_pipelines.rules.orders import Decision, OrderFilter, decide, is_test
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS

_TELL_EVERY = 1000
"""Orders between two words to whoever watches."""

Orders = list[Order | UnreadableOrder]


async def walk_orders(walk: ClientWalk) -> None:
    """Bring one client's days through the chain, each day whole; then the earlier days on which something changed.

    Two walks of one client at once could each undo what the other has just read anew: the lease keeps them apart.
    """
    async with walk.lease("orders"):
        await _walk(walk)


async def _walk(walk: ClientWalk) -> None:
    async with walk.house.store(walk.setup) as store:
        facts = StoreFacts(walk, store)
        await facts.meanings()  # A setup that doesn't fit the store stops the client before anything is read.
        if not walk.wants(RAW_ORDERS):
            for day in walk.days:
                await _one_day(walk, facts, day, _as_pulled(walk, day))
            return
        for first, last in consecutive(walk.days):
            await _pull(walk, store, facts, first, last)
        late = await late_days(walk, store, facts, await order_filter(facts, walk.setup))
        for first, last in consecutive(sorted(late)):
            walk.say(f"an order placed from {first} to {last} has changed since: pulling again")
            await _pull(walk, store, facts, first, last)
        await keep_status_questions(walk, await facts.meanings())
        if day_of(walk.now, walk.setup.zone) in walk.days:
            facts.keep_changes_read()


async def _pull(walk: ClientWalk, store: Store, facts: StoreFacts, first: date, last: date) -> None:
    """The days from first to last. The store isn't asked for those before the order start date."""
    begin = max(first, walk.setup.orders.start_date)
    for number in range((min(begin, last + timedelta(days=1)) - first).days):
        await _one_day(walk, facts, first + timedelta(days=number), [])
    if begin > last:
        return
    pulled, told = 0, 0
    async for day, orders in pull_days(store, begin, last, walk.setup.zone):
        await _one_day(walk, facts, day, orders)
        pulled += len(orders)
        if pulled - told >= _TELL_EVERY:
            told = pulled
            walk.say(f"{pulled} orders pulled, {day} is done")
    walk.say(f"{pulled} orders pulled from {begin} to {last}, {store.requests} requests")


async def _one_day(walk: ClientWalk, facts: StoreFacts, day: date, orders: Orders) -> None:
    """Write what of the day is asked for. Decisions that aren't asked for are taken as they were written."""
    note = functools.partial(_note_before_start, walk.setup, day)
    rows = [row_of(order, walk.now, place) for place, order in enumerate(orders)]
    if walk.wants(RAW_ORDERS):
        walk.finish(RAW_ORDERS, rows, day, note)
    records = await asyncio.to_thread(_records, walk, day, orders)
    open_orders = {record.order.store_order_id for record in records.values() if record.status in OPEN_STATUSES}
    wanted = await order_filter(facts, walk.setup, orders, open_orders)
    if walk.wants(FILTERED_ORDERS):
        decided = [_decided(walk, row, order, records, wanted) for row, order in zip(rows, orders, strict=True)]
        walk.finish(FILTERED_ORDERS, decided, day, note)
    elif walk.wants(PLATFORM_ORDERS):
        decided = walk.house.lake.read(FILTERED_ORDERS, client=walk.client, day=day)
    if walk.wants(PLATFORM_ORDERS):
        await _onto_platform(walk, day, orders, decided, records, meanings=wanted.meanings)


def _as_pulled(walk: ClientWalk, day: date) -> Orders:
    rows = walk.house.lake.read(RAW_ORDERS, client=walk.client, day=day)
    if walk.house.lake.lacks_personal(RAW_ORDERS, client=walk.client, day=day):
        raise ClientFailure(f"personal data was dropped from raw_orders of {day}: run raw_orders for the day again")
    return [order_of(row) for row in rows]


def _records(walk: ClientWalk, day: date, orders: Orders) -> dict[str, PlatformRecord]:
    """What the platform has of the day's orders, those that the store has no more included."""
    if day < walk.setup.orders.start_date:
        return {}
    platform, zone, prefix = walk.house.platform, walk.setup.zone, walk.setup.orders.prefix
    placed = platform.records_placed(walk.client, start_of_day(day, zone), end_of_day(day, zone))
    numbers = {order_number(prefix, order.order_id) for order in orders if order.order_id}
    return placed | platform.records(walk.client, numbers - placed.keys())


def _decided(
    walk: ClientWalk,
    row: dict[str, Any],
    order: Order | UnreadableOrder,
    records: dict[str, PlatformRecord],
    wanted: OrderFilter,
) -> dict[str, Any]:
    number = order_number(walk.setup.orders.prefix, row["order_id"])
    record = records.get(number)
    imported = record is not None and record.order.store_order_id == order.order_id
    verdict = decide(order, wanted, imported=imported)
    return {
        "order_id": row["order_id"],
        "order_number": number,
        "decision": verdict.decision,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "status": row["status"],
        "is_test": isinstance(order, Order) and is_test(order),
        "placed_at": row["placed_at"],
        "decided_at": walk.now,
    }


async def _onto_platform(
    walk: ClientWalk,
    day: date,
    orders: Orders,
    decided: list[dict[str, Any]],
    records: dict[str, PlatformRecord],
    *,
    meanings: StatusMeanings,
) -> None:
    accepted = {row["order_id"] for row in decided if row["decision"] == Decision.ACCEPTED}
    day_of_orders = OrdersOfDay(
        client=walk.client,
        prefix=walk.setup.orders.prefix,
        accepted=[order for order in orders if isinstance(order, Order) and order.order_id in accepted],
        pulled={order.order_id: order for order in orders if order.order_id},
        records=records,
        now=walk.now,
        meanings=meanings,
        dry_run=walk.dry_run,
    )
    outcomes = await asyncio.to_thread(reconcile_orders, walk.house.platform, day_of_orders)
    since = _differing_since(walk, day) if any(_differs(row) for row in outcomes) else {}
    rows = [
        asdict(row) | {"differs_since": since.get(row.order_number, walk.now) if _differs(row) else None}
        for row in outcomes
    ]
    walk.finish(PLATFORM_ORDERS, rows, day, functools.partial(_note_before_start, walk.setup, day))


def _differs(row: OrderRow) -> bool:
    return row.outcome is OrderOutcome.DIFFERS


def _differing_since(walk: ClientWalk, day: date) -> dict[str, datetime]:
    """Since when the day's table says of orders that they differ, by order number."""
    rows = walk.house.lake.read_if_written(PLATFORM_ORDERS, client=walk.client, day=day)
    return {row["order_number"]: row["differs_since"] for row in rows if row["differs_since"]}


def _note_before_start(setup: MasterSetup, day: date) -> dict[str, dg.MetadataValue]:
    if day >= setup.orders.start_date:
        return {}
    return {"note": dg.MetadataValue.text(f"before the order start date, {setup.orders.start_date}: not asked for")}


def orders_assets(house: House, partitions: dg.PartitionsDefinition[Any]) -> dg.AssetsDefinition:
    """The three assets, made by one walk."""

    @dg.multi_asset(
        name="orders",
        specs=[
            asset_spec(RAW_ORDERS, group="orders", deps=[STORE_ORDERS.key.to_user_string()], kinds={"cscart"}),
            asset_spec(FILTERED_ORDERS, group="orders", deps=[RAW_ORDERS.name], kinds={"python"}),
            asset_spec(PLATFORM_ORDERS, group="orders", deps=[FILTERED_ORDERS.name], kinds={"sql"}),
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def orders(context: dg.AssetExecutionContext, config: WalkConfig) -> Iterator[dg.MaterializeResult[None]]:
        yield from walk_clients(context, house, walk_orders, config)

    return orders
