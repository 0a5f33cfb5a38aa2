"""Tests of npf_pipelines.rules.change_detection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.change_detection import Look, is_news

looks = st.builds(Look, st.none() | st.integers(0, 3), st.integers(0, 5), st.integers(0, 5))


@given(looks)
def test_the_same_look_twice_is_no_news(look: Look) -> None:
    assert not is_news(look, look)


@pytest.mark.parametrize(
    ("now", "before", "news"),
    [
        (Look(None, 5, 9), None, True),
        (Look(None, 6, 10), Look(None, 5, 9), True),
        # One left the list, and another came.
        (Look(None, 5, 10), Look(None, 5, 9), True),
        # An older one came into it.
        (Look(None, 6, 9), Look(None, 5, 9), True),
        # We pushed one on.
        (Look(None, 4, 9), Look(None, 5, 9), False),
        (Look(100, 0, 0), None, False),
        (Look(100, 1, 9), None, True),
        (Look(100, 2, 9), Look(100, 1, 9), True),
        # A run has dealt with it and moved on.
        (Look(200, 0, 0), Look(100, 1, 9), False),
        (Look(200, 1, 9), Look(100, 1, 9), True),
        # The store has learnt to list by change: what it shows since the last run is news.
        (Look(100, 0, 0), Look(None, 5, 9), False),
    ],
)
def test_what_came_into_the_list_is_news(now: Look, before: Look | None, news: bool) -> None:
    assert is_news(now, before) is news
