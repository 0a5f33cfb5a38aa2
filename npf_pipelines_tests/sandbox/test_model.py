"""Tests of what the data says of itself."""

import pytest

from npf_pipelines.sandbox.model import Line, Order, Product, ShippingMethod
from npf_pipelines.sandbox.store_defaults import SOMEBODY


@pytest.mark.parametrize(
    ("is_edp", "edp_shipping", "ships"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_a_download_ships_only_when_it_says_so(*, is_edp: bool, edp_shipping: bool, ships: bool) -> None:
    line = Line("1", 11, "PDF", "Plans", 500, 1, is_edp=is_edp, edp_shipping=edp_shipping)
    assert line.ships is ships


@pytest.mark.parametrize(("tracking", "tracked"), [("B", True), (None, True), ("D", False), ("O", False)])
def test_tracking(*, tracking: str | None, tracked: bool) -> None:
    assert Product(1, "KITE", "Kite", 100, 5, tracking=tracking).tracked is tracked


def test_the_total_is_lines_and_shipping() -> None:
    lines = [Line("1", 11, "KITE", "Kite", 1250, 2), Line("2", 12, "DRUM", "Drum", 4000, 1)]
    order = Order(1, 0, 0, "P", SOMEBODY, lines, (ShippingMethod(1, "Express", None, 995),))
    assert order.total == 7495
