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
    """Which shipment of the store is which of ours: by tracking number and lines, each used once.

    Args:
        lodged: every shipment the platform has of the order, also those of other days.
        order: the store's order.
        in_store: the store's shipments of it.
        known: the store's ids of those that an earlier run has made as they are lodged now, by our shipment_id. They
            stay ours, whatever the store or the merchant has made of number and lines since.

    Returns:
        The store's shipment by our shipment_id; ours that the store doesn't have are left out.
    """
    known = known or {}
    free = sorted(in_store, key=lambda shipment: int(shipment.shipment_id))
    by_age = sorted(lodged, key=lambda shipment: (shipment.lodged_at, shipment.shipment_id))
    found: dict[str, Shipment] = {}
    for is_first in (True, False):
        for ours in by_age:
            if is_first:
                alike = (theirs for theirs in free if theirs.shipment_id == known.get(ours.shipment_id))
            else:
                parcel = (ours.tracking_number, ours.quantities)
                alike = (theirs for theirs in free if _is_alike(*parcel, theirs, order))
            theirs = next(alike, None)
            if theirs and ours.shipment_id not in found:
                found[ours.shipment_id] = theirs
                free.remove(theirs)
    return found


def _is_alike(tracking_number: str, quantities: Mapping[str, int], theirs: Shipment, order: Order) -> bool:
    """Whether a store's shipment has the number and what fits of the units; what fits nowhere is in no shipment."""
    fits = fitting(quantities, order)
    return bool(fits) and has_number(theirs, tracking_number) and skus_of(theirs, order) == fits


def has_number(theirs: Shipment, tracking_number: str) -> bool:
    """Whether a store's shipment has a tracking number, in any form in which the store may have it."""
    return as_label(theirs.tracking_number) in number_forms(tracking_number)


def made_otherwise(ours: LodgedShipment, order: Order, strangers: Sequence[Shipment]) -> Shipment | None:
    """A shipment that is probably ours with other lines: made again, its units would be shipped twice.

    Args:
        ours: a shipment that the store doesn't have as it is lodged.
        order: the store's order.
        strangers: the store's shipments of it that somebody else made.
    """
    if not ours.tracking_number:
        return None
    on_order = {line.item_id for line in order.lines}
    for theirs in strangers:
        shares = skus_of(theirs, order).keys() & ours.quantities.keys() or theirs.quantities.keys() - on_order
        if has_number(theirs, ours.tracking_number) and shares:
            return theirs
    return None


def fingerprint(tracking_number: str, quantities: Mapping[str, int]) -> str:
    """What tells a shipment in the store again, carrier and comments apart: its tracking number, and units by SKU."""
    return json.dumps([tracking_number, sorted(quantities.items())])


def normalised_fingerprint(written: str) -> str:
    """A mark as it is made now, of one that an earlier release made of text that wasn't normalised."""
    tracking_number, quantities = json.loads(written)
    return fingerprint(as_label(tracking_number), units_by_key(quantities))


def find_orphans(
    sent: Mapping[str, Collection[str]], order: Order, in_store: Sequence[Shipment], there: Mapping[str, Shipment]
) -> dict[str, Shipment]:
    """What earlier runs made in the store and didn't live to tell, as it was to be when they made it.

    Args:
        sent: the marks of what may have been made, by our shipment_id.
        order: the store's order.
        in_store: the store's shipments of it.
        there: those of them that are ours as they are lodged now, by our shipment_id.

    Returns:
        The store's shipment by our shipment_id.
    """
    taken = {theirs.shipment_id for theirs in there.values()}
    free = [theirs for theirs in in_store if theirs.shipment_id not in taken]
    found: dict[str, Shipment] = {}
    for shipment_id, marks in sent.items():
        parcels = [(number, dict(quantities)) for number, quantities in map(json.loads, marks)]
        made = (theirs for theirs in free if any(_is_alike(*parcel, theirs, order) for parcel in parcels))
        theirs = next(made, None)
        if theirs and shipment_id not in there:
            found[shipment_id] = theirs
            free.remove(theirs)
    return found
