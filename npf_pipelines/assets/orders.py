"""Orders, from the store to the platform: raw_orders → filtered_orders → platform_orders, by client and day placed.

Thin: pull, decide, import, write. Not here: the decisions (rules/orders.py).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Any

import dagster as dg

from npf_pipelines.assets.order_rows import order_of, row_of
from npf_pipelines.assets.specs import STORE_ORDERS, asset_spec
from npf_pipelines.assets.store_statuses import statuses_of
from npf_pipelines.assets.walk import ClientWalk, walk_clients
from npf_pipelines.cscart.models import Order, UnreadableOrder
from npf_pipelines.cscart.statuses import status_letter
from npf_pipelines.cscart.store import Store
from npf_pipelines.house import House
from npf_pipelines.master_setup import MasterSetup
from npf_pipelines.partitions import consecutive
from npf_pipelines.rules.days import day_of, end_of_day, start_of_day
from npf_pipelines.rules.imports import order_number, platform_order
from npf_pipelines.rules.orders import Decision, OrderFilter, Verdict, decide, is_test
from npf_pipelines.tables import FILTERED_ORDERS, PLATFORM_ORDERS, RAW_ORDERS

Orders = list[Order | UnreadableOrder]


async def walk_orders(walk: ClientWalk) -> None:
    """Bring one client's days through the chain, each day whole before the next."""
    async with AsyncExitStack() as stack:
        store: Store | None = None
        if walk.wants(RAW_ORDERS) or walk.wants(FILTERED_ORDERS):
            store = await stack.enter_async_context(walk.house.store(walk.setup))
        wanted = await _order_filter(store, walk.setup) if store and walk.wants(FILTERED_ORDERS) else None
        async for day, orders in _days(walk, store):
            verdicts = await _filter(walk, day, orders, wanted) if wanted else None
            if walk.wants(PLATFORM_ORDERS):
                await _import(walk, day, orders, verdicts)


async def _days(walk: ClientWalk, store: Store | None) -> AsyncIterator[tuple[date, Orders]]:
    """Each day with its orders: pulled from the store, or as they were pulled last."""
    if not (store and walk.wants(RAW_ORDERS)):
        for day in walk.days:
            rows = walk.house.lake.read(RAW_ORDERS, client=walk.client, day=day)
            yield day, [order_of(row) for row in rows]
        return
    for first, last in consecutive(walk.days):
        async for day, orders in _pull(walk, store, first, last):
            rows = [row_of(order, walk.now, place) for place, order in enumerate(orders)]
            walk.finish(RAW_ORDERS, rows, day, **_note_before_start(walk.setup, day))
            yield day, orders


async def _pull(walk: ClientWalk, store: Store, first: date, last: date) -> AsyncIterator[tuple[date, Orders]]:
    """The days from first to last, empty ones too. The store lists by creation time, so a day ends with its last row.

    Days before the order start date are empty: the store isn't asked.
    """
    zone = walk.setup.zone
    day, orders = first, Orders()
    begin = max(first, walk.setup.orders.start_date)
    if begin <= last:
        end = end_of_day(last, zone) - timedelta(seconds=1)
        count = 0
        async for order in store.orders_placed(start_of_day(begin, zone), end):
            placed_on = day_of(order.placed_at, zone) if order.placed_at else day
            while day < placed_on:
                yield day, orders
                day, orders = day + timedelta(days=1), Orders()
            orders.append(order)
            count += 1
            if count % 1000 == 0:
                walk.say(f"{count} orders pulled, up to {day}")
        walk.say(f"{count} orders pulled from {begin} to {last}, {store.requests} requests")
    while day <= last:
        yield day, orders
        day, orders = day + timedelta(days=1), Orders()


async def _order_filter(store: Store, setup: MasterSetup) -> OrderFilter:
    statuses = await statuses_of(store)
    return OrderFilter(
        start=start_of_day(setup.orders.start_date, setup.zone),
        statuses=frozenset(status_letter(name, statuses) for name in setup.orders.statuses),
        countries=frozenset(setup.orders.countries) if setup.orders.countries is not None else None,
        status_names={status.letter: status.name for status in statuses},
    )


async def _filter(walk: ClientWalk, day: date, orders: Orders, wanted: OrderFilter) -> list[Verdict]:
    numbers = [order_number(walk.setup.orders.prefix, order.order_id or "") for order in orders]
    imported = await asyncio.to_thread(walk.house.platform.order_states, walk.client, numbers)
    verdicts = [
        decide(order, wanted, imported=number in imported and imported[number].store_order_id == order.order_id)
        for order, number in zip(orders, numbers, strict=True)
    ]
    rows = [
        {
            "order_id": row["order_id"],
            "order_number": order_number(walk.setup.orders.prefix, row["order_id"]),
            "decision": verdict.decision,
            "rule": verdict.rule,
            "reason": verdict.reason,
            "status": row["status"],
            "is_test": isinstance(order, Order) and is_test(order),
            "placed_at": row["placed_at"],
            "decided_at": walk.now,
        }
        for place, (order, verdict) in enumerate(zip(orders, verdicts, strict=True))
        for row in [row_of(order, walk.now, place)]
    ]
    walk.finish(FILTERED_ORDERS, rows, day, **_note_before_start(walk.setup, day))
    return verdicts


async def _import(walk: ClientWalk, day: date, orders: Orders, verdicts: list[Verdict] | None) -> None:
    if verdicts is None:
        decided = walk.house.lake.read(FILTERED_ORDERS, client=walk.client, day=day)
        accepted_ids = {row["order_id"] for row in decided if row["decision"] == Decision.ACCEPTED}
        accepted = [order for order in orders if order.order_id in accepted_ids]
    else:
        judged = zip(orders, verdicts, strict=True)
        accepted = [order for order, verdict in judged if verdict.decision is Decision.ACCEPTED]
    to_import = [platform_order(order, walk.setup.orders.prefix) for order in accepted if isinstance(order, Order)]
    results = await asyncio.to_thread(walk.house.platform.import_orders, walk.client, to_import, walk.now)
    rows: list[dict[str, Any]] = [
        {
            "order_id": order.store_order_id,
            "order_number": order.order_number,
            "outcome": results[order.order_number].outcome,
            "reason": results[order.order_number].reason,
            "imported_at": results[order.order_number].imported_at,
        }
        for order in to_import
    ]
    walk.finish(PLATFORM_ORDERS, rows, day, **_note_before_start(walk.setup, day))


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
    def orders(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        yield from walk_clients(context, house, walk_orders)

    return orders
