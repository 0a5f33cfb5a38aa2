"""Parcels of parts on the lines that the store sold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import LodgedShipment, PlatformLine
from npf_pipelines.domain.sku_map import SkuMap
from npf_pipelines.rules.kit_parcels import lay_back
from npf_pipelines.rules.kits import in_parts
from npf_pipelines_tests.builders import NOON, lodged, platform_line, platform_order

MAP = SkuMap({"T": {"TEA": 1}, "TEA6": {"TEA": 6}, "SET": {"CUP": 1, "TEA": 2}, "DUO": {"CUP": 1, "SPOON": 1}})


def lines(*sold: tuple[str, int]) -> Sequence[PlatformLine]:
    """The platform's lines of an order."""
    written = (platform_line(f"i{number}", sku, units) for number, (sku, units) in enumerate(sold))
    return in_parts(platform_order("CS1", *written), MAP).lines


def parcels(*contents: dict[str, int]) -> list[LodgedShipment]:
    """Parcels, each lodged an hour after the one before."""
    return [
        lodged(f"S{number}", quantities=units, lodged_at=NOON + timedelta(hours=number))
        for number, units in enumerate(contents, 1)
    ]


def units(laid: Sequence[LodgedShipment]) -> list[dict[str, int]]:
    """The units of each parcel."""
    return [dict(parcel.quantities) for parcel in laid]


def test_an_alias_a_pack_and_a_kit_ship_whole() -> None:
    (laid,) = lay_back(lines(("T", 1), ("TEA6", 1), ("SET", 2), ("KITE", 1)), parcels({"TEA": 11, "CUP": 2, "KITE": 1}))
    assert laid.quantities == {"KITE": 1, "T": 1, "TEA6": 1, "SET": 2}
    assert (laid.kit_note, laid.is_kit_open) == ("", False)


def test_a_part_shipped_kit_is_reported_until_its_rest_comes() -> None:
    sold = lines(("SET", 1), ("KITE", 1))
    first, second = parcels({"TEA": 2, "KITE": 1}, {"CUP": 1})
    (alone,) = lay_back(sold, [first])
    assert alone.quantities == {"KITE": 1}
    assert alone.kit_note == "2 of TEA for SET part-shipped: the rest of the kit is in no parcel yet"
    assert alone.is_kit_open
    first, second = lay_back(sold, [first, second])
    assert units([first, second]) == [{"KITE": 1}, {"SET": 1}]
    assert first.kit_note == "2 of TEA for SET part-shipped here: the rest of the kit came in a later parcel"
    assert not first.is_kit_open
    assert not second.kit_note


def test_what_nobody_ordered_stays_under_its_own_code() -> None:
    (laid,) = lay_back(lines(("TEA6", 1)), parcels({"TEA": 8, "SOAP": 1}))
    assert laid.quantities == {"TEA6": 1, "TEA": 2, "SOAP": 1}
    assert not laid.is_kit_open


def test_a_single_unit_goes_to_the_line_that_is_made_of_it() -> None:
    laid = lay_back(lines(("TEA6", 1), ("TEA", 1)), parcels({"TEA": 1}, {"TEA": 6}))
    assert units(laid) == [{"TEA": 1}, {"TEA6": 1}]


sold_lines = st.lists(
    st.tuples(st.sampled_from(["T", "TEA6", "SET", "DUO", "TEA", "KITE"]), st.integers(1, 3)), min_size=1, max_size=5
)


@st.composite
def shipped_orders(draw: st.DrawFn) -> tuple[Counter[str], Sequence[PlatformLine], list[LodgedShipment]]:
    """An order's units as sold, its lines in parts, and all of its units in a few parcels."""
    written = draw(sold_lines)
    sold: Counter[str] = Counter()
    for sku, quantity in written:
        sold[sku] += quantity
    in_lines = lines(*written)
    each = [part.sku for part in in_lines for _ in range(part.quantity)]
    places = draw(st.lists(st.integers(0, 3), min_size=len(each), max_size=len(each)))
    contents: list[Counter[str]] = [Counter() for _ in range(4)]
    for sku, place in zip(each, places, strict=True):
        contents[place][sku] += 1
    return sold, in_lines, parcels(*(dict(content) for content in contents if content))


@given(shipped_orders())
def test_once_all_parts_have_shipped_all_that_was_sold_has(
    order: tuple[Counter[str], Sequence[PlatformLine], list[LodgedShipment]],
) -> None:
    sold, in_lines, packed = order
    laid = lay_back(in_lines, packed)
    assert sum((Counter(parcel.quantities) for parcel in laid), Counter()) == sold
    assert not any(parcel.is_kit_open for parcel in laid)


@given(shipped_orders())
def test_a_further_parcel_leaves_the_earlier_ones_as_they_are(
    order: tuple[Counter[str], Sequence[PlatformLine], list[LodgedShipment]],
) -> None:
    _, in_lines, packed = order
    whole = units(lay_back(in_lines, packed))
    for some in range(1, len(packed)):
        assert units(lay_back(in_lines, packed[:some])) == whole[:some]


@given(shipped_orders(), st.integers(0, 3))
def test_no_kit_counts_as_shipped_before_its_parts_have(
    order: tuple[Counter[str], Sequence[PlatformLine], list[LodgedShipment]], missing: int
) -> None:
    _, in_lines, packed = order
    some = packed[:missing]
    laid = sum((Counter(parcel.quantities) for parcel in lay_back(in_lines, some)), Counter[str]())
    used: Counter[str] = Counter()
    for sku, quantity in laid.items():
        used.update(MAP.units_of(sku, quantity))
    assert used <= sum((Counter(parcel.quantities) for parcel in some), Counter[str]())


def test_the_order_in_which_parcels_are_read_makes_no_difference() -> None:
    packed = parcels({"TEA": 2}, {"CUP": 1}, {"TEA": 6})
    sold = lines(("SET", 1), ("TEA6", 1))
    there = {parcel.shipment_id: parcel for parcel in lay_back(sold, packed)}
    back = {parcel.shipment_id: parcel for parcel in lay_back(sold, packed[::-1])}
    assert there == back
    assert lay_back([], [replace(packed[0], quantities={"SOAP": 1})])[0].quantities == {"SOAP": 1}
