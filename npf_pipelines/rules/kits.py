"""An order's lines in the warehouse's codes, and an order of the platform in the codes of the store again.

Each part is a line of its own, which knows its kit: `kit_sku` and `kit_quantity`, how many of the kit the store's line
has. So what a line is made of is on the platform, and stays as it was at import when the map changes. Every part
carries the kit's options and description; the line's price is spread evenly over its units; its tax and discount are on
the first part.
Not here: which maps there are (sku_map.py), parcels (kit_parcels.py), amounts (kit_stock.py).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from npf_pipelines.domain.platform_orders import PlatformLine, PlatformOrder, PlatformRecord
from npf_pipelines.domain.sku_map import SkuMap

_PRICE = Decimal("0.0001")


def in_parts(order: PlatformOrder, sku_map: SkuMap) -> PlatformOrder:
    """An order for the platform, with the parts of each line that the map has."""
    if not any(line.sku in sku_map.parts for line in order.lines):
        return order
    return replace(order, lines=tuple(part for line in order.lines for part in _parts_of(line, sku_map)))


def _parts_of(line: PlatformLine, sku_map: SkuMap) -> list[PlatformLine]:
    parts = sku_map.parts.get(line.sku)
    if parts is None:
        return [line]
    price = line.unit_price / sum(parts.values())
    return [
        replace(
            line,
            line_id=line.line_id if len(parts) == 1 else f"{line.line_id}/{place}",
            sku=sku,
            quantity=line.quantity * each,
            unit_price=price.quantize(_PRICE),
            kit_sku=line.sku,
            kit_quantity=line.quantity,
            tax=_at_first(line.tax, place),
            discount=_at_first(line.discount, place),
        )
        for place, (sku, each) in enumerate(parts.items(), 1)
    ]


def _at_first(money: Decimal | None, place: int) -> Decimal | None:
    """The first part carries what is on the whole line, so that the parts add up to it."""
    return money if money is None or place == 1 else Decimal(0)


def as_sold(record: PlatformRecord) -> PlatformRecord:
    """A record with the lines that the store sold; the warehouse's own are kept in `parts`.

    A kit counts as shipped once all of its parts are. Lines that make no whole kits are unreadable.
    """
    lines = record.order.lines
    if not any(line.kit_sku for line in lines):
        return record
    sold: list[PlatformLine] = []
    open_units: Counter[str] = Counter()
    wrong = [record.unreadable] if record.unreadable else []
    for line_id, parts in _by_line(lines).items():
        if not _makes_whole_kits(parts):
            wrong.append(f"the line {line_id} is no whole number of {parts[0].kit_sku}")
            continue
        line = _sold_line(line_id, parts)
        shipped = min(record.shipped.get(part.line_id, 0) * line.quantity // part.quantity for part in parts)
        open_units[line.sku] += line.quantity - shipped
        sold.append(line)
    order = replace(record.order, lines=tuple(sold))
    return replace(record, order=order, parts=lines, open_units=open_units, unreadable="; ".join(wrong))


def map_at_import(record: PlatformRecord, sku_map: SkuMap, skus: Iterable[str]) -> SkuMap:
    """The map for an edited order: what it was imported with, and the present map for codes that are new on it.

    Args:
        record: the record as the store sold it (`as_sold`).
        sku_map: the present map.
        skus: the codes of the order in the store.
    """
    stored = {line.kit_sku: dict[str, int]() for line in record.parts if line.kit_sku}
    for line in record.parts:
        if line.kit_sku and line.kit_quantity:
            stored[line.kit_sku][line.sku] = line.quantity // line.kit_quantity
    imported = {line.sku for line in record.order.lines}
    new = {sku: sku_map.parts[sku] for sku in skus if sku in sku_map.parts and sku not in imported}
    return SkuMap(new | stored)


def _by_line(lines: Sequence[PlatformLine]) -> Mapping[str, Sequence[PlatformLine]]:
    """The platform's lines by the store's line."""
    found: defaultdict[str, list[PlatformLine]] = defaultdict(list)
    for line in lines:
        found[line.line_id.partition("/")[0] if line.kit_sku else line.line_id].append(line)
    return found


def _makes_whole_kits(parts: Sequence[PlatformLine]) -> bool:
    if not parts[0].kit_sku:
        return True
    kits = {(part.kit_sku, part.kit_quantity) for part in parts}
    quantity = parts[0].kit_quantity or 0
    return len(kits) == 1 and quantity > 0 and all(part.quantity and not part.quantity % quantity for part in parts)


def _sold_line(line_id: str, parts: Sequence[PlatformLine]) -> PlatformLine:
    """The store's line, with the price of its first part: nothing compares it, and the platform may have none."""
    first = parts[0]
    if not first.kit_sku or not first.kit_quantity:
        return first
    return replace(
        first,
        line_id=line_id,
        sku=first.kit_sku,
        quantity=first.kit_quantity,
        kit_sku=None,
        kit_quantity=None,
    )
