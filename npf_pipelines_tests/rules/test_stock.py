"""Tests of npf_pipelines.rules.stock."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.models import Product
from npf_pipelines.platform.models import StockFigure
from npf_pipelines.rules.stock import StockOutcome, available, plan, wanted_amount
from npf_pipelines_tests.builders import product

SKUS = ("KITE", "kite", "KITE-RED", "DRUM")

figures = st.builds(
    StockFigure,
    sku=st.just("KITE"),
    on_hand=st.integers(-5, 50),
    in_process=st.integers(0, 50),
    back_orders=st.integers(0, 50),
)
catalogues = st.lists(
    st.tuples(st.sampled_from((*SKUS, "")), st.integers(-2, 3), st.sampled_from(["B", "D", "O", None])), max_size=6
).map(lambda some: [product(str(number), *each) for number, each in enumerate(some, 11)])


def test_available_is_on_hand_less_what_is_promised() -> None:
    assert available(StockFigure("KITE", 10, 3, 2)) == 5
    assert available(StockFigure("KITE", 1, 3, 2)) == -4


@pytest.mark.parametrize(
    ("quantity", "negative_as_zero", "amount"),
    [("on_hand", True, 1), ("on_hand", False, 1), ("available", True, 0), ("available", False, -4)],
)
def test_the_setup_chooses_the_figure(quantity: str, negative_as_zero: bool, amount: int) -> None:
    assert wanted_amount(StockFigure("KITE", 1, 3, 2), quantity, negative_as_zero=negative_as_zero) == amount


@given(figure=figures, quantity=st.sampled_from(["on_hand", "available"]))
def test_zero_stands_for_what_is_negative_and_for_nothing_else(figure: StockFigure, quantity: str) -> None:
    negative_too = wanted_amount(figure, quantity, negative_as_zero=False)
    assert wanted_amount(figure, quantity, negative_as_zero=True) == max(0, negative_too)


@given(wanted=st.dictionaries(st.sampled_from(SKUS), st.integers(-2, 3)), products=catalogues)
def test_every_sku_of_either_side_comes_out_once_for_each_product(
    wanted: dict[str, int], products: list[Product]
) -> None:
    rows = plan(wanted, iter(products))
    expected: Counter[tuple[str, str | None]] = Counter((each.sku, each.product_id) for each in products if each.sku)
    expected.update((sku, None) for sku in wanted.keys() - {each.sku for each in products})
    assert Counter((row.sku, row.product_id) for row in rows) == expected
    by_id = {each.product_id: each for each in products}
    for row in rows:
        theirs = by_id.get(row.product_id or "")
        to_write = (
            theirs is not None and row.sku in wanted and theirs.tracking != "D" and theirs.amount != wanted[row.sku]
        )
        assert (row.outcome is None) == to_write
        assert row.wanted == wanted.get(row.sku)
        assert row.before == (theirs.amount if theirs else None)
        assert row.reason


def test_each_outcome() -> None:
    rows = plan(
        {"SAME": 5, "OTHER": 3, "LOOSE": 3, "MISSING": 3},
        [product("1", "SAME"), product("2", "OTHER"), product("3", "LOOSE", tracking="D"), product("4", "ALONE")],
    )
    assert {row.sku: row.outcome for row in rows} == {
        "SAME": StockOutcome.ALREADY_RIGHT,
        "OTHER": None,
        "LOOSE": StockOutcome.NOT_TRACKED,
        "MISSING": StockOutcome.NOT_IN_STORE,
        "ALONE": StockOutcome.NOT_IN_WAREHOUSE,
    }


def test_codes_are_compared_exactly() -> None:
    rows = plan({"KITE": 1}, [product("1", "kite", 1), product("2", "KITE-RED", 1)])
    assert {row.sku: row.outcome for row in rows} == {
        "KITE": StockOutcome.NOT_IN_STORE,
        "kite": StockOutcome.NOT_IN_WAREHOUSE,
        "KITE-RED": StockOutcome.NOT_IN_WAREHOUSE,
    }


def test_several_products_with_one_code_all_get_its_amount() -> None:
    rows = plan({"KITE": 3}, [product("1", amount=3), product("2", amount=4)])
    assert [(row.product_id, row.wanted, row.outcome) for row in rows] == [
        ("1", 3, StockOutcome.ALREADY_RIGHT),
        ("2", 3, None),
    ]
