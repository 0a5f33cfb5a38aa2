"""Tests of npf_pipelines.rules.stock."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.domain.products import Product
from npf_pipelines.rules.stock import KnownProduct, TargetAmount, available, plan, target_amount
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


def amount_of(units: int) -> TargetAmount:
    """An amount wanted for a SKU, negatives kept."""
    return TargetAmount(units, floor=False, less_sales=True, why="counted")


def test_available_is_on_hand_less_what_is_promised() -> None:
    assert available(StockFigure("KITE", 10, 3, 2)) == 5
    assert available(StockFigure("KITE", 1, 3, 2)) == -4


@pytest.mark.parametrize(
    ("setup", "amount", "why"),
    [
        ({"quantity": "available"}, -8, "1 on hand, less 3 in process, less 2 on back order, less 4 in flight"),
        ({"quantity": "available", "negative_as_zero": True}, 0, "negative (-8) as 0"),
        ({"quantity": "available", "negative_as_zero": False}, -8, "less 4 in flight"),
        ({"quantity": "on_hand"}, 1, "1 on hand"),
        ({"quantity": "on_hand", "on_hand_less_in_flight": True, "negative_as_zero": False}, -3, "less 4 in flight"),
    ],
)
def test_the_setup_chooses_the_figure_and_the_words_explain_it(setup: dict[str, Any], amount: int, why: str) -> None:
    wanted = target_amount(StockFigure("KITE", 1, 3, 2), 4, StockSetup(**setup))
    assert wanted.after(0) == amount
    assert why in wanted.why


@given(
    figure=figures,
    in_flight=st.integers(0, 9),
    sold=st.integers(0, 9),
    quantity=st.sampled_from(["on_hand", "available"]),
)
def test_zero_replaces_what_is_negative_and_nothing_else(
    figure: StockFigure, in_flight: int, sold: int, quantity: Any
) -> None:
    negative_too, floored = (
        target_amount(figure, in_flight, StockSetup(quantity=quantity, negative_as_zero=floor))
        for floor in (False, True)
    )
    assert floored.after(sold) == max(0, negative_too.after(sold))


@given(figure=figures, in_flight=st.integers(0, 9), sold=st.integers(0, 9))
def test_a_sale_counts_the_same_before_and_after_the_count(figure: StockFigure, in_flight: int, sold: int) -> None:
    setup = StockSetup(quantity="available")
    assert target_amount(figure, in_flight, setup).after(sold) == target_amount(figure, in_flight + sold, setup).after(
        0
    )


@given(wanted=st.dictionaries(st.sampled_from(SKUS), st.integers(-2, 3)), products=catalogues)
def test_every_sku_and_every_product_of_either_side_comes_out_once(
    wanted: dict[str, int], products: list[Product]
) -> None:
    rows = plan({sku: amount_of(units) for sku, units in wanted.items()}, iter(products))
    expected: Counter[tuple[str, str | None]] = Counter((each.sku, each.product_id) for each in products)
    expected.update((sku, None) for sku in wanted.keys() - {each.sku for each in products})
    assert Counter((row.sku, row.product_id) for row in rows) == expected
    by_id = {each.product_id: each for each in products}
    for row in rows:
        theirs = by_id.get(row.product_id or "")
        to_write = (
            theirs is not None
            and row.sku in wanted
            and theirs.tracking not in {"D", "O"}
            and theirs.amount != wanted[row.sku]
        )
        assert (row.outcome is None) == to_write
        assert row.wanted == wanted.get(row.sku)
        assert row.before == (theirs.amount if theirs else None)
        assert row.reason


def test_each_outcome() -> None:
    rows = plan(
        {"SAME": amount_of(5), "HUGE": amount_of(10**7)} | dict.fromkeys(("OTHER", "LOOSE", "MISSING"), amount_of(3)),
        [
            product("1", "SAME"),
            product("2", "OTHER"),
            product("3", "LOOSE", tracking="D"),
            product("4", "ALONE"),
            product("5", ""),
            product("6", "HUGE"),
        ],
        [KnownProduct("7", "FAR", False), KnownProduct("8", "", False), KnownProduct("9", "SONG", True)],
    )
    assert {row.product_id or row.sku: row.outcome for row in rows} == {
        "1": StockOutcome.ALREADY_RIGHT,
        "2": None,
        "3": StockOutcome.NOT_TRACKED,
        "MISSING": StockOutcome.NOT_IN_STORE,
        "4": StockOutcome.NOT_IN_WAREHOUSE,
        "5": StockOutcome.NO_CODE,
        "6": StockOutcome.REFUSED,
        "7": StockOutcome.NOT_IN_WAREHOUSE,
        "8": StockOutcome.NO_CODE,
        "9": StockOutcome.DOWNLOAD,
    }


def test_codes_are_compared_exactly() -> None:
    rows = plan({"KITE": amount_of(1)}, [product("1", "kite", 1), product("2", "KITE-RED", 1)])
    assert {row.sku: row.outcome for row in rows} == {
        "KITE": StockOutcome.NOT_IN_STORE,
        "kite": StockOutcome.NOT_IN_WAREHOUSE,
        "KITE-RED": StockOutcome.NOT_IN_WAREHOUSE,
    }


def test_several_products_with_one_code_all_get_its_amount() -> None:
    rows = plan({"KITE": amount_of(3)}, [product("1", amount=3), product("2", amount=4)])
    assert [(row.product_id, row.wanted, row.outcome) for row in rows] == [
        ("1", 3, StockOutcome.ALREADY_RIGHT),
        ("2", 3, None),
    ]


def test_several_products_with_one_code_are_set_aside_where_the_setup_says_so() -> None:
    rows = plan({"KITE": amount_of(3)}, [product("1", amount=3), product("2", amount=4)], same_sku="none")
    assert {row.outcome for row in rows} == {StockOutcome.SEVERAL_PRODUCTS}
    assert all("1, 2" in row.reason for row in rows)


def test_combinations_are_counted_each_for_itself_and_a_product_by_combinations_without_any_is_left_alone() -> None:
    red = replace(product("1", "KITE-RED", 5, tracking="O"), combination="822")
    rows = plan({"KITE-RED": amount_of(3), "KITE": amount_of(3)}, [red, product("2", "KITE", 5, tracking="O")])
    assert {row.product_id: row.outcome for row in rows} == {"1/822": None, "2": StockOutcome.NOT_TRACKED}


# Codes that differ only by blanks


def test_of_two_counts_of_one_code_neither_is_written_and_both_are_named() -> None:
    rows = plan(
        {"KITE": amount_of(3), "KITE ": amount_of(7), "DRUM": amount_of(1)}, [product(), product("12", "DRUM", 9)]
    )
    several = [row for row in rows if row.outcome is StockOutcome.SEVERAL_COUNTS]
    assert [(row.sku, row.product_id, row.before) for row in several] == [("KITE", "11", 5), ("KITE ", None, None)]
    assert {row.reason for row in several} == {
        'the platform counts KITE and "KITE ", which are one code to the store: keep only one of them there'
    }
    assert [row.sku for row in rows if row.outcome is None] == ["DRUM"]


def test_invisible_characters_of_a_code_that_no_product_has_are_shown() -> None:
    (missing, _) = plan({"KI\u200bTE": amount_of(3)}, [product()])
    assert missing.outcome is StockOutcome.NOT_IN_STORE
    assert '"KI\\u200bTE"' in missing.reason
