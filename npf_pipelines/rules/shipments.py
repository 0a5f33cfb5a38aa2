"""How a lodged shipment, which speaks of SKUs, becomes quantities of an order's lines, and which ones the store has.

Not here: which order status follows (order_status.py).
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from npf_pipelines.domain.keys import as_label, shown, units_by_key
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.rules.parcels import number_forms

IN_STORE = frozenset({PushOutcome.CONFIRMED, PushOutcome.ALREADY_THERE, PushOutcome.DIFFERS_IN_STORE})
"""The store is known to have the shipment."""


@dataclass(frozen=True)
class Allocation:
    """A shipment's quantities by item_id, or the problem that keeps them off the lines."""

    quantities: Mapping[str, int]
    problem: str = ""


def allocate(wanted: Mapping[str, int], order: Order, in_store: Sequence[Shipment]) -> Allocation:
    """Lay the SKUs' quantities on the order's lines, in the lines' order, up to what is still to ship.

    SKUs that the order hasn't are left out (see `left_out`), unless there is nothing else. Too many units of a SKU
    that it has are a problem of the whole shipment.

    Args:
        wanted: quantities by SKU.
        order: the store's order.
        in_store: the shipments that the store has of it, whoever made them.
    """
    left = remaining(order, in_store)
    quantities: dict[str, int] = {}
    problems: list[str] = []
    unknown: list[str] = []
    for sku, quantity in wanted.items():
        lines = [line.item_id for line in order.lines if line.sku == sku]
        to_lay = quantity
        for item_id in lines:
            laid = min(to_lay, left[item_id])
            if laid > 0:
                quantities[item_id] = laid
                to_lay -= laid
        if not lines:
            unknown.append(f"the order has no line with the SKU {shown(sku)}")
        elif to_lay:
            problems.append(f"{quantity} of {shown(sku)} shipped, but only {quantity - to_lay} still to ship")
    if not quantities and not problems and not unknown:
        # Sent without lines, the store would ship a package of its own choice.
        problems.append("the shipment holds nothing")
    if problems or not quantities:
        return Allocation({}, "; ".join([*unknown, *problems]))
    return Allocation(quantities)


def fitting(quantities: Mapping[str, int], order: Order) -> Counter[str]:
    """Those of a parcel's units whose SKU the order has: what of it can be in a store's shipment."""
    skus = {line.sku for line in order.lines}
    return Counter({sku: units for sku, units in quantities.items() if units and sku in skus})


def left_out(quantities: Mapping[str, int], order: Order) -> str:
    """What of a parcel the order has no line for, as a note for a reason; empty if nothing."""
    skus = {line.sku for line in order.lines}
    named = [f"{units} of {shown(sku)}" for sku, units in quantities.items() if units and sku not in skus]
    return f"not on the order, so left out: {', '.join(named)}" if named else ""


def remaining(order: Order, in_store: Sequence[Shipment]) -> dict[str, int]:
    """What is still to ship of each line by item_id, counted over all shipments in the store; never below 0."""
    shipped: Counter[str] = Counter()
    for shipment in in_store:
        shipped.update(shipment.quantities)
    return {line.item_id: max(0, line.quantity - shipped[line.item_id]) for line in order.lines}


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


def skus_of(shipment: Shipment, order: Order) -> Counter[str]:
    """A store shipment's quantities by SKU; an item the order doesn't have counts under its item_id."""
    sku_of = {line.item_id: line.sku for line in order.lines}
    counted: Counter[str] = Counter()
    for item_id, quantity in shipment.quantities.items():
        counted[sku_of.get(item_id, f"item {item_id}")] += quantity
    return +counted
