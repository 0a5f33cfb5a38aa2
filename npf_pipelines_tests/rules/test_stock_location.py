"""Tests of npf_pipelines.rules.stock_location."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.stock_location import Scope
from npf_pipelines_tests.builders import product

SPLIT = replace(product("1", amount=50), shares={"1": 9, "2": 41})
TOTAL = product("1", amount=50)


def test_the_share_is_compared_where_the_store_shows_it() -> None:
    assert Scope(1).amount(SPLIT) == 9
    assert Scope(3).amount(SPLIT) == 0
    assert Scope().amount(SPLIT) == 50


def test_without_a_location_nothing_is_split() -> None:
    assert not Scope(None, {"1": 41}).is_split(SPLIT)
    assert Scope(None, {"1": 41}).amount(TOTAL) == 50


@given(here=st.integers(-5, 500), others=st.integers(-5, 500), sold=st.integers(0, 9), written=st.integers(0, 500))
def test_a_share_that_is_not_shown_is_the_total_less_what_was_learnt(
    here: int, others: int, sold: int, written: int
) -> None:
    scope = Scope(1)
    before = product("1", amount=here + others)
    assert scope.amount(before) == here + others
    scope.learn(product("1", amount=written + others), written)
    assert scope.is_split(before)
    assert scope.amount(product("1", amount=written + others - sold)) == written - sold
