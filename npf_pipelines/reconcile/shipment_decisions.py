"""Decisions on one order's shipments, from what the store has of it: what is there, what to delete, what to make.

No I/O. Not here: how single shipments are matched and allocated (rules/shipments.py), the writes (shipment_writes.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.reconcile.shipment_results import unchanged_result
from npf_pipelines.reconcile.tracking_plan import (
    NOT_READ_BACK,
    OrderShipments,
    PushedBefore,
    TrackingPlan,
    has_content,
)
from npf_pipelines.reconcile.tracking_results import Results, ShipmentResult
from npf_pipelines.rules.allocation import Allocation
from npf_pipelines.rules.parcels import is_as_labelled
from npf_pipelines.rules.shipments import find_orphans, made_otherwise, match


def unchanged_results(lodged_order: OrderShipments, order: Order) -> Results | None:
    """The results where an earlier run put just this into the store and the store still has it; None elsewhere.

    No shipment of such an order needs to be read.
    """
    before = lodged_order.pushed_before
    in_store = {pushed.store_shipment_id for pushed in before.values()}
    is_unchanged = (
        before.keys() == {shipment.shipment_id for shipment in lodged_order.lodged}
        # Two equal shipments, each with a store shipment of its own.
        and len(in_store) == len(lodged_order.lodged)
        and in_store <= set(order.shipment_ids)
        and all(has_content(shipment, before[shipment.shipment_id].content) for shipment in lodged_order.lodged)
    )
    if not is_unchanged:
        return None
    return {
        shipment.shipment_id: unchanged_result(shipment, order, pushed.differs, pushed.store_shipment_id)
        for shipment in lodged_order.lodged
        if (pushed := before[shipment.shipment_id])
    }


def find_outdated(
    lodged_order: OrderShipments, order: Order, in_store: Sequence[Shipment], plan: TrackingPlan
) -> Mapping[str, Shipment]:
    """The store's shipments to delete, by shipment_id: pushed before, and withdrawn or corrected since."""
    lodged = {shipment.shipment_id: shipment for shipment in lodged_order.lodged}
    by_id = {store_shipment.shipment_id: store_shipment for store_shipment in in_store}
    return {
        shipment_id: store_shipment
        for shipment_id, before in lodged_order.pushed_before.items()
        if (store_shipment := by_id.get(before.store_shipment_id or ""))
        # Another parcel's correction may change it: only a run of its own day can make it again.
        and not (lodged_order.has_kits and shipment_id in lodged and shipment_id not in lodged_order.pushed_now)
        and _is_outdated(order, before, lodged.get(shipment_id), store_shipment, plan)
    }


def _is_outdated(
    order: Order, before: PushedBefore, shipment: LodgedShipment | None, store_shipment: Shipment, plan: TrackingPlan
) -> bool:
    if shipment is None:
        return True
    if before.content == NOT_READ_BACK:
        return not _is_as_lodged(store_shipment, shipment, order, plan)
    return not has_content(shipment, before.content)


@dataclass(frozen=True)
class Comparison:
    """An order's lodged shipments compared with the store's, after outdated ones were deleted.

    Attributes:
        present: the store's shipments that match lodged ones, by shipment_id.
        orphans: what a run made that was cut off, and that has been withdrawn since: to be deleted, by shipment_id.
        results: of the shipments that wait for the next run.
    """

    present: Mapping[str, Shipment]
    orphans: Mapping[str, Shipment]
    results: Results


def compare(lodged_order: OrderShipments, order: Order, in_store: Sequence[Shipment], plan: TrackingPlan) -> Comparison:
    """Compare what is lodged with what is in the store, also with what a run made that was cut off.

    A shipment to replace is only recorded: once the next run knows the store's id of it, that run can be cut off, too,
    and still no customer gets two mails.
    """
    lodged = {shipment.shipment_id: shipment for shipment in lodged_order.lodged}
    before = lodged_order.pushed_before
    known = {
        shipment_id: pushed.store_shipment_id for shipment_id, pushed in before.items() if pushed.store_shipment_id
    }
    present = match(lodged_order.lodged, order, in_store, known)
    sent = {shipment_id: pushed.sent for shipment_id, pushed in before.items()}
    found = find_orphans(sent, order, in_store, present)
    for shipment_id, store_shipment in present.items():
        pushed = before.get(shipment_id)
        is_unrecorded = pushed is not None and pushed.store_shipment_id != store_shipment.shipment_id and pushed.sent
        if is_unrecorded and not _is_as_lodged(store_shipment, lodged[shipment_id], order, plan):
            found[shipment_id] = store_shipment
    results = {
        shipment_id: ShipmentResult(
            PushOutcome.WAITING,
            f"made as {found[shipment_id].shipment_id} by a run that was cut off, and corrected since: to be replaced",
            found[shipment_id].shipment_id,
        )
        for shipment_id in found
        if shipment_id in lodged
    }
    if results:
        # A shipment to replace may hold the units that the order's other shipments need.
        reason = "another parcel of the order is to be replaced first"
        waiting = lodged.keys() - present.keys() - found.keys()
        results |= {shipment_id: ShipmentResult(PushOutcome.WAITING, reason) for shipment_id in waiting}
    orphans = {shipment_id: found[shipment_id] for shipment_id in found if shipment_id not in lodged}
    return Comparison(present, orphans, results)


def obstacle(shipment: LodgedShipment, order: Order, allocation: Allocation, strangers: Sequence[Shipment]) -> str:
    """Why a shipment can't be made, with what to do; empty if it can.

    Args:
        shipment: the lodged shipment.
        order: the store's order.
        allocation: the shipment's units on the order's lines.
        strangers: the store's shipments of the order that somebody else made.
    """
    if not shipment.carrier and not shipment.tracking_number:
        return "lodged without carrier and tracking number, which the store demands: complete it on the platform"
    if allocation.problem:
        return f"{allocation.problem}: compare the order in store and warehouse"
    if store_shipment := made_otherwise(shipment, order, strangers):
        return (
            f"the store's shipment {store_shipment.shipment_id} has this tracking number, but other units: compare the"
            " two, and correct or delete it there"
        )
    return ""


def as_allocated(
    store_shipment_id: str, shipment: LodgedShipment, order: Order, quantities: Mapping[str, int]
) -> Shipment:
    """The store's shipment as it should be once it is made, for allocating the order's other shipments."""
    return Shipment(
        shipment_id=store_shipment_id,
        order_id=order.order_id,
        shipping_id=None,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        comments="",
        tracking_url="",
        quantities=dict(quantities),
    )


def with_shipped(order: Order, quantities: Mapping[str, int]) -> Order:
    """The order as its lines would be with a further shipment of these units, by item_id."""
    lines = [
        line.model_copy(update={"shipped": line.shipped + quantities.get(line.item_id, 0)}) for line in order.lines
    ]
    return order.model_copy(update={"lines": tuple(lines)})


def _is_as_lodged(store_shipment: Shipment, shipment: LodgedShipment, order: Order, plan: TrackingPlan) -> bool:
    """Whether the store has the shipment as it is lodged now, to the last field."""
    label = plan.label(shipment)
    return (
        label is not None and bool(match([shipment], order, [store_shipment])) and is_as_labelled(label, store_shipment)
    )
