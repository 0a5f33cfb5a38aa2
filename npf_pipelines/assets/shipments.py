"""Shipments, from the platform to the store: shipment_records → tracking_push, by client and day lodged.

Thin: read, select, push, write. Not here: the reading (shipment_records.py), which orders are pushed
(push_selection.py), the push itself (reconcile/tracking.py), the ledger of earlier pushes (tracking_ledger.py), which
earlier days are due (late_lodgements.py), how orders that a run names are found (named_shipments.py).
"""

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import dagster as dg

from npf_pipelines.assets.broken_days import broken_days
from npf_pipelines.assets.late_lodgements import late_lodgements
from npf_pipelines.assets.named_shipments import NamedShipments, find_shipments
from npf_pipelines.assets.planned_days import planned_days
from npf_pipelines.assets.push_selection import select_pushes
from npf_pipelines.assets.shipment_records import Lodged, read_records, records_as_written
from npf_pipelines.assets.specs import NPF_PLATFORM, asset_spec
from npf_pipelines.assets.store_facts import StoreFacts
from npf_pipelines.assets.tracking_ledger import Row, TrackingLedger, what_waits
from npf_pipelines.assets.zone_days import days_of_other_zone, keep_zone
from npf_pipelines.domain.outcomes import IN_STORE, PushOutcome, StatusOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.lake.tables import SHIPMENT_RECORDS, TRACKING_PUSH
from npf_pipelines.reconcile.tracking import Pushed, push_tracking
from npf_pipelines.reconcile.tracking_plan import OrderShipments, TrackingPlan
from npf_pipelines.rules.after_shipping import SHORT_AFTER
from npf_pipelines.rules.order_status import status_plan
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines.runs.kept_facts import kept_facts
from npf_pipelines.runs.run_clients import run_clients
from npf_pipelines.runs.run_scope import OrderSelection
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import Lease
from npf_pipelines.state.unknown_ends import read_unknown_ends


class DaysLeftOut(ClientFailure):
    """Days were not pushed, because the ledger of their earlier pushes can't be read."""


async def run_shipments(client_run: ClientRun, *, names: Collection[str] = ()) -> None:
    """Push one client's lodged shipments to its store, including unprocessed ones of earlier days.

    A run that names orders takes the shipments of these alone.
    """
    if names:
        await _run_named(client_run, find_shipments(client_run, names))
    elif not client_run.selects(SHIPMENT_RECORDS):
        await _push(client_run, records_as_written(client_run))
    elif not client_run.selects(TRACKING_PUSH):
        _read(client_run, _kept_facts(client_run))
    else:
        kept = _kept_facts(client_run)
        late = late_lodgements(client_run)
        late |= planned_days(client_run, PushOutcome, StatusOutcome)
        late -= set(client_run.days)
        if late:
            client_run.log(f"shipments lodged on {len(late)} earlier days, from {min(late)} on, are still to be pushed")
            client_run.add_days(late)
        await _push_and_keep_zone(client_run, _read(client_run, kept), kept)


def _kept_facts(client_run: ClientRun) -> Mapping[str, Any]:
    kept = kept_facts(client_run.tables)
    client_run.take_numbers(kept)
    return kept


async def _run_named(client_run: ClientRun, named: NamedShipments) -> None:
    client_run.add_days(named.days)
    if client_run.selects(SHIPMENT_RECORDS):
        lodged = read_records(client_run, named.days, named.numbers)
    else:
        lodged = records_as_written(client_run, named.numbers)
    if lodged and client_run.selects(TRACKING_PUSH):
        await _push(client_run, lodged, named.numbers)
    if named.why_not:
        raise ClientFailure("; ".join(named.why_not))


def _read(client_run: ClientRun, kept: Mapping[str, Any]) -> Lodged:
    days = {*client_run.days, *days_of_other_zone(client_run, "shipments", SHIPMENT_RECORDS, kept)}
    return read_records(client_run, sorted(days))


async def _push_and_keep_zone(client_run: ClientRun, lodged: Lodged, kept: Mapping[str, Any]) -> None:
    try:
        await _push(client_run, lodged)
    except DaysLeftOut:  # Their tables are still cut by the zone before.
        raise
    except ClientFailure:  # Some shipments wait for the store; the tables of all days are written.
        _keep_zone(client_run, kept)
        raise
    _keep_zone(client_run, kept)


def _keep_zone(client_run: ClientRun, kept: Mapping[str, Any]) -> None:
    if client_run.today in client_run.days:
        keep_zone(client_run, "shipments", kept)


async def _push(client_run: ClientRun, lodged: Lodged, only: Collection[str] | None = None) -> None:
    """Push the days whose earlier pushes are known; a day whose table can't be read fails on its own.

    Args:
        client_run: the client's part of the run.
        lodged: the shipments.
        only: the numbers of the orders that the run takes; None for all.
    """
    broken = broken_days(_ledger(client_run), lodged)
    failures = [str(error) for error in broken.values()]
    try:
        readable = {day: shipments for day, shipments in lodged.items() if day not in broken}
        await _push_days(client_run, readable, only)
    except ClientFailure as failure:
        if not broken:
            raise
        failures.append(str(failure))
    if broken:
        raise DaysLeftOut("; ".join(failures), has_broken_files=True)


