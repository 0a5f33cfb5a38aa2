"""Which shipments of a store are the lodged ones.

Not here: how a lodged shipment becomes lines of an order (allocation.py), which order status follows
(order_status.py).
"""

import json
from collections.abc import Collection, Mapping, Sequence

from npf_pipelines.domain.keys import as_label, units_by_key
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.rules.allocation import fitting, skus_of
from npf_pipelines.rules.parcels import number_forms


def match(
    lodged: Sequence[LodgedShipment],
    order: Order,
    in_store: Sequence[Shipment],
    known: Mapping[str, str] | None = None,
) -> dict[str, Shipment]:
    """Match the store's shipments with the lodged ones by tracking number and lines, each used once.

    Args:
        lodged: every shipment that the platform has of the order, of all days.
        order: the store's order.
        in_store: the store's shipments of the order.
        known: the store's shipment id by the platform's shipment_id, for shipments that an earlier run created as
            they are lodged now. They stay matched, even if number and lines have changed in the store since.

    Returns:
        The store's shipment by the platform's shipment_id; a lodged shipment that the store doesn't have is left out.
    """
    known = known or {}
    free = sorted(in_store, key=lambda shipment: int(shipment.shipment_id))
    by_age = sorted(lodged, key=lambda shipment: (shipment.lodged_at, shipment.shipment_id))
    found: dict[str, Shipment] = {}
    for by_id in (True, False):
        for shipment in by_age:
            if by_id:
                alike = (each for each in free if each.shipment_id == known.get(shipment.shipment_id))
            else:
                parcel = (shipment.tracking_number, shipment.quantities)
                alike = (each for each in free if _is_alike(*parcel, each, order))
            store_shipment = next(alike, None)
            if store_shipment and shipment.shipment_id not in found:
                found[shipment.shipment_id] = store_shipment
                free.remove(store_shipment)
    return found


def _is_alike(tracking_number: str, quantities: Mapping[str, int], store_shipment: Shipment, order: Order) -> bool:
    """Whether a store's shipment has the number and the units that fit the order; the others are in no shipment."""
    fits = fitting(quantities, order)
    return bool(fits) and has_number(store_shipment, tracking_number) and skus_of(store_shipment, order) == fits


def has_number(store_shipment: Shipment, tracking_number: str) -> bool:
    """Whether a store's shipment has a tracking number, in any form in which the store may have it."""
    return as_label(store_shipment.tracking_number) in number_forms(tracking_number)


def made_otherwise(lodged: LodgedShipment, order: Order, strangers: Sequence[Shipment]) -> Shipment | None:
    """The store's shipment that is probably the lodged one with other lines: a second one would ship its units twice.

    Args:
        lodged: a lodged shipment that has no match in the store.
        order: the store's order.
        strangers: the store's shipments of the order that the pipeline didn't create.
    """
    if not lodged.tracking_number:
        return None
    on_order = {line.item_id for line in order.lines}
    for store_shipment in strangers:
        shared = skus_of(store_shipment, order).keys() & lodged.quantities.keys()
        if has_number(store_shipment, lodged.tracking_number) and (
            shared or store_shipment.quantities.keys() - on_order
        ):
            return store_shipment
    return None


def fingerprint(tracking_number: str, quantities: Mapping[str, int]) -> str:
    """Tracking number and units by SKU, by which a shipment is found again in the store; not carrier and comments."""
    return json.dumps([tracking_number, sorted(quantities.items())])


def normalised_fingerprint(written: str) -> str:
    """The fingerprint as it is made now, from one that an earlier release made of text that wasn't normalised."""
    tracking_number, quantities = json.loads(written)
    return fingerprint(as_label(tracking_number), units_by_key(quantities))


def find_orphans(
    sent: Mapping[str, Collection[str]], order: Order, in_store: Sequence[Shipment], matched: Mapping[str, Shipment]
) -> dict[str, Shipment]:
    """The store's shipments that an interrupted run created, in the form of that time.

    Args:
        sent: the fingerprints that earlier runs announced, by the platform's shipment_id.
        order: the store's order.
        in_store: the store's shipments of the order.
        matched: the shipments of the store that match a lodged one, by the platform's shipment_id.

    Returns:
        The store's shipment by the platform's shipment_id.
    """
    taken = {store_shipment.shipment_id for store_shipment in matched.values()}
    free = [store_shipment for store_shipment in in_store if store_shipment.shipment_id not in taken]
    found: dict[str, Shipment] = {}
    for shipment_id, fingerprints in sent.items():
        parcels = [(number, dict(quantities)) for number, quantities in map(json.loads, fingerprints)]
        alike = (each for each in free if any(_is_alike(*parcel, each, order) for parcel in parcels))
        store_shipment = next(alike, None)
        if store_shipment and shipment_id not in matched:
            found[shipment_id] = store_shipment
            free.remove(store_shipment)
    return found
