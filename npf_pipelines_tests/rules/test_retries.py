"""Tests of npf_pipelines.rules.retries."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.rules.retries import LONGEST_PAUSE, failures_in_a_row, next_try, next_try_in_words, pause

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_pauses_grow_up_to_an_hour() -> None:
    assert [pause(failures) / MINUTE for failures in range(1, 8)] == [5, 10, 20, 40, 60, 60, 60]


@given(st.integers(1, 10**6))
def test_no_pause_is_shorter_than_the_one_before_or_longer_than_the_limit(failures: int) -> None:
    assert pause(failures) <= pause(failures + 1) <= LONGEST_PAUSE


def test_without_a_failure_there_is_no_pause() -> None:
    with pytest.raises(ValueError, match="no pause"):
        pause(0)


def test_only_passing_trouble_is_tried_again_by_time() -> None:
    assert next_try(FailureKind.TRANSIENT, 2, NOON) == NOON + 10 * MINUTE
    assert next_try(FailureKind.PERMANENT, 1, NOON) is None
    assert next_try(FailureKind.PARTIAL, 1, NOON) is None


@given(st.integers(1, 1000))
def test_what_is_mended_in_the_store_is_noticed_within_the_hour(failures: int) -> None:
    assert next_try(FailureKind.FIXABLE_IN_STORE, failures, NOON) == NOON + LONGEST_PAUSE


def test_an_answer_of_the_store_restarts_the_count() -> None:
    assert failures_in_a_row(7, FailureKind.TRANSIENT) == 8
    assert failures_in_a_row(7, FailureKind.PARTIAL) == 1


@given(st.lists(st.integers(0, 200), min_size=30, max_size=60))
def test_a_day_costs_at_most_28_tries_however_long_each_takes(seconds: list[int]) -> None:
    """From the first failure on, the pauses alone keep the number of tries down."""
    tries, at = [NOON], NOON
    for number, taken in enumerate(seconds, 1):
        again = next_try(FailureKind.TRANSIENT, number, at + timedelta(seconds=taken))
        assert again is not None
        at = again
        tries.append(at)
    assert sum(one < NOON + timedelta(days=1) for one in tries) <= 28
    assert all(later - earlier >= 5 * MINUTE for earlier, later in pairwise(tries))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FailureKind.TRANSIENT, "by hand, or by itself after 2026-11-20 12:05 UTC"),
        (FailureKind.OVER_LIMIT, "by hand, or by itself after 2026-11-20 12:05 UTC"),
        (FailureKind.PARTIAL, "with the next sweep"),
        (FailureKind.PERMANENT, "when setup or key change, by hand, or in the night"),
        (FailureKind.FIXABLE_IN_STORE, "when setup or key change, by hand, or by itself after 2026-11-20 13:00 UTC"),
    ],
)
def test_a_person_reads_when_it_is_tried_again(kind: FailureKind, words: str) -> None:
    assert next_try_in_words(kind, next_try(kind, 1, NOON)) == words
