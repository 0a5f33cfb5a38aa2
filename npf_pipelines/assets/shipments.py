"""Shipments, from the platform to the store: shipment_records → tracking_push, by client and day lodged.

Thin: read, push, write. Not here: the push itself (reconcile/tracking.py), what is remembered of it
(tracking_ledger.py), which earlier days are due (late_lodgements.py).
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import dagster as dg

from npf_pipelines.assets.broken_days import broken_days, waiting_for_file
from npf_pipelines.assets.held_shipments import held_shipments
from npf_pipelines.assets.late_lodgements import late_lodgements
from npf_pipelines.assets.specs import NPF_PLATFORM, asset_spec
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.assets.tracking_ledger import TrackingLedger, what_waits
from npf_pipelines.assets.zone_days import days_of_other_zone, keep_zone
from npf_pipelines.domain.days import day_of, end_of_day, start_of_day
from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment, normalised
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import SHIPMENT_RECORDS, TRACKING_PUSH
from npf_pipelines.reconcile.tracking import Pushed, push_tracking
from npf_pipelines.reconcile.tracking_work import OrderShipments, PushedBefore, TrackingPlan
from npf_pipelines.rules.after_shipping import SHORT_AFTER
from npf_pipelines.rules.order_status import status_plan
from npf_pipelines.rules.shipments import IN_STORE
from npf_pipelines.runs.client_run import ClientFailure, ClientRun, FlowConfig, run_clients
from npf_pipelines.runs.partitions import consecutive
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import Lease

Lodged = Mapping[date, Sequence[LodgedShipment]]


class DaysLeftOut(ClientFailure):
    """Days that were not pushed, because what is remembered of them can't be read."""


async def run_shipments(client_run: ClientRun) -> None:
    """Bring one client's lodged shipments into its store, those of earlier days that no run has dealt with included."""
    if not client_run.wants(SHIPMENT_RECORDS):
        if client_run.wants(TRACKING_PUSH):
            await _push(client_run, _records_as_written(client_run))
        return
    if client_run.wants(TRACKING_PUSH):
        late = await late_lodgements(client_run)
        if late:
            client_run.log(f"parcels lodged on {len(late)} earlier days, from {min(late)} on, are still to be pushed")
            client_run.add_days(late)
    lodged = await _records(
        client_run, sorted({*client_run.days, *days_of_other_zone(client_run, "shipments", SHIPMENT_RECORDS)})
    )
    if client_run.wants(TRACKING_PUSH):
        try:
            await _push(client_run, lodged)
        except DaysLeftOut:  # They are still cut by the zone before.
            raise
        except ClientFailure:  # Some shipments wait for the store, all of them on their days.
            _keep_zone(client_run)
            raise
        _keep_zone(client_run)


def _keep_zone(client_run: ClientRun) -> None:
    if day_of(client_run.now, client_run.setup.zone) in client_run.days:
        keep_zone(client_run, "shipments")


async def _records(client_run: ClientRun, days: Sequence[date]) -> Lodged:
    zone = client_run.setup.zone
    by_day: dict[date, list[LodgedShipment]] = {day: [] for day in days}
    for first, last in consecutive(days):
        start, end = start_of_day(first, zone), end_of_day(last, zone)
        for shipment in await asyncio.to_thread(
            client_run.services.platform.lodged_between, client_run.client, start, end
        ):
            day = day_of(shipment.lodged_at, zone)
            if day in by_day:  # Not so where its moment can't be read, which a database may sort anywhere.
                by_day[day].append(shipment)
    for day, shipments in by_day.items():
        client_run.materialize(
            SHIPMENT_RECORDS, [_record_row(shipment) | {"read_at": client_run.now} for shipment in shipments], day
        )
    return by_day


def _records_as_written(client_run: ClientRun) -> Lodged:
    return {
        day: [
            _record_of(row)
            for row in client_run.services.lake.read(SHIPMENT_RECORDS, client=client_run.client, day=day)
        ]
        for day in client_run.days
    }


