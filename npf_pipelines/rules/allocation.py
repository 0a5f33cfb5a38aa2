"""A lodged shipment, which is in SKUs, as quantities of an order's lines.

Not here: which shipment of the store is which lodged one (shipments.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment


@dataclass(frozen=True)
class Allocation:
    """A shipment's quantities by item_id, or the problem that prevents the allocation."""

    quantities: Mapping[str, int]
    problem: str = ""


def allocate(units: Mapping[str, int], order: Order, in_store: Sequence[Shipment]) -> Allocation:
    """Allocate the units of each SKU to the order's lines, in the lines' order, up to the units still to ship.

    A SKU that the order doesn't have is left out (see `left_out`), unless there is nothing else. Too many units of a
    SKU are a problem of the whole shipment.

    Args:
        units: quantities by SKU.
        order: the store's order.
        in_store: the store's shipments of it, the merchant's included.
    """
    left = remaining(order, in_store)
    quantities: dict[str, int] = {}
    problems: list[str] = []
    unknown: list[str] = []
    for sku, quantity in units.items():
        of_sku = [line for line in order.lines if line.sku == sku]
        # The warehouse ships neither: their lines come last.
        lines = [line.item_id for line in sorted(of_sku, key=lambda line: line.is_download or line.is_pick_up)]
        rest = quantity
        for item_id in lines:
            taken = min(rest, left[item_id])
            if taken > 0:
                quantities[item_id] = taken
                rest -= taken
        if not lines:
            unknown.append(f"the order has no line with the SKU {shown(sku)}")
        elif rest:
            problems.append(f"{quantity} of {shown(sku)} shipped, but only {quantity - rest} still to ship")
    if not quantities and not problems and not unknown:
        # Sent without lines, the store would ship a package of its own choice.
        problems.append("the shipment holds nothing")
    if problems or not quantities:
        return Allocation({}, "; ".join([*unknown, *problems]))
    return Allocation(quantities)


def fitting(quantities: Mapping[str, int], order: Order) -> Counter[str]:
    """The units of a parcel whose SKU the order has: only they can be in a shipment of the store."""
    skus = {line.sku for line in order.lines}
    return Counter({sku: units for sku, units in quantities.items() if units and sku in skus})


def left_out(quantities: Mapping[str, int], order: Order) -> str:
    """The units of a parcel that the order has no line for, as a note for a reason; empty if there are none."""
    skus = {line.sku for line in order.lines}
    named = [f"{units} of {shown(sku)}" for sku, units in quantities.items() if units and sku not in skus]
    return f"not on the order, so left out: {', '.join(named)}" if named else ""


def remaining(order: Order, in_store: Sequence[Shipment]) -> dict[str, int]:
    """The units still to ship of each line by item_id, counted over all shipments in the store; never below 0."""
    shipped: Counter[str] = Counter()
    for shipment in in_store:
        shipped.update(shipment.quantities)
    return {line.item_id: max(0, line.quantity - shipped[line.item_id]) for line in order.lines}


def skus_of(shipment: Shipment, order: Order) -> Counter[str]:
    """A store shipment's quantities by SKU; an item the order doesn't have counts under its item_id."""
    sku_of = {line.item_id: line.sku for line in order.lines}
    counted: Counter[str] = Counter()
    for item_id, quantity in shipment.quantities.items():
        counted[sku_of.get(item_id, f"item {item_id}")] += quantity
    return +counted
