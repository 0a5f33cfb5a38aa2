"""One order's shipments: missing ones are created, corrected ones replaced, withdrawn ones deleted.

CS-Cart cuts quantities silently and lets anything be made twice: missing shipments are found by reading.
Not here: the decisions (shipment_decisions.py), single writes (shipment_writes.py), reading back (read_back.py).
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import LONGEST_LABEL, Shipment
from npf_pipelines.reconcile.failure_policy import raise_if_permanent
from npf_pipelines.reconcile.shipment_decisions import (
    as_allocated,
    compare,
    find_outdated,
    obstacle,
    unchanged_results,
    with_shipped,
)
from npf_pipelines.reconcile.shipment_results import present_result, with_note, withdrawn_result
from npf_pipelines.reconcile.shipment_writes import ShipmentWriter
from npf_pipelines.reconcile.tracking_plan import OrderShipments, TrackingPlan
from npf_pipelines.reconcile.tracking_results import ShipmentResult, WrittenOrder
from npf_pipelines.rules.allocation import Allocation, allocate
from npf_pipelines.state.unknown_ends import NotedWrites

_TOO_LONG = (
    f"the tracking number is longer than the {LONGEST_LABEL} characters that a store keeps: correct it on the platform"
)


async def write_shipments(
    store: Store,
    lodged_order: OrderShipments,
    order: Order,
    plan: TrackingPlan,
    writes: NotedWrites,
    *,
    compare_again: bool,
) -> WrittenOrder:
    """Bring the store to where each lodged shipment of the order is there once.

    Args:
        store: the client's store.
        lodged_order: the platform's side.
        order: the store's order.
        plan: the push's plan.
        writes: records each write.
        compare_again: whether shipments that differed when they were made are compared again.

    Raises:
        StoreError: a permanent one. After any other the shipments not reached are WAITING.
        LeaseLost: another run may have begun to write.
    """
    if not compare_again and (results := unchanged_results(lodged_order, order)) is not None:
        return WrittenOrder(lodged_order, order, results)
    writer = ShipmentWriter(store, order, lodged_order.state.order_number, plan, writes)
    written = WrittenOrder(lodged_order, order)
    try:
        in_store = await store.shipments_of(order.order_id) if order.shipment_ids else []
        async for step in _steps(replace(written, in_store=in_store), plan, writer):
            written = step
    except StoreError as error:
        raise_if_permanent(error)
        return written.with_missing_results(PushOutcome.WAITING, str(error))
    return written


async def _steps(written: WrittenOrder, plan: TrackingPlan, writer: ShipmentWriter) -> AsyncIterator[WrittenOrder]:
    """The order after each step: a step that fails takes nothing from those before it."""
    lodged_order, order = written.lodged_order, written.order
    outdated = find_outdated(lodged_order, order, written.in_store, plan)
    async for step in _with_deleted(written, outdated, plan, writer):
        yield (written := step)
    comparison = compare(lodged_order, order, written.in_store, plan)
    written = written.with_results(comparison.results)
    yield written
    async for step in _with_deleted(written, comparison.orphans, plan, writer):
        yield (written := step)
    gone = lodged_order.withdrawn - written.results.keys()
    written = written.with_results(
        {shipment_id: withdrawn_result(was_there=False, dry_run=plan.dry_run) for shipment_id in gone}
    )
    yield written
    async for step in _with_created(written, comparison.present, plan, writer):
        yield (written := step)


async def _with_deleted(
    written: WrittenOrder, to_delete: Mapping[str, Shipment], plan: TrackingPlan, writer: ShipmentWriter
) -> AsyncIterator[WrittenOrder]:
    for shipment_id, store_shipment in to_delete.items():
        if plan.dry_run:
            left = [listed for listed in written.in_store if listed.shipment_id != store_shipment.shipment_id]
            written = replace(written, in_store=left)
        else:
            written = replace(written, is_exact=False)
            yield written
            written = replace(written, in_store=await writer.delete(store_shipment, written.in_store))
        if shipment_id in written.lodged_order.withdrawn:
            result = withdrawn_result(was_there=True, dry_run=plan.dry_run)
            written = written.with_results({shipment_id: result})
        yield written


async def _with_created(
    written: WrittenOrder, present: Mapping[str, Shipment], plan: TrackingPlan, writer: ShipmentWriter
) -> AsyncIterator[WrittenOrder]:
    taken = {store_shipment.shipment_id for store_shipment in present.values()}
    strangers = [store_shipment for store_shipment in written.in_store if store_shipment.shipment_id not in taken]
    reserved: list[Shipment] = []
    for shipment in written.lodged_order.lodged:
        shipment_id = shipment.shipment_id
        if shipment_id in written.results:
            continue
        if not shipment.quantities and shipment.kit_note:
            result = ShipmentResult(PushOutcome.PART_OF_KIT, f"{shipment.kit_note}; nothing in the store shows it")
            written = written.with_results({shipment_id: result})
        elif store_shipment := present.get(shipment_id):
            before = written.lodged_order.pushed_before.get(shipment_id)
            result = present_result(shipment, plan.label(shipment), store_shipment, written.order, before)
            written = written.with_results({shipment_id: result})
        else:
            allocation = allocate(shipment.quantities, written.order, [*written.in_store, *reserved])
            if shipment_id in written.lodged_order.pushed_now:
                problem = obstacle(shipment, written.order, allocation, strangers)
                written = await _with_shipment(written, shipment, allocation, problem, plan=plan, writer=writer)
            elif not allocation.problem:
                # Its own day still has to bring this shipment into the store: these units are its.
                reserved.append(as_allocated("0", shipment, written.order, allocation.quantities))
        yield written


async def _with_shipment(
    written: WrittenOrder,
    shipment: LodgedShipment,
    allocation: Allocation,
    problem: str,
    *,
    plan: TrackingPlan,
    writer: ShipmentWriter,
) -> WrittenOrder:
    """The order after an attempt to make a shipment, if nothing is in its way."""
    shipment_id, order = shipment.shipment_id, written.order
    label = plan.label(shipment)
    if problem or label is None:
        return written.with_results({shipment_id: ShipmentResult(PushOutcome.SET_ASIDE, problem or _TOO_LONG)})
    if plan.dry_run:
        order = with_shipped(order, allocation.quantities)
        in_store = [*written.in_store, as_allocated("0", shipment, order, allocation.quantities)]
        reason = with_note(f"would be created with the carrier {label.carrier}", shipment, order)
        return replace(written, order=order, in_store=in_store).with_results(
            {shipment_id: ShipmentResult(PushOutcome.PLANNED, reason)}
        )
    before = written.lodged_order.pushed_before.get(shipment_id)
    attempt = await writer.create(shipment, label, allocation, written.in_store, before)
    created = {shipment_id: attempt.created} if attempt.created else {}
    return replace(
        written,
        in_store=attempt.in_store,
        created={**written.created, **created},
        is_exact=written.is_exact and attempt.is_exact,
    ).with_results({shipment_id: attempt.result})
