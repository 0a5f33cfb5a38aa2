"""The choice of the test orders, and the figures that are played for the test items."""

from datetime import timedelta

import pytest

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.certification_orders import Candidate, ChosenOrders, choose
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.rules.played_figures import asked_for, plain_figures, with_negative
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


@pytest.mark.parametrize("quantity", ["on_hand", "available"])
def test_played_figures_differ_from_the_store_and_from_each_other(quantity: str) -> None:
    setup = StockSetup.model_validate({"quantity": quantity})
    usual = {figure.sku: asked_for(figure, setup) for figure in plain_figures(dict.fromkeys(TEST_SKUS, 0), setup)}
    figures = plain_figures(usual, setup)
    assert all(asked_for(figure, setup) != usual[figure.sku] for figure in figures)
    assert all(figure.on_hand != figure.available for figure in figures)
    assert [asked_for(figure, setup) < 0 for figure in with_negative(figures, setup)] == [False, False, True]
