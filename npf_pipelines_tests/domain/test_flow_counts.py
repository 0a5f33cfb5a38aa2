"""Tests of npf_pipelines.domain.flow_counts."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.flow_counts import (
    DELAY_BOUNDS,
    OUTCOMES,
    SUCCEEDED,
    FlowCounts,
    delay_seconds,
    delays_within,
    ends,
)

DELAYS = st.lists(st.timedeltas(timedelta(seconds=-5), timedelta(days=9)))


@given(st.lists(DELAYS, max_size=5))
def test_a_histogram_only_grows_and_holds_every_delay(runs: list[list[timedelta]]) -> None:
    kept = Counter[str]()
    for delays in runs:
        before = dict(delays_within(kept))
        kept.update(FlowCounts().by_name(SUCCEEDED, delays))
        within = delays_within(kept)
        assert [bound for bound, _ in within] == list(DELAY_BOUNDS)
        assert all(smaller <= larger for (_, smaller), (_, larger) in pairwise(within))
        assert all(number >= before[bound] for bound, number in within)
    counted = [max(0.0, delay.total_seconds()) for delays in runs for delay in delays]
    assert dict(delays_within(kept)) == {bound: sum(each <= bound for each in counted) for bound in DELAY_BOUNDS}
    assert abs(delay_seconds(kept) - sum(counted)) < 1e-3
    assert ends(kept) == dict.fromkeys(OUTCOMES, 0) | {SUCCEEDED: len(runs)}


def test_a_part_that_did_nothing_counts_nothing() -> None:
    assert FlowCounts().by_name("", []) == {}
    assert delays_within({}) == [(bound, 0) for bound in DELAY_BOUNDS]


def test_delays_of_a_release_with_other_bounds_are_kept() -> None:
    assert dict(delays_within({"delays_20": 2, "delays_1e+06": 1, "delay_seconds": 9, "requests": 5})) == {
        bound: 0 if bound < 20 else 2 if bound < 1e6 else 3 for bound in DELAY_BOUNDS
    }
