"""Tests of npf_pipelines.rules.allocation."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.rules.allocation import allocate, fitting, left_out, remaining, skus_of
from npf_pipelines_tests.builders import line, order, shipment
from npf_pipelines_tests.rules.strategies import orders, quantities, shipments


@given(wanted=quantities, one=orders, there=shipments)
def test_a_parcel_is_laid_whole_or_not_at_all(wanted: dict[str, int], one: Order, there: list[Shipment]) -> None:
    laid = allocate(wanted, one, there)
    left = remaining(one, there)
    room: Counter[str] = Counter()
    for each in one.lines:
        room[each.sku] += left[each.item_id]
    fits = fitting(wanted, one)
    if laid.problem:
        assert not laid.quantities
        assert not fits or any(units > room[sku] for sku, units in fits.items())
        return
    assert skus_of(shipment(**dict(laid.quantities)), one) == fits
    assert bool(left_out(wanted, one)) == (fits != Counter(wanted))
    assert all(0 < units <= left[item_id] for item_id, units in laid.quantities.items())


@given(one=orders, data=st.data())
def test_an_order_shipped_in_any_parcels_ends_whole(one: Order, data: st.DataObject) -> None:
    """Parcel by parcel, each laid over the ones before: nothing is left, nothing is shipped twice."""
    units = [each.sku for each in one.lines for _ in range(each.quantity)]
    shuffled = data.draw(st.permutations(units))
    there: list[Shipment] = []
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        parcel, shuffled = Counter(shuffled[:size]), shuffled[size:]
        laid = allocate(parcel, one, there)
        assert laid.problem == ""
        there.append(shipment(str(len(there) + 1), **dict(laid.quantities)))
    assert set(remaining(one, there).values()) <= {0}
    shipped: Counter[str] = Counter()
    for each in there:
        shipped.update(each.quantities)
    assert shipped == Counter({each.item_id: each.quantity for each in one.lines})


def test_a_sku_on_several_lines_fills_them_in_order() -> None:
    one = order(line("i1", "KITE", 2), line("i2", "DRUM", 1), line("i3", "KITE", 2))
    assert allocate({"KITE": 3}, one, []).quantities == {"i1": 2, "i3": 1}
    assert allocate({"KITE": 3}, one, [shipment(i1=1)]).quantities == {"i1": 1, "i3": 2}


def test_what_is_not_shipped_comes_last() -> None:
    one = order(
        line("i1", "KITE", is_download=True),
        line("i2", "KITE", is_pick_up=True),
        line("i3", "KITE", 2),
        line("i4", "KITE"),
    )
    assert allocate({"KITE": 3}, one, []).quantities == {"i3": 2, "i4": 1}


def test_what_does_not_fit_says_why() -> None:
    one = order(line("i1", "KITE", 2))
    assert allocate({"DRUM": 1}, one, []).problem == "the order has no line with the SKU DRUM"
    assert allocate({"kite": 1}, one, []).problem == "the order has no line with the SKU kite"
    assert allocate({"KITE": 3}, one, []).problem == "3 of KITE shipped, but only 2 still to ship"
    both = allocate({"DRUM": 1, "KITE": 1}, one, [shipment(i1=2)])
    assert both.problem == "the order has no line with the SKU DRUM; 1 of KITE shipped, but only 0 still to ship"


def test_a_parcel_that_holds_nothing_is_a_problem() -> None:
    assert allocate({}, order(), []).problem == "the shipment holds nothing"
    assert allocate({"KITE": 0}, order(), []).problem == "the shipment holds nothing"


def test_more_shipped_than_ordered_leaves_nothing() -> None:
    assert remaining(order(line("i1", "KITE", 2)), [shipment(i1=3, gone=1)]) == {"i1": 0}


def test_what_the_order_has_not_is_left_out_and_named() -> None:
    one = order(line("i1", "KITE", 2))
    wanted = {"KITE": 1, "FLYER": 2, "SAND": 0}
    assert allocate(wanted, one, []).quantities == {"i1": 1}
    assert allocate(wanted, one, []).problem == ""
    assert left_out(wanted, one) == "not on the order, so left out: 2 of FLYER"
    assert left_out({"KITE": 1}, one) == ""
