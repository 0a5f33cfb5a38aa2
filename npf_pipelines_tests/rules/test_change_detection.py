"""Tests of npf_pipelines.rules.change_detection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.change_detection import OrderListState, has_changes

looks = st.builds(OrderListState, st.none() | st.integers(0, 3), st.integers(0, 5), st.integers(0, 5))


@given(looks)
def test_the_same_look_twice_is_no_news(look: OrderListState) -> None:
    assert not has_changes(look, look)


@pytest.mark.parametrize(
    ("now", "before", "news"),
    [
        (OrderListState(None, 5, 9), None, True),
        (OrderListState(None, 6, 10), OrderListState(None, 5, 9), True),
        # One left the list, and another came.
        (OrderListState(None, 5, 10), OrderListState(None, 5, 9), True),
        # An older one came into it.
        (OrderListState(None, 6, 9), OrderListState(None, 5, 9), True),
        # We pushed one on.
        (OrderListState(None, 4, 9), OrderListState(None, 5, 9), False),
        (OrderListState(100, 0, 0), None, False),
        (OrderListState(100, 1, 9), None, True),
        (OrderListState(100, 2, 9), OrderListState(100, 1, 9), True),
        # A run has dealt with it and moved on.
        (OrderListState(200, 0, 0), OrderListState(100, 1, 9), False),
        (OrderListState(200, 1, 9), OrderListState(100, 1, 9), True),
        # The store has learnt to list by change: what it shows since the last run is news.
        (OrderListState(100, 0, 0), OrderListState(None, 5, 9), False),
    ],
)
def test_what_came_into_the_list_is_news(now: OrderListState, before: OrderListState | None, news: bool) -> None:
    assert has_changes(now, before) is news
