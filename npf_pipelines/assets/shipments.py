"""Shipments, from the platform to the store: shipment_records → tracking_push, by client and day lodged.

Thin: read, push, write. Not here: the push itself (reconcile/tracking.py).
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import dagster as dg

from npf_pipelines.assets.specs import NPF_PLATFORM, asset_spec
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.assets.walk import ClientFailure, ClientWalk, walk_clients
from npf_pipelines.cscart.statuses import status_letter
from npf_pipelines.house import House
from npf_pipelines.master_setup import MasterSetup
from npf_pipelines.partitions import consecutive
from npf_pipelines.platform.lease import held_lease
from npf_pipelines.platform.models import LodgedShipment
from npf_pipelines.reconcile.tracking import OrderShipments, Pushed, TrackingPlan, push_tracking
from npf_pipelines.rules.days import day_of, end_of_day, start_of_day
from npf_pipelines.rules.order_status import StatusOutcome, StatusPlan
from npf_pipelines.rules.shipments import PushOutcome
from npf_pipelines.tables import SHIPMENT_RECORDS, TRACKING_PUSH

Lodged = Mapping[date, Sequence[LodgedShipment]]


async def walk_shipments(walk: ClientWalk) -> None:
    """Bring one client's lodged shipments into its store."""
    lodged = await _records(walk) if walk.wants(SHIPMENT_RECORDS) else _records_as_written(walk)
    if walk.wants(TRACKING_PUSH):
        await _push(walk, lodged)


async def _records(walk: ClientWalk) -> Lodged:
    zone = walk.setup.zone
    by_day: dict[date, list[LodgedShipment]] = {day: [] for day in walk.days}
    for first, last in consecutive(walk.days):
        start, end = start_of_day(first, zone), end_of_day(last, zone)
        for shipment in await asyncio.to_thread(walk.house.platform.lodged_between, walk.client, start, end):
            by_day[day_of(shipment.lodged_at, zone)].append(shipment)
    for day, shipments in by_day.items():
        walk.finish(SHIPMENT_RECORDS, [_record_row(shipment) | {"read_at": walk.now} for shipment in shipments], day)
    return by_day


def _records_as_written(walk: ClientWalk) -> Lodged:
    return {
        day: [_record_of(row) for row in walk.house.lake.read(SHIPMENT_RECORDS, client=walk.client, day=day)]
        for day in walk.days
    }


async def _push(walk: ClientWalk, lodged: Lodged) -> None:
    orders, unknown = await asyncio.to_thread(_by_order, walk, [s for day in lodged.values() for s in day])
    pushed = list(unknown)
    if orders:
        async with (
            held_lease(walk.house.engine, walk.client, "shipments") as lease,
            walk.house.store(walk.setup) as store,
        ):
            plan = await _tracking_plan(StoreFacts(walk, store), walk.setup)
            pushed += await push_tracking(store, orders, plan, lease)
            walk.say(f"{len(pushed)} shipments compared, {store.requests} requests, {store.writes} writes")
    rows = {row.shipment_id: asdict(row) | {"pushed_at": walk.now} for row in pushed}
    waiting = {row.shipment_id: _what_waits(row) for row in pushed if _what_waits(row)}
    for day, shipments in lodged.items():
        ids = [shipment.shipment_id for shipment in shipments]
        write = walk.keep if waiting.keys() & set(ids) else walk.finish
        write(TRACKING_PUSH, [rows[shipment_id] for shipment_id in ids], day)
    if waiting:
        raise ClientFailure(f"{len(waiting)} shipments wait for the store; the first: {next(iter(waiting.values()))}")


def _by_order(walk: ClientWalk, lodged: Sequence[LodgedShipment]) -> tuple[list[OrderShipments], list[Pushed]]:
    """The shipments by order, with everything else lodged of these orders; and those of unknown orders."""
    now: defaultdict[str, set[str]] = defaultdict(set)
    for shipment in lodged:
        now[shipment.order_number].add(shipment.shipment_id)
    states = walk.house.platform.order_states(walk.client, now)
    everything = walk.house.platform.shipments_of(walk.client, states)
    orders = [
        OrderShipments(state, everything[number], frozenset(now[number])) for number, state in sorted(states.items())
    ]
    unknown = [_unknown(shipment) for shipment in lodged if shipment.order_number not in states]
    return orders, unknown


def _unknown(shipment: LodgedShipment) -> Pushed:
    return Pushed(
        shipment.shipment_id,
        shipment.order_number,
        PushOutcome.SET_ASIDE,
        f"the platform has no order {shipment.order_number}: correct the shipment there",
        None,
        None,
        StatusOutcome.NOT_ASKED,
        "the shipment belongs to no order",
    )


async def _tracking_plan(facts: StoreFacts, setup: MasterSetup) -> TrackingPlan:
    tracking = setup.tracking
    names = [*setup.orders.statuses, tracking.shipped_status, tracking.partially_shipped_status]
    statuses = await facts.statuses(name for name in names if name)

    def letter(name: str | None) -> str | None:
        return None if name is None else status_letter(name, statuses)

    return TrackingPlan(
        StatusPlan(
            imported_from=frozenset(status_letter(name, statuses) for name in setup.orders.statuses),
            shipped=letter(tracking.shipped_status),
            partially_shipped=letter(tracking.partially_shipped_status),
        ),
        carriers=tracking.carriers,
        notify_customer=tracking.notify_customer,
    )


def _what_waits(row: Pushed) -> str:
    if row.outcome is PushOutcome.WAITING:
        return row.reason
    in_store = row.outcome in {PushOutcome.CONFIRMED, PushOutcome.ALREADY_THERE}
    return row.status_reason if in_store and row.status_outcome is StatusOutcome.WAITING else ""


def _record_row(shipment: LodgedShipment) -> dict[str, Any]:
    quantities = [{"sku": sku, "quantity": quantity} for sku, quantity in shipment.quantities.items()]
    return asdict(shipment) | {"quantities": quantities}


def _record_of(row: dict[str, Any]) -> LodgedShipment:
    fields = {name: value for name, value in row.items() if name != "read_at"}
    return LodgedShipment(**fields | {"quantities": {one["sku"]: one["quantity"] for one in row["quantities"]}})


def shipments_assets(house: House, partitions: dg.PartitionsDefinition[Any]) -> dg.AssetsDefinition:
    """The two assets, made by one walk."""

    @dg.multi_asset(
        name="shipments",
        specs=[
            asset_spec(SHIPMENT_RECORDS, group="shipments", deps=[NPF_PLATFORM.key.to_user_string()], kinds={"sql"}),
            asset_spec(TRACKING_PUSH, group="shipments", deps=[SHIPMENT_RECORDS.name], kinds={"cscart"}),
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def shipments(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        yield from walk_clients(context, house, walk_shipments)

    return shipments
