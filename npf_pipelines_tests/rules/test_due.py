"""Tests of npf_pipelines.rules.due."""

import itertools
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.due import BETWEEN_RELEASES, FREQUENT, interval_at, is_due, is_release_due

SYDNEY = ZoneInfo("Australia/Sydney")
USUAL = timedelta(minutes=15)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it


def test_who_was_never_tried_is_due() -> None:
    assert is_due(None, USUAL, NOON)


def test_a_new_interval_makes_all_due_at_once_who_were_not_just_tried() -> None:
    assert is_due(NOON - 8 * MINUTE, USUAL, NOON)
    assert is_due(NOON - 15 * MINUTE, USUAL, NOON)
    assert not is_due(NOON - MINUTE, USUAL, NOON)
    assert is_due(NOON - MINUTE, USUAL, NOON + 7 * MINUTE)
    assert not is_due(NOON + MINUTE, USUAL, NOON + 14 * MINUTE)


@given(moments, st.integers(5, 240))
def test_ticks_every_five_minutes_leave_nobody_waiting_for_more_than_an_interval_and_a_tick(
    begin: datetime, minutes: int
) -> None:
    interval = timedelta(minutes=minutes)
    tick = begin
    while not is_due(begin, interval, tick):
        tick += FREQUENT
    assert tick - begin < interval + FREQUENT


@given(moments, st.integers(5, 240))
def test_nobody_is_due_twice_in_one_interval(begin: datetime, minutes: int) -> None:
    interval = timedelta(minutes=minutes)
    start = datetime.fromtimestamp(begin.timestamp() // interval.total_seconds() * interval.total_seconds(), UTC)
    assert not is_due(begin, interval, start + interval - timedelta(seconds=1))


def test_two_hours_before_the_cut_off_the_interval_shrinks() -> None:
    cut_off = time(14)

    def at(hour: int, minute: int) -> timedelta:
        moment = datetime(2026, 11, 20, hour, minute, tzinfo=SYDNEY)
        return interval_at(moment.astimezone(UTC), USUAL, cut_off, SYDNEY)

    assert [at(11, 59), at(12, 0), at(13, 59), at(14, 0)] == [USUAL, FREQUENT, FREQUENT, USUAL]
    assert interval_at(NOON, USUAL, None, SYDNEY) == USUAL


def test_a_cut_off_after_midnight_begins_the_day_before() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=SYDNEY)
    assert interval_at(late, USUAL, time(0, 30), SYDNEY) == FREQUENT


@given(moments, st.times(), st.sampled_from(["Australia/Sydney", "America/New_York", "Asia/Kathmandu"]))
def test_the_clocks_changes_leave_about_two_hours(moment: datetime, cut_off: time, zone: str) -> None:
    """Whatever the season does, at the cut-off less an hour the client is swept more often."""
    here = ZoneInfo(zone)
    at = datetime.combine(moment.date(), cut_off.replace(microsecond=0), here).astimezone(UTC)
    assert interval_at(at - timedelta(hours=1), USUAL, cut_off.replace(microsecond=0), here) == FREQUENT


@given(st.lists(st.integers(0, 600), min_size=1), st.integers(5, 60))
def test_many_releases_share_few_runs_and_none_waits_long(seconds: list[int], tick_seconds: int) -> None:
    """Every order has a moment of its own: its last change, and the minutes of the grace period."""
    released = sorted(NOON + timedelta(seconds=second) for second in seconds)
    tick, last_run, runs = timedelta(seconds=tick_seconds), NOON - timedelta(seconds=1), []
    for number in range(720 // tick_seconds + 2):
        now = NOON + number * tick
        passed = [moment for moment in released if moment <= now]
        if passed and is_release_due(last_run, passed[-1], now):
            last_run = now
            runs.append(now)
    assert all(later - earlier >= BETWEEN_RELEASES for earlier, later in itertools.pairwise(runs))
    soon = BETWEEN_RELEASES + tick
    assert all(any(moment <= run < moment + soon for run in runs) for moment in released)
    assert is_release_due(None, NOON, NOON)
