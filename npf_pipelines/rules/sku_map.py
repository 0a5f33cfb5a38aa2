"""Which SKU map a client may have: the map that its rows make, or what is wrong with each.

Not here: how the rows are read (config/sku_file.py, platform/kit_reads.py), what is done with a map (kits.py,
kit_stock.py, kit_parcels.py).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.sku_map import MapRow, SkuMap
from npf_pipelines.rules.orders import TEST_SKUS


def sku_map(rows: Iterable[MapRow]) -> SkuMap:
    """The map that valid rows make; codes of the map among the parts are replaced by their own parts."""
    parts = _parts(rows)
    whole: dict[str, Mapping[str, int]] = {}
    for sku in parts:
        _resolve(sku, parts, whole)
    return SkuMap(whole)


def problems(rows: Sequence[MapRow], counted: Collection[str]) -> list[str]:
    """The problems of the rows, each with its place; empty if they make a map.

    Args:
        rows: the rows.
        counted: the SKUs that the warehouse counts.
    """
    found = [f"{row.place}: {wrong}" for row in rows if (wrong := _wrong_values(row))]
    found += _named_twice(rows)
    circles = _circles(rows)
    found += circles
    codes = {row.store_sku for row in rows}
    known = set(counted)
    found += [
        f"{row.place}: the warehouse has no stock row of {shown(row.warehouse_sku)}, which is in "
        f"{shown(row.store_sku)}: correct the code, or have the warehouse count it"
        for row in rows
        if row.warehouse_sku and row.warehouse_sku not in codes and row.warehouse_sku not in known | TEST_SKUS
    ]
    return found


def _wrong_values(row: MapRow) -> str:
    if not row.store_sku or not row.warehouse_sku:
        return "a code is missing: write store_sku and warehouse_sku in each row"
    if row.quantity < 1:
        return f"{row.quantity} of {shown(row.warehouse_sku)} in {shown(row.store_sku)}: the quantity is below one"
    if tests := {row.store_sku, row.warehouse_sku} & TEST_SKUS:
        return f"{min(tests)} is a test item, which no map may name"
    return ""


def _named_twice(rows: Sequence[MapRow]) -> list[str]:
    """A code that has a part twice: one of the rows may call it an alias, the other a pack or kit."""
    first: dict[tuple[str, str], MapRow] = {}
    found = []
    for row in rows:
        before = first.setdefault((row.store_sku, row.warehouse_sku), row)
        if before is not row:
            code, part = shown(row.store_sku), shown(row.warehouse_sku)
            said = (
                f"{code} is both an alias ({part}) and a kit ({max(before.quantity, row.quantity)} of {part})"
                if 1 in {before.quantity, row.quantity} and before.quantity != row.quantity
                else f"{code} has the part {part} already"
            )
            found.append(f"{row.place}: {said}, see {before.place}: keep one of the two rows")
    return found


def _circles(rows: Sequence[MapRow]) -> list[str]:
    """A sentence for each row that leads back to its own code."""
    parts = _parts(rows)
    return [
        f"{row.place}: a circle: {shown(row.store_sku)} is made of {shown(row.warehouse_sku)}, and that of "
        f"{shown(row.store_sku)} again"
        if row.warehouse_sku != row.store_sku
        else f"{row.place}: a circle: {shown(row.store_sku)} is made of itself"
        for row in rows
        if _leads_to(row.warehouse_sku, row.store_sku, parts)
    ]


def _leads_to(start: str, end: str, parts: Mapping[str, Mapping[str, int]]) -> bool:
    seen, to_see = set[str](), [start]
    while to_see:
        sku = to_see.pop()
        if sku == end:
            return True
        if sku not in seen:
            seen.add(sku)
            to_see += parts.get(sku, {})
    return False


def _parts(rows: Iterable[MapRow]) -> Mapping[str, Mapping[str, int]]:
    parts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        parts[row.store_sku][row.warehouse_sku] = row.quantity
    return parts


def _resolve(
    sku: str, parts: Mapping[str, Mapping[str, int]], whole: dict[str, Mapping[str, int]]
) -> Mapping[str, int]:
    """The warehouse's codes in one of a code, kept in `whole`."""
    if sku not in parts:
        return {sku: 1}
    if sku not in whole:
        units: Counter[str] = Counter()
        for part, quantity in parts[sku].items():
            for code, each in _resolve(part, parts, whole).items():
                units[code] += each * quantity
        whole[sku] = dict(units)
    return whole[sku]
