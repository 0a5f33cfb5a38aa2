"""The result for one shipment, by what the store shows of it.

Not here: which differences count (rules/parcels.py), reading the store (read_back.py, order_shipments.py).
"""

from npf_pipelines.cscart.carrier_links import CarrierLinks
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.reconcile.tracking_plan import PushedBefore
from npf_pipelines.reconcile.tracking_results import Created, ShipmentResult
from npf_pipelines.rules.allocation import fitting, left_out, skus_of
from npf_pipelines.rules.parcels import Label, differences, lacks_link


def read_back_result(
    shipment: LodgedShipment, created: Created, store_shipment: Shipment | None, order: Order, links: CarrierLinks
) -> ShipmentResult:
    """The result for a shipment made in a call that the store answered.

    Args:
        shipment: the lodged shipment.
        created: what was made.
        store_shipment: the store's shipment; None if the store doesn't show it.
        order: the store's order, read back.
        links: learns if the store shows no link where one was expected.
    """
    if store_shipment is None:
        return ShipmentResult(PushOutcome.WAITING, "the store answered, but has no such shipment")
    if skus_of(store_shipment, order) != fitting(shipment.quantities, order):
        return other_units_result(store_shipment, order)
    return created_result(shipment, created.label, store_shipment, order, links)


def created_result(
    shipment: LodgedShipment, label: Label, store_shipment: Shipment, order: Order, links: CarrierLinks
) -> ShipmentResult:
    """The result for a shipment made now, of which the store has the units as they were sent.

    Args:
        shipment: the lodged shipment.
        label: the fields written on it.
        store_shipment: the store's shipment.
        order: the store's order.
        links: learns if the store shows no link where one was expected.
    """
    made = store_shipment.shipment_id
    if lacks_link(label, store_shipment):
        # The next one has the URL in its comments, even if the store shows none: so this happens once.
        links.learn_missing(label.carrier)
        reason = (
            f"made as {made}, but the store builds no link for the carrier {label.carrier} any more: to be made again"
            " with the tracking URL in its comments"
        )
        return ShipmentResult(PushOutcome.WAITING, reason, made)
    if differs := _difference(label, store_shipment):
        return ShipmentResult(PushOutcome.DIFFERS_IN_STORE, differs, made)
    return ShipmentResult(PushOutcome.CONFIRMED, with_note("created and read back", shipment, order), made)


def present_result(
    shipment: LodgedShipment, label: Label | None, store_shipment: Shipment, order: Order, before: PushedBefore | None
) -> ShipmentResult:
    """The result for a shipment that was in the store already; if it differed when it was made, compared again."""
    differs = before.differs if before and before.store_shipment_id == store_shipment.shipment_id else ""
    if differs and label:
        differs = _difference(label, store_shipment)
    return unchanged_result(shipment, order, differs, store_shipment.shipment_id)


def unchanged_result(
    shipment: LodgedShipment, order: Order, differs: str, store_shipment_id: str | None
) -> ShipmentResult:
    """The result for a shipment that is in the store and that this run leaves as it is."""
    outcome = PushOutcome.DIFFERS_IN_STORE if differs else PushOutcome.ALREADY_THERE
    reason = differs or with_note("in the store already", shipment, order)
    return ShipmentResult(outcome, reason, store_shipment_id)


def other_units_result(store_shipment: Shipment, order: Order) -> ShipmentResult:
    """The result for a shipment that the store made with other units than were sent."""
    has = ", ".join(f"{quantity} of {sku}" for sku, quantity in skus_of(store_shipment, order).items())
    reason = (
        f"the store made it otherwise ({has or 'nothing in it'}): correct shipment {store_shipment.shipment_id} there"
    )
    return ShipmentResult(PushOutcome.REFUSED, reason)


def withdrawn_result(*, was_there: bool, dry_run: bool) -> ShipmentResult:
    """The result for a shipment that the warehouse has withdrawn."""
    if dry_run and was_there:
        return ShipmentResult(PushOutcome.PLANNED, "withdrawn by the warehouse: would be deleted from the store")
    reason = "withdrawn by the warehouse: deleted from the store" if was_there else "withdrawn by the warehouse"
    return ShipmentResult(PushOutcome.WITHDRAWN, reason)


def with_note(reason: str, shipment: LodgedShipment, order: Order) -> str:
    """The reason, the units of the shipment that the order has no line for, and its parts that make no whole kit."""
    return "; ".join(filter(None, [reason, left_out(shipment.quantities, order), shipment.kit_note]))


def _difference(label: Label, store_shipment: Shipment) -> str:
    differs = differences(label, store_shipment)
    return differs and f"the store's shipment {store_shipment.shipment_id} shows {differs}: correct it there"