async def _push_days(client_run: ClientRun, lodged: Lodged, only: Collection[str] | None) -> None:
    ledger = _ledger(client_run, only)
    if only is None and not any(lodged.values()) and not any(ledger.of_day(day) for day in lodged):
        for day in lodged:
            client_run.partitions.materialize(TRACKING_PUSH, [], day)
        return
    async with client_run.lease("shipments") as lease:
        await _push_lodged(client_run, lodged, lease, only)


async def _push_lodged(client_run: ClientRun, lodged: Lodged, lease: Lease, only: Collection[str] | None) -> None:
    """The push under the lease, which also keeps two runs from overwriting each other's ledger."""
    ledger = _ledger(client_run, only)  # Read after the lease was taken.
    selection = select_pushes(client_run, lodged, ledger)
    lodged, rows = selection.lodged, dict(selection.rows)
    if selection.orders:
        pushed = await _push_to_store(client_run, lodged, ledger, selection.orders, lease)
        rows |= {row.shipment_id: asdict(row) for row in pushed}
    if not client_run.dry_run:
        # A lost lease fails here: another run's ledger must not be overwritten. This run's intent names its shipments.
        lease.renew()
    waiting: list[Row] = []
    for day in lodged:
        table = ledger.table(day, lodged, rows, selection.held)
        waiting += _write_day(client_run, table, ledger.others(day), day)
        _count_confirmed(client_run, lodged[day], table)
    if waiting:
        # An order that waits only for a write of unknown end says nothing of the store: no reason to pause the client.
        unknown = read_unknown_ends(lease.engine, lease.client)
        raise ClientFailure(
            f"{len(waiting)} shipments wait for the store; the first: {what_waits(waiting[0])}",
            is_partial=any(row["outcome"] in IN_STORE for row in rows.values())
            or {row["order_number"] for row in waiting} <= unknown.keys(),
        )


async def _push_to_store(
    client_run: ClientRun, lodged: Lodged, ledger: TrackingLedger, orders: Sequence[OrderShipments], lease: Lease
) -> Sequence[Pushed]:
    """Write to the ledger what may be created in the store, then create it."""
    async with client_run.store() as store:
        facts = StoreFacts(store, client_run.setup, client_run.tables, now=client_run.now, log=client_run.log)
        plan = replace(await _tracking_plan(client_run, facts), links=facts.carrier_links())
        to_write = [order for order in orders if client_run.store_writes.allow(is_test=order.state.is_test)]
        for day, intent in ledger.intents(lodged, to_write).items():
            client_run.partitions.write_intent(TRACKING_PUSH, intent, day)
        try:
            pushed = await push_tracking(store, orders, plan, lease)
        finally:
            facts.keep_carrier_links(plan.links)
        client_run.log(f"{len(pushed)} shipments compared, {store.requests} requests, {store.writes} writes")
    return [_quiet(row, client_run.why_quiet) for row in pushed] if client_run.why_quiet else pushed


def _quiet(row: Pushed, why: str) -> Pushed:
    """A row that says why it is only planned."""
    if row.outcome is PushOutcome.PLANNED:
        row = replace(row, reason=f"{row.reason}; {why}")
    if row.status_outcome is StatusOutcome.PLANNED:
        row = replace(row, status_reason=f"{row.status_reason}; {why}")
    return row


def _write_day(client_run: ClientRun, rows: list[Row], others: Sequence[Row], day: date) -> list[Row]:
    """Write the day's table; the rows of the run's own orders that wait for the store."""
    table = [*rows, *others]
    write = (
        client_run.partitions.write_incomplete
        if any(what_waits(row) for row in table)
        else client_run.partitions.materialize
    )
    write(TRACKING_PUSH, table, day)
    return [row for row in rows if what_waits(row)]


def _count_confirmed(client_run: ClientRun, lodged: Sequence[LodgedShipment], table: Sequence[Row]) -> None:
    """Count how long the shipments took that the store is known to have since this run."""
    lodged_at = {shipment.shipment_id: shipment.lodged_at for shipment in lodged}
    client_run.counts.delays += [
        row["confirmed_at"] - lodged_at[row["shipment_id"]]
        for row in table
        if row["confirmed_at"] == client_run.now and row["shipment_id"] in lodged_at
    ]


def _ledger(client_run: ClientRun, only: Collection[str] | None = None) -> TrackingLedger:
    return TrackingLedger(client_run.tables, client_run.now, only)


async def _tracking_plan(client_run: ClientRun, facts: StoreFacts) -> TrackingPlan:
    tracking = client_run.setup.tracking
    return TrackingPlan(
        status_plan(
            await facts.meanings(),
            leaves_out_lines_without_code=client_run.setup.orders.lines_without_code == "leave_out",
        ),
        carriers=tracking.carriers,
        notify_customer=tracking.notify_customer,
        writes=client_run.store_writes,
        short_before=client_run.now - SHORT_AFTER,
    )


def shipments_assets(partitions: dg.PartitionsDefinition[Any]) -> dg.AssetsDefinition:
    """The two assets, made client by client in one step."""

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
    def shipments(
        context: dg.AssetExecutionContext, config: OrderSelection, services: dg.ResourceParam[Services]
    ) -> Iterator[dg.MaterializeResult[None]]:
        work = functools.partial(run_shipments, names=config.orders)
        yield from run_clients(context, services, work, config)

    return shipments
