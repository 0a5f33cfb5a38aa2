"""Tests of npf_pipelines.rules.cut_off."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.cut_off import cut_off_after, latest_cut_off, missed_cut_off, wanted_since
from npf_pipelines.rules.due import is_last_pull_due
from npf_pipelines_tests.builders import NOON, order

SYDNEY = ZoneInfo("Australia/Sydney")
TWO = time(14)
MINUTE = timedelta(minutes=1)

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
zones = st.sampled_from(["Australia/Sydney", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"]).map(ZoneInfo)
cut_offs = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def at(hour: int, minute: int = 0, *, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SYDNEY).astimezone(UTC)


def test_an_order_that_was_wanted_before_the_cut_off_and_comes_after_it_misses_it() -> None:
    assert missed_cut_off(at(13, 50), at(14, 1), TWO, SYDNEY) == at(14)
    assert missed_cut_off(at(13, 50), at(14), TWO, SYDNEY) is None
    assert missed_cut_off(at(14), at(14, 1), TWO, SYDNEY) is None
    assert missed_cut_off(at(13, day=19), at(15), TWO, SYDNEY) == at(14, day=19)


def test_an_order_is_wanted_since_it_is_known_to_be() -> None:
    later = NOON + 9 * MINUTE
    assert wanted_since(order(), None, later) == NOON
    assert wanted_since(order(updated_at=NOON + MINUTE), None, later) == NOON + MINUTE
    assert wanted_since(order(updated_at=NOON + MINUTE), (False, None), later) == NOON + MINUTE
    assert wanted_since(order(), (False, None), later) == later
    assert wanted_since(order(updated_at=later), (True, NOON), later) == NOON
    assert wanted_since(order(updated_at=later), (True, None), later) is None


@given(moments, cut_offs, zones)
def test_the_cut_offs_around_a_moment_are_a_day_apart(moment: datetime, cut_off: time, zone: ZoneInfo) -> None:
    before, after = latest_cut_off(moment, cut_off, zone), cut_off_after(moment, cut_off, zone)
    assert before <= moment < after
    assert timedelta(hours=22) <= after - before <= timedelta(hours=26)
    assert cut_off_after(before, cut_off, zone) == after


@given(moments, st.integers(0, 3000), cut_offs, zones)
def test_an_order_is_missed_by_its_first_cut_off_or_not_at_all(
    since: datetime, minutes: int, cut_off: time, zone: ZoneInfo
) -> None:
    imported_at = since + minutes * MINUTE
    missed = missed_cut_off(since, imported_at, cut_off, zone)
    assert missed is None or since < missed < imported_at
    assert (missed is None) == (cut_off_after(since, cut_off, zone) >= imported_at)


@given(moments, cut_offs, zones)
def test_the_last_pull_is_asked_for_at_the_cut_off_and_not_again_after_it(
    moment: datetime, cut_off: time, zone: ZoneInfo
) -> None:
    due = cut_off_after(moment, cut_off, zone)
    assert is_last_pull_due(due - MINUTE, due, cut_off, zone)
    assert is_last_pull_due(None, due + MINUTE, cut_off, zone)
    assert not is_last_pull_due(due, due + MINUTE, cut_off, zone)
    assert not is_last_pull_due(due - 5 * MINUTE, due - MINUTE, cut_off, zone)
    assert not is_last_pull_due(due - MINUTE, due + 60 * MINUTE, cut_off, zone)
    assert not is_last_pull_due(due - MINUTE, due, None, zone)
