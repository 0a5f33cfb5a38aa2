"""Units of an order that are in a shipment of the store already, so that the warehouse doesn't ship them.

The store counts all shipments of a line, the pipeline's for the warehouse included. At the first import the warehouse
has shipped nothing, so all of them were shipped elsewhere; later the units shipped elsewhere are the store's less the
warehouse's. Not here: the platform's form of an order (imports.py), edits in the store (after_import.py).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from npf_pipelines.domain.platform_orders import PlatformRecord
from npf_pipelines.domain.store_orders import Order, OrderLine
from npf_pipelines.rules.alike import alike
from npf_pipelines.rules.despatch import method_names
from npf_pipelines.rules.orders import lines_to_ship


def is_shipped(order: Order) -> bool:
    """Whether every unit that there is to ship, with a product code or without, is in a shipment of the store."""
    lines = [line for line in order.lines if line.quantity > 0 and not line.is_download and not line.is_pick_up]
    return bool(lines) and all(line.shipped >= line.quantity for line in lines)


def left_to_ship(order: Order) -> Order:
    """An order that the platform doesn't have, without the units that are in a shipment of the store."""
    if not any(line.shipped for line in order.lines):
        return order
    lines = [_with(line, max(0, line.quantity - line.shipped)) for line in order.lines]
    return order.model_copy(update={"lines": tuple(lines)})


def as_ordered_here(order: Order, record: PlatformRecord) -> Order:
    """An order that the platform has, with the units of each SKU that the warehouse is asked for.

    The platform's quantity stays if it is the store's, or the store's less the units that were shipped elsewhere, which
    were not ordered from the warehouse at import. Lines that the shopper picks up stay if an earlier release has
    imported them: the order then has the shipping methods that it had at import.

    Args:
        order: the store's present order.
        record: the platform's record.
    """
    ordered: Counter[str] = Counter()
    for ordered_line in record.order.lines:
        ordered[ordered_line.sku] += ordered_line.quantity
    to_ship: defaultdict[str, list[OrderLine]] = defaultdict(list)
    for line in lines_to_ship(order):
        to_ship[line.sku].append(line)
    changed: dict[str, OrderLine] = {}
    for sku in to_ship.keys() | {line.sku for line in order.lines if line.is_pick_up}:
        lines, here = to_ship[sku], ordered[sku]
        everything = [line for line in order.lines if line.sku == sku and not line.is_download]
        if here == sum(line.quantity for line in lines):
            continue
        if here == sum(line.quantity for line in everything) and has_methods_of_import(order, record):
            changed |= {line.item_id: line.model_copy(update={"is_pick_up": False}) for line in everything}
            continue
        units = _units_here(lines, here, here - record.open_units.get(sku, 0))
        changed |= {line.item_id: line for line in _lay(lines, units, record)}
    if not changed:
        return order
    return order.model_copy(update={"lines": tuple(changed.get(line.item_id, line) for line in order.lines)})


def has_methods_of_import(order: Order, record: PlatformRecord) -> bool:
    """Whether the store's order has the shipping methods with which the platform has it."""
    return alike(method_names(order.shipping), record.order.shipping_method)


def _units_here(lines: Sequence[OrderLine], here: int, shipped_here: int) -> int:
    """How many units of a SKU the warehouse is asked for.

    Args:
        lines: the order's lines of the SKU.
        here: units that the platform has of it.
        shipped_here: units of it that the warehouse has shipped.
    """
    quantity = sum(line.quantity for line in lines)
    in_store = sum(min(line.shipped, line.quantity) for line in lines)
    elsewhere = quantity - here
    if in_store < shipped_here:  # Tracking of the warehouse's own is still on its way into the store.
        return here if 0 < elsewhere <= in_store else quantity
    return quantity - (in_store - shipped_here)


def _lay(lines: Sequence[OrderLine], units: int, record: PlatformRecord) -> list[OrderLine]:
    """The lines with the units on them: as the platform has them if these fit the lines, else on the unshipped ones."""
    skus = {line.sku for line in lines}
    by_line = {line.line_id: line.quantity for line in record.order.lines if line.sku in skus}
    has = [by_line.get(line.item_id, 0) for line in lines]
    if sum(has) == units and all(on_line <= line.quantity for line, on_line in zip(lines, has, strict=True)):
        return [_with(line, quantity) for line, quantity in zip(lines, has, strict=True)]
    laid = [min(max(0, line.quantity - line.shipped), units) for line in lines]
    for place, line in enumerate(lines):
        left = units - sum(laid)
        laid[place] = min(line.quantity, laid[place] + max(0, left))
    return [_with(line, quantity) for line, quantity in zip(lines, laid, strict=True)]


def _with(line: OrderLine, quantity: int) -> OrderLine:
    return line if line.quantity == quantity else line.model_copy(update={"quantity": quantity})
