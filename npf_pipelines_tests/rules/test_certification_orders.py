"""The choice of the test orders, and the figures that are played for the test items."""

from datetime import timedelta

import pytest

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.domain.certification import OrderEvidence, OrderSeen
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.certification_orders import Candidate, ChosenOrders, can_prove, choose
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.played_figures import asked_for, offered, plain_figures, with_negative
from npf_pipelines_tests.builders import NOON, line, order

_BOTH = ("full", "part")


def _candidate(
    number: int, units: dict[str, int], lodged: int = 0, *, due: bool = True, cancelled: bool = False
) -> Candidate:
    lines = [line(str(place), sku, quantity) for place, (sku, quantity) in enumerate(units.items())]
    placed = order(*lines, order_id=str(number), placed_at=NOON + timedelta(minutes=number))
    return Candidate(placed, due, cancelled, lodged)


def _ids(chosen: ChosenOrders) -> tuple[str | None, str | None]:
    def name(found: Order | None) -> str | None:
        return found.order_id if found else None

    return name(chosen.full), name(chosen.part)


_WHOLE = dict.fromkeys(sorted(TEST_SKUS), 1)


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([], (None, None)),
        ([_candidate(1, _WHOLE), _candidate(2, {"Test001": 2})], ("1", "2")),
        ([_candidate(1, _WHOLE), _candidate(2, _WHOLE)], ("2", "1")),
        ([_candidate(1, _WHOLE)], ("1", None)),
        ([_candidate(1, {"Test001": 1})], (None, None)),
        ([_candidate(1, _WHOLE, lodged=3), _candidate(2, {"Test001": 2}, lodged=2)], ("1", None)),
        ([_candidate(1, _WHOLE, lodged=1), _candidate(2, {"Test001": 3}, lodged=2)], (None, "2")),
        ([_candidate(1, _WHOLE, due=False), _candidate(2, {"Test001": 2}, cancelled=True)], (None, None)),
    ],
)
def test_the_newest_orders_that_can_prove_something_are_chosen(
    candidates: list[Candidate], expected: tuple[str | None, str | None]
) -> None:
    assert _ids(choose(candidates, _BOTH)) == expected


def test_only_missing_roles_are_chosen() -> None:
    assert _ids(choose([_candidate(1, _WHOLE)], ["part"])) == (None, "1")


def test_an_order_is_kept_while_it_can_prove_something() -> None:
    def seen(status: str, imported: str | None = None, lodged: int = 0) -> OrderSeen:
        order = {"units": {"Test001": 2}, "is_test": True, "has_country": True, "imported_at": NOON}
        units = {"Test001": lodged}
        parcel = {"units": units, "shipment_id": "L1", "carrier": "", "carrier_code": "", "lodged_at": NOON}
        texts = {"tracking_number": "1", "number_forms": ["1"], "tracking_url": ""}
        return OrderSeen.model_validate(
            {
                "seen_at": NOON,
                "status": status,
                "ordered": {"Test001": 2},
                "imported": order | {"status": imported} if imported else None,
                "numbers": [],
                "decision": "",
                "lodged": [parcel | texts] if lodged else [],
                "shown": [],
            }
        )

    new = OrderEvidence(order_id="7", order_number="CS7", placed_at=NOON)
    for role in _BOTH:
        assert can_prove(role, new, seen("P"), "P")
        assert can_prove(role, new, seen("C", "back_order", 1), "P")
        assert not can_prove(role, new, seen("I"), "P")
        assert not can_prove(role, new, seen("I", "cancelled"), "P")
        proven = new.model_copy(update={"pushed_again": seen("C", "shipped", 1)})
        assert can_prove(role, proven, seen("I", "cancelled"), "P")
    assert can_prove("full", new, seen("C", "shipped", 2), "P")
    assert not can_prove("part", new, seen("C", "shipped", 2), "P")


@pytest.mark.parametrize("quantity", ["on_hand", "available"])
def test_played_figures_differ_from_the_store_and_from_each_other(quantity: str) -> None:
    setup = StockSetup.model_validate({"quantity": quantity})
    usual = {figure.sku: asked_for(figure, setup) for figure in plain_figures(dict.fromkeys(TEST_SKUS, 0), setup)}
    figures = plain_figures(usual, setup)
    assert all(asked_for(figure, setup) != usual[figure.sku] for figure in figures)
    assert all(figure.on_hand != figure.available for figure in figures)
    assert [asked_for(figure, setup) < 0 for figure in with_negative(figures, setup)] == [False, False, True]


@pytest.mark.parametrize("fields", [{"buffer": 5}, {"buffer": "10%"}, {"maximum": 4}, {"maximum": 9, "buffer": 2}])
def test_a_played_figure_differs_from_the_store_where_not_all_of_it_is_offered(fields: dict[str, object]) -> None:
    setup = StockSetup.model_validate({"quantity": "available"} | fields)
    usual = {figure.sku: offered(figure, setup) for figure in plain_figures(dict.fromkeys(TEST_SKUS, 0), setup)}
    figures = plain_figures(usual, setup)
    assert all(offered(figure, setup) not in {usual[figure.sku], 0} or fields.get("buffer") for figure in figures)
    assert all(offered(figure, setup) != usual[figure.sku] for figure in figures)