async def _push(client_run: ClientRun, lodged: Lodged) -> None:
    """Push the days whose earlier pushes are known; a day whose table can't be read fails by itself."""
    broken = broken_days(TrackingLedger(client_run), lodged)
    failures = [str(error) for error in broken.values()]
    try:
        await _push_days(client_run, {day: shipments for day, shipments in lodged.items() if day not in broken})
    except ClientFailure as failure:
        if not broken:
            raise
        failures.append(str(failure))
    if broken:
        raise DaysLeftOut("; ".join(failures), has_broken_files=True)


async def _push_days(client_run: ClientRun, lodged: Lodged) -> None:
    ledger = TrackingLedger(client_run)
    if not any(lodged.values()) and not any(ledger.of_day(day) for day in lodged):
        for day in lodged:
            client_run.materialize(TRACKING_PUSH, [], day)
        return
    async with client_run.lease("shipments") as lease:
        await _push_lodged(client_run, lodged, lease)


async def _push_lodged(client_run: ClientRun, lodged: Lodged, lease: Lease) -> None:
    """The push under the lease, which also keeps two runs from overwriting what the other remembers."""
    ledger = TrackingLedger(client_run)
    orders, rows, held = await asyncio.to_thread(_by_order, client_run, lodged, ledger)
    if orders:
        async with client_run.store() as store:
            facts = StoreFacts(client_run, store)
            plan = replace(await _tracking_plan(client_run, facts), links=facts.carrier_links())
            ledger.announce(lodged, orders)
            try:
                pushed = await push_tracking(store, orders, plan, lease)
            finally:
                facts.keep_carrier_links(plan.links)
            client_run.log(f"{len(pushed)} shipments compared, {store.requests} requests, {store.writes} writes")
        rows |= {row.shipment_id: asdict(row) for row in pushed}
    if not client_run.dry_run:
        # What another run remembers by now must not be overwritten: what this one has made is announced anyway.
        await asyncio.to_thread(lease.renew)
    waiting: dict[str, str] = {}
    for day in lodged:
        table = ledger.table(day, lodged, rows, held)
        waits = {row["shipment_id"]: said for row in table if (said := what_waits(row))}
        waiting |= waits
        (client_run.write_incomplete if waits else client_run.materialize)(TRACKING_PUSH, table, day)
    if waiting:
        said = f"{len(waiting)} shipments wait for the store; the first: {next(iter(waiting.values()))}"
        raise ClientFailure(said, is_partial=any(row["outcome"] in IN_STORE for row in rows.values()))


