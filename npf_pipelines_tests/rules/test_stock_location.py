"""Tests of npf_pipelines.rules.stock_location."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.stock_location import Scope
from npf_pipelines_tests.builders import product

SPLIT = replace(product("1", amount=50), shares={"1": 9, "2": 41})
TOTAL = product("1", amount=50)


def test_the_share_is_compared_where_the_store_shows_it() -> None:
    assert Scope([1]).amount(SPLIT) == 9
    assert Scope([3]).amount(SPLIT) == 0
    assert Scope().amount(SPLIT) == 50


def test_without_a_location_nothing_is_split() -> None:
    assert not Scope((), {"1": 41}).is_split(SPLIT)
    assert Scope((), {"1": 41}).amount(TOTAL) == 50


@given(here=st.integers(-5, 500), others=st.integers(-5, 500), sold=st.integers(0, 9), written=st.integers(0, 500))
def test_a_share_that_is_not_shown_is_the_total_less_what_was_learnt(
    here: int, others: int, sold: int, written: int
) -> None:
    scope = Scope([1])
    before = product("1", amount=here + others)
    assert scope.amount(before) == here + others
    scope.learn(product("1", amount=written + others), written)
    assert scope.is_split(before)
    assert scope.amount(product("1", amount=written + others - sold)) == written - sold


@given(amount=st.integers(-50, 5000), places=st.lists(st.integers(1, 99), min_size=1, max_size=6, unique=True))
def test_the_amounts_of_the_locations_add_up_to_what_is_written(amount: int, places: list[int]) -> None:
    scope = Scope(places)
    shares = scope.shares(amount)
    assert [int(place) for place in shares] == places
    assert max(shares.values()) - min(shares.values()) <= 1
    assert scope.amount(replace(product("1", amount=7), shares={**shares, "100": 9})) == amount


def test_where_several_locations_are_named_the_total_is_what_they_have() -> None:
    scope = Scope([1, 2], {"1": 41})
    assert scope.amount(TOTAL) == 50
    assert scope.can_read_back(TOTAL)
    assert not Scope([1]).can_read_back(TOTAL)
