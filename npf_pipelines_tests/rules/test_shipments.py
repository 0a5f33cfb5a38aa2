"""Tests of npf_pipelines.rules.shipments."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.rules.allocation import fitting, skus_of
from npf_pipelines.rules.shipments import find_orphans, fingerprint, made_otherwise, match, normalised_fingerprint
from npf_pipelines_tests.builders import NOON, line, lodged, order, shipment
from npf_pipelines_tests.rules.strategies import in_store, orders, quantities, shipments


@given(
    ours=st.lists(st.tuples(st.sampled_from(["T1", "T2", ""]), quantities, st.integers(0, 2)), max_size=5),
    one=orders,
    there=shipments,
    data=st.data(),
)
def test_matching_uses_each_shipment_once_whatever_the_order(
    ours: list[tuple[str, dict[str, int], int]], one: Order, there: list[Shipment], data: st.DataObject
) -> None:
    parcels = [
        lodged(f"S{number}", tracking, quantities=content, lodged_at=NOON + timedelta(minutes=minute))
        for number, (tracking, content, minute) in enumerate(ours)
    ]
    found = match(parcels, one, there)
    assert len({theirs.shipment_id for theirs in found.values()}) == len(found)
    for parcel in parcels:
        if parcel.shipment_id in found:
            theirs = found[parcel.shipment_id]
            assert theirs.tracking_number == parcel.tracking_number
            assert skus_of(theirs, one) == fitting(parcel.quantities, one)
    # Nothing that fits is left on both sides.
    for parcel in parcels:
        for theirs in there:
            if parcel.shipment_id not in found and theirs not in found.values():
                assert not _same(parcel, theirs, one)
    shuffled = match(data.draw(st.permutations(parcels)), one, data.draw(st.permutations(there)))
    assert shuffled == found


def _same(parcel: LodgedShipment, theirs: Shipment, one: Order) -> bool:
    fits = fitting(parcel.quantities, one)
    return bool(fits) and parcel.tracking_number == theirs.tracking_number and skus_of(theirs, one) == fits


def test_two_parcels_alike_are_two() -> None:
    one = order(line("i1", "KITE", 2))
    first, second = lodged("S1"), lodged("S2", lodged_at=NOON + timedelta(hours=1))
    assert set(match([second, first], one, [shipment("7", i1=1)])) == {"S1"}
    both = match([second, first], one, [shipment("10", i1=1), shipment("9", i1=1)])
    assert {ours: theirs.shipment_id for ours, theirs in both.items()} == {"S1": "9", "S2": "10"}


def test_a_parcel_that_the_store_cut_is_not_the_same() -> None:
    one = order(line("i1", "KITE", 2), line("i2", "KITE", 2))
    parcel = lodged(quantities={"KITE": 3})
    assert match([parcel], one, [shipment(i1=2)]) == {}
    assert match([parcel], one, [shipment("1", "T2", i1=2, i2=1)]) == {}
    assert set(match([parcel], one, [shipment(i1=1, i2=2)])) == {"S1"}


def test_an_item_that_the_order_no_longer_has_is_named_by_its_id() -> None:
    assert skus_of(shipment(i1=1, gone=2), order(line("i1", "KITE"))) == {"KITE": 1, "item gone": 2}
    assert match([lodged()], order(line("i1", "KITE")), [shipment(i1=1, gone=2)]) == {}


def test_what_was_left_behind_is_found_by_what_was_sent() -> None:
    kites = order(line("i1", "KITE", 5))
    made = in_store([("T1", {"i1": 2}), ("T1", {"i1": 1}), ("T2", {"i1": 2})])
    sent = {
        "S1": {fingerprint("T1", {"KITE": 2}), fingerprint("T9", {"KITE": 2})},
        "S2": {fingerprint("T3", {"KITE": 2})},
    }
    assert find_orphans(sent, kites, made, {}) == {"S1": made[0]}


def test_what_is_there_as_it_is_lodged_is_not_left_behind() -> None:
    kites = order(line("i1", "KITE", 5))
    made = in_store([("T1", {"i1": 2})])
    sent = {"S1": {fingerprint("T1", {"KITE": 2})}, "S2": {fingerprint("T1", {"KITE": 2})}}
    assert find_orphans(sent, kites, made, {"S2": made[0]}) == {}


def test_of_two_alike_each_was_left_behind_once() -> None:
    kites = order(line("i1", "KITE", 5))
    made = in_store([("T1", {"i1": 2}), ("T1", {"i1": 2})])
    sent = {shipment_id: {fingerprint("T1", {"KITE": 2})} for shipment_id in ("S1", "S2", "S3")}
    assert find_orphans(sent, kites, made, {}) == {"S1": made[0], "S2": made[1]}


@given(st.tuples(quantities, quantities), st.tuples(st.sampled_from("AB"), st.sampled_from("AB")))
def test_two_marks_are_the_same_when_number_and_units_are(
    some: tuple[dict[str, int], dict[str, int]], numbers: tuple[str, str]
) -> None:
    first, second = (fingerprint(number, units) for number, units in zip(numbers, some, strict=True))
    assert (first == second) == (some[0] == some[1] and numbers[0] == numbers[1])


# Units that an order hasn't, and labels that were written otherwise


def test_a_parcel_with_a_surplus_sku_is_known_again() -> None:
    one = order(line("i1", "KITE", 2))
    parcel = lodged(quantities={"KITE": 1, "FLYER": 1})
    made = shipment("7", "T1", i1=1)
    assert match([parcel], one, [made]) == {"S1": made}
    assert find_orphans({"S1": {fingerprint("T1", parcel.quantities)}}, one, [made], {}) == {"S1": made}
    assert match([lodged(quantities={"FLYER": 1})], one, [shipment("8", "T1")]) == {}


def test_what_was_made_as_it_is_lodged_stays_ours_whatever_became_of_it() -> None:
    one = order(line("i1", "KITE", 2))
    theirs = shipment("7", "ANOTHER", gone=1)
    assert match([lodged()], one, [theirs], {"S1": "7"}) == {"S1": theirs}
    assert match([lodged()], one, [theirs], {"S1": "8"}) == {}


def test_a_shipment_with_our_number_and_other_units_is_not_made_again() -> None:
    one = order(line("i1", "KITE", 5), line("i2", "DRUM", 5))
    cut, gone, other = shipment("7", "T1", i1=1), shipment("8", "T1", gone=1), shipment("9", "T1", i2=1)
    parcel = lodged(quantities={"KITE": 2})
    assert made_otherwise(parcel, one, [other, cut]) == cut
    assert made_otherwise(parcel, one, [gone]) == gone
    assert made_otherwise(parcel, one, [other]) is None
    assert made_otherwise(lodged("S1", "", quantities={"KITE": 2}), one, [shipment("7", "", i1=1)]) is None


def test_a_mark_of_an_earlier_release_is_read_as_it_is_made_now() -> None:
    assert normalised_fingerprint(fingerprint(" T1\u200b ", {"KITE ": 1, "KITE": 2, "DRUM": 0})) == fingerprint(
        "T1", {"KITE": 3}
    )
    assert normalised_fingerprint(fingerprint("T1", {"KITE": 1})) == fingerprint("T1", {"KITE": 1})
