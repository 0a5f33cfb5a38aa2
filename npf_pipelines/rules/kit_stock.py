"""The amounts of aliases, packs and kits: what their scarcest part allows.

Not here: the amount of a SKU that the warehouse counts (stock.py), which maps there are (sku_map.py).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from npf_pipelines.domain.keys import as_stored, shown
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.sku_map import SkuMap
from npf_pipelines.rules.stock import PartAmount, StockRow, TargetAmount, kits_in

_NAMED = 3
"""Codes that a reason names."""


def with_kits(
    sku_map: SkuMap, counted: Mapping[str, TargetAmount], in_store: Collection[str]
) -> dict[str, TargetAmount]:
    """The amounts by the store's code: the warehouse's SKUs, and the codes of the map whose parts are all counted.

    Args:
        sku_map: the client's map.
        counted: the amounts of the warehouse's SKUs.
        in_store: the codes of the store's products.
    """
    spellings = Counter(map(as_stored, counted)) if sku_map.parts else Counter[str]()
    return {sku: amount for sku, amount in counted.items() if sku not in sku_map.parts} | {
        sku: _kit_amount(sku, parts, counted)
        for sku, parts in sku_map.parts.items()
        # Of a part that is counted twice nobody knows the count.
        if sku in in_store and all(part in counted and spellings[part] == 1 for part in parts)
    }


def _kit_amount(sku: str, parts: Mapping[str, int], counted: Mapping[str, TargetAmount]) -> TargetAmount:
    amounts = tuple(PartAmount(part, counted[part].figure, each) for part, each in parts.items())
    scarcest = _scarcest(amounts)
    figure = kits_in(amounts)
    one = counted[scarcest.sku]
    why = f"{figure} of {shown(sku)}: {shown(scarcest.sku)} has {scarcest.figure}, {scarcest.each} in each ({one.why})"
    if one.floor and figure < 0:
        why += f", negative ({figure}) as 0"
    return TargetAmount(figure, one.floor, one.less_sales, why, amounts)


def deciding_parts(amounts: Mapping[str, TargetAmount]) -> dict[str, str]:
    """The part whose count decides the amount of each code of the map."""
    return {sku: _scarcest(amount.parts).sku for sku, amount in amounts.items() if amount.parts}


def _scarcest(parts: Iterable[PartAmount]) -> PartAmount:
    return min(parts, key=lambda part: part.figure // part.each)


def uncounted_kits(sku_map: SkuMap, uncounted: Mapping[str, str], in_store: Collection[str]) -> dict[str, str]:
    """Why a code of the map has no amount, by code: the count of one of its parts can't be read."""
    return {
        sku: f"its part {shown(part)}: {uncounted[part]}"
        for sku, parts in sku_map.parts.items()
        if sku in in_store
        for part in parts
        if part in uncounted
    }


def with_parts_named(
    rows: Iterable[StockRow], sku_map: SkuMap, in_store: Collection[str], counted: Collection[str]
) -> list[StockRow]:
    """The rows, with SKUs named that are sold as another code, and parts of kits that the warehouse doesn't count."""
    sold_as: defaultdict[str, list[str]] = defaultdict(list)
    for sku, parts in sku_map.parts.items():
        for part in parts if sku in in_store else ():
            sold_as[part].append(sku)

    def named(row: StockRow) -> StockRow:
        if row.outcome is StockOutcome.NOT_IN_STORE and row.sku in sold_as:
            return replace(row, outcome=StockOutcome.SOLD_AS, reason=f"sold as {_first_few(sold_as[row.sku])}")
        parts = sku_map.parts.get(row.sku, {})
        if row.outcome is StockOutcome.NOT_IN_WAREHOUSE and (
            missing := [part for part in parts if part not in counted]
        ):
            return replace(row, reason=f"the warehouse has no stock row of its part {_first_few(missing)}: left alone")
        return row

    return [named(row) for row in rows]


def scarcest_first(rows: Sequence[StockRow], sku_map: SkuMap) -> list[StockRow]:
    """The rows in the order in which they are written: products that share a part before the others, scarcest first."""
    shared = sku_map.parts.keys() | {part for parts in sku_map.parts.values() for part in parts}
    if not shared:
        return list(rows)
    return sorted(rows, key=lambda row: (row.sku not in shared, (row.wanted or 0) if row.sku in shared else 0))


def _first_few(codes: Sequence[str]) -> str:
    named = ", ".join(map(shown, codes[:_NAMED]))
    return f"{named} and {len(codes) - _NAMED} more" if len(codes) > _NAMED else named
