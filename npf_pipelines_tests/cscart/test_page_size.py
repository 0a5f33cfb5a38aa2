"""Tests of npf_pipelines.cscart.page_size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.page_size import PageSize

FAST, SLOW, SMALL, LARGE = 0.1, 1.1, 100_000, 2_100_000


@pytest.mark.parametrize(
    ("size", "seconds", "rows"),
    [(SMALL, 0.25, 160), (500_000, FAST, 160), (SMALL, 0.26, 80), (501_000, FAST, 80), (1_000_000, 0.5, 80)],
)
def test_it_grows_as_far_as_the_answer_would_still_be_quick_and_small(size: int, seconds: float, rows: int) -> None:
    pages = PageSize(40)
    pages.answered(40, 40, size, seconds)
    assert pages.rows == rows


def test_it_ends_at_what_any_store_should_bear() -> None:
    pages = PageSize(200)
    pages.answered(200, 200, SMALL, FAST)
    assert pages.rows == 500
    pages = PageSize(600, most=1000)
    pages.answered(600, 600, SMALL, FAST)
    assert pages.rows == 1000


@pytest.mark.parametrize(("size", "seconds"), [(SMALL, SLOW), (LARGE, FAST)])
def test_it_halves_when_an_answer_was_slow_or_large(size: int, seconds: float) -> None:
    pages = PageSize(40)
    pages.answered(40, 40, size, seconds)
    assert pages.rows == 20


@pytest.mark.parametrize(("size", "seconds"), [(SMALL, 0.6), (1_100_000, FAST)])
def test_it_stays_where_twice_as_many_would_be_too_many(size: int, seconds: float) -> None:
    pages = PageSize(40)
    pages.answered(40, 40, size, seconds)
    assert pages.rows == 40


def test_a_page_that_is_not_full_proves_nothing() -> None:
    pages = PageSize(40)
    pages.answered(40, 39, SMALL, FAST)
    assert pages.rows == 40


def test_answers_to_requests_at_the_same_time_count_once() -> None:
    pages = PageSize(40)
    for _ in range(4):
        pages.answered(40, 40, SMALL, FAST)
    assert pages.rows == 160
    for _ in range(4):
        pages.failed(160)
    assert pages.rows == 80


def test_a_page_that_had_to_be_huge_is_no_measure_for_the_others() -> None:
    pages = PageSize(40)
    pages.answered(1000, 1000, SMALL, FAST)
    assert pages.rows == 40
    pages.answered(1000, 1000, LARGE, SLOW)
    assert pages.rows == 40


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 2000), st.integers(1, 5_000_000), st.floats(0, 60))))
def test_it_always_asks_for_something_and_never_for_too_much(answers: list[tuple[bool, int, int, float]]) -> None:
    pages = PageSize()
    for failed, asked, size, seconds in answers:
        if failed:
            pages.failed(asked)
        else:
            pages.answered(asked, asked, size, seconds)
        assert 1 <= pages.rows <= 500


@given(st.integers(1, 500), st.integers(1, 2_000))
def test_it_settles_at_what_the_store_bears(rows: int, most: int) -> None:
    """At a store that gives `most` orders in a second."""
    pages = PageSize(rows)
    sizes = []
    for _ in range(30):
        pages.answered(pages.rows, pages.rows, SMALL, pages.rows / most)
        sizes.append(pages.rows)
    assert len(set(sizes[-10:])) == 1, "it goes up and down for ever"
    assert sizes[-1] <= most
    assert sizes[-1] == 500 or 2 * sizes[-1] >= most / 2
