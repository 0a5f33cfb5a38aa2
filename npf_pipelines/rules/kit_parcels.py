"""Parcels of parts, laid back on the lines that the store sold: whole kits, aliases and packs in the store's codes.

The parts of all parcels are pooled in the order of their lodgement. A kit never loses a part that it
has from an earlier parcel, so that a shipment in the store stays as it is when further parcels are lodged.
Not here: how an order's lines become parts (kits.py), a shipment's units on the store's lines (allocation.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from npf_pipelines.domain.keys import shown
from npf_pipelines.domain.platform_orders import LodgedShipment, PlatformLine


@dataclass
class _Line:
    """A line that the store sold, and how many of it are in parcels so far."""

    sku: str
    parts: Mapping[str, int]
    left: int

    def take_from(self, pool: Counter[str]) -> int:
        """Take as many whole ones as there are."""
        whole = min(self.left, *(pool[part] // each for part, each in self.parts.items()))
        for part, each in self.parts.items():
            pool[part] -= whole * each
        self.left -= whole
        return whole


@dataclass
class _Parcel:
    """A parcel's units in the store's codes, and its parts that made no whole kit when it was lodged."""

    shipment: LodgedShipment
    units: Counter[str]
    parts: Counter[str]
    still_open: Counter[str] = field(default_factory=Counter)


def lay_back(lines: Sequence[PlatformLine], parcels: Sequence[LodgedShipment]) -> list[LodgedShipment]:
    """The parcels with the units that the store sold; what no line needs stays under the warehouse's code.

    Args:
        lines: the order's lines on the platform.
        parcels: all parcels lodged of the order.
    """
    sold = _sold(lines)
    kits_of = _kits_of(lines)
    pool: Counter[str] = Counter()
    laid: list[_Parcel] = []
    for shipment in sorted(parcels, key=lambda shipment: (shipment.lodged_at, shipment.shipment_id)):
        before = Counter(pool)
        pool.update(shipment.quantities)
        units: Counter[str] = Counter()
        for line in sold:
            units[line.sku] += line.take_from(pool)
        surplus = pool - _needed(sold)
        pool -= surplus
        units += surplus
        laid.append(_Parcel(shipment, +units, pool - before))
    _name_open(laid, pool)
    by_id = {parcel.shipment.shipment_id: _as_laid(parcel, kits_of) for parcel in laid}
    return [by_id[shipment.shipment_id] for shipment in parcels]


def _sold(lines: Sequence[PlatformLine]) -> list[_Line]:
    """The lines that the store sold, kits last: a single unit goes to the line that is made of it."""
    plain = [_Line(line.sku, {line.sku: 1}, line.quantity) for line in lines if not line.kit_sku]
    kits: dict[str, _Line] = {}
    for line in lines:
        if line.kit_sku and line.kit_quantity:
            kit = kits.setdefault(line.line_id.partition("/")[0], _Line(line.kit_sku, {}, line.kit_quantity))
            kit.parts = {**kit.parts, line.sku: max(1, line.quantity // line.kit_quantity)}
    return [*plain, *kits.values()]


def _kits_of(lines: Sequence[PlatformLine]) -> Mapping[str, str]:
    """The kits that a part is in, in words."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.kit_sku and line.kit_sku not in found.setdefault(line.sku, []):
            found[line.sku].append(line.kit_sku)
    return {part: " or ".join(map(shown, kits)) for part, kits in found.items()}


def _needed(sold: Sequence[_Line]) -> Counter[str]:
    needed: Counter[str] = Counter()
    for line in sold:
        for part, each in line.parts.items():
            needed[part] += each * line.left
    return needed


def _name_open(laid: Sequence[_Parcel], pool: Counter[str]) -> None:
    """Assign the rest of the pool to the last parcels that had some of it."""
    rest = Counter(pool)
    for parcel in reversed(laid):
        parcel.still_open = parcel.parts & rest
        rest -= parcel.still_open


def _as_laid(parcel: _Parcel, kits_of: Mapping[str, str]) -> LodgedShipment:
    said = []
    for parts, words in (
        (parcel.still_open, "part-shipped: the rest of the kit is in no parcel yet"),
        (parcel.parts - parcel.still_open, "part-shipped here: the rest of the kit came in a later parcel"),
    ):
        if parts:
            named = ", ".join(f"{units} of {shown(sku)} for {kits_of.get(sku, sku)}" for sku, units in parts.items())
            said.append(f"{named} {words}")
    return replace(
        parcel.shipment,
        quantities=dict(parcel.units),
        as_written=None,
        kit_note="; ".join(said),
        is_kit_open=bool(parcel.still_open),
    )