def _by_order(
    client_run: ClientRun, lodged: Lodged, ledger: TrackingLedger
) -> tuple[list[OrderShipments], dict[str, dict[str, Any]], Collection[str]]:
    """The orders to work on, with all that is lodged of them; the rows that need no work; which shipments are held."""
    now: defaultdict[str, set[str]] = defaultdict(set)
    for shipment in (shipment for shipments in lodged.values() for shipment in shipments):
        now[shipment.order_number].add(shipment.shipment_id)
    missing = {
        shipment_id: (row, day)
        for day, shipments in lodged.items()
        for there in [{shipment.shipment_id for shipment in shipments}]
        for shipment_id, row in ledger.of_day(day).items()
        if shipment_id not in there
    }
    numbers = now.keys() | {row["order_number"] for row, _ in missing.values()}
    states = client_run.services.platform.order_states(client_run.client, numbers)
    everything = client_run.services.platform.shipments_of(client_run.client, states)
    before: defaultdict[str, dict[str, PushedBefore]] = defaultdict(dict)
    unknown_before: dict[str, BrokenFile] = {}
    missing_of: defaultdict[str, dict[str, date]] = defaultdict(dict)
    for shipment_id, (row, day) in missing.items():
        missing_of[row["order_number"]][shipment_id] = day
    for number in states:
        days = {
            shipment.shipment_id: day_of(shipment.lodged_at, client_run.setup.zone)
            for shipment in everything.get(number, [])
        }
        days |= {one: day for one, day in missing_of[number].items() if one not in days}
        try:
            pushed = {one: ledger.pushed(one, day) for one, day in days.items()}
        except BrokenFile as error:
            unknown_before[number] = error
            continue
        before[number] = {one: known for one, known in pushed.items() if known}
    moved = {shipment.shipment_id for shipments in everything.values() for shipment in shipments}
    withdrawn = {one: _withdrawn(row) for one, (row, _) in missing.items() if one not in moved}
    orders = [
        OrderShipments(state, everything.get(number, []), frozenset(now[number]), before[number])
        for number, state in sorted(states.items())
        if number not in unknown_before and (number in now or before[number])
    ]
    held: dict[str, Mapping[str, dict[str, Any]]] = {
        number: waiting_for_file(everything.get(number, []), error, ledger, client_run.setup.zone)
        for number, error in unknown_before.items()
    }
    readable = {number: state for number, state in states.items() if number not in unknown_before}
    held |= held_shipments(readable, everything, ledger, client_run.setup.zone)
    orders = [one for one in orders if one.state.order_number not in held]
    aside = {
        shipment_id: row
        for number, of_order in held.items()
        for shipment_id, row in of_order.items()
        if shipment_id in now[number]
    }
    unknown = {
        shipment.shipment_id: asdict(_unknown(shipment))
        for shipments in lodged.values()
        for shipment in shipments
        if shipment.order_number not in states
    }
    return orders, unknown | withdrawn | aside, aside.keys()


def _withdrawn(row: dict[str, Any]) -> dict[str, Any]:
    """The row of a shipment that is no longer lodged, until the store has been asked about it."""
    if row["outcome"] == PushOutcome.WITHDRAWN:
        return row
    if row["store_shipment_id"] is None and not row["sent"]:
        return row | {"outcome": PushOutcome.WITHDRAWN, "reason": "withdrawn before it was in the store"}
    reason = "withdrawn by the warehouse, but still to be deleted from the store"
    return row | {"outcome": PushOutcome.WAITING, "reason": reason}


def _unknown(shipment: LodgedShipment) -> Pushed:
    return Pushed(
        shipment.shipment_id,
        shipment.order_number,
        PushOutcome.SET_ASIDE,
        f"the platform has no order {shown(shipment.order_number)}: correct the shipment there",
        None,
        None,
        StatusOutcome.NOT_ASKED,
        "the shipment belongs to no order",
    )


async def _tracking_plan(client_run: ClientRun, facts: StoreFacts) -> TrackingPlan:
    tracking = client_run.setup.tracking
    return TrackingPlan(
        status_plan(
            await facts.meanings(),
            leaves_out_lines_without_code=client_run.setup.orders.lines_without_code == "leave_out",
        ),
        carriers=tracking.carriers,
        notify_customer=tracking.notify_customer,
        dry_run=client_run.dry_run,
        short_before=client_run.now - SHORT_AFTER,
    )


def _record_row(shipment: LodgedShipment) -> dict[str, Any]:
    quantities = [{"sku": sku, "quantity": quantity} for sku, quantity in shipment.quantities.items()]
    row = {name: value for name, value in vars(shipment).items() if name != "as_written"}
    return row | {"quantities": quantities, "unreadable": shipment.unreadable or None}


def _record_of(row: dict[str, Any]) -> LodgedShipment:
    fields = {name: value for name, value in row.items() if name != "read_at"}
    quantities = {one["sku"]: one["quantity"] for one in row["quantities"]}
    return normalised(LodgedShipment(**fields | {"quantities": quantities, "unreadable": row["unreadable"] or ""}))


def shipments_assets(services: Services, partitions: dg.PartitionsDefinition[Any]) -> dg.AssetsDefinition:
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
    def shipments(context: dg.AssetExecutionContext, config: FlowConfig) -> Iterator[dg.MaterializeResult[None]]:
        yield from run_clients(context, services, run_shipments, config)

    return shipments
