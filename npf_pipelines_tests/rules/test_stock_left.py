"""Tests of npf_pipelines.rules.stock_left."""

from dataclasses import replace

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.stock import plan
from npf_pipelines.rules.stock_left import NONE_LEFT, left_skus, name_left
from npf_pipelines_tests.builders import product


def test_only_what_was_pushed_and_may_be_on_sale_has_left() -> None:
    products = [product("1", "GONE"), product("2", "NEVER"), product("3", "HERE")]
    products.append(replace(product("4", "DISABLED"), status="D"))
    assert left_skus({"GONE", "HERE", "DISABLED", "DELETED"}, {"HERE"}, products) == {"GONE"}


def test_what_left_has_its_own_outcome_set_to_0_or_not() -> None:
    products = [product("1", "GONE", 5), product("2", "NEVER", 5)]
    rows = plan({}, products, left={"GONE"})
    assert [row.outcome for row in rows] == [StockOutcome.LEFT_WAREHOUSE, StockOutcome.NOT_IN_WAREHOUSE]
    (due, _) = plan({"GONE": NONE_LEFT}, products, left={"GONE"})
    assert (due.wanted, due.outcome) == (0, None)
    written = [replace(due, outcome=outcome) for outcome in (StockOutcome.CONFIRMED, StockOutcome.WAITING)]
    named = [row.outcome for row in name_left(written, {"GONE"})]
    assert named == [StockOutcome.LEFT_WAREHOUSE, StockOutcome.WAITING]
