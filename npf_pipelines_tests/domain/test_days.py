"""Tests of npf_pipelines.domain.days."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from npf_pipelines.domain.days import day_of, end_of_day, start_of_day

SYDNEY, AUCKLAND = ZoneInfo("Australia/Sydney"), ZoneInfo("Pacific/Auckland")

SECOND = timedelta(seconds=1)

zones = st.sampled_from(sorted(zoneinfo.available_timezones())).map(ZoneInfo)
seconds = st.integers(0, 40 * 365 * 86_400).map(lambda second: datetime(2005, 1, 1, tzinfo=UTC) + second * SECOND)


@pytest.mark.parametrize(
    ("zone", "day", "starts", "hours"),
    [
        (SYDNEY, date(2026, 10, 4), datetime(2026, 10, 3, 14, tzinfo=UTC), 23),
        (SYDNEY, date(2026, 10, 5), datetime(2026, 10, 4, 13, tzinfo=UTC), 24),
        (SYDNEY, date(2026, 4, 5), datetime(2026, 4, 4, 13, tzinfo=UTC), 25),
        (SYDNEY, date(2026, 4, 6), datetime(2026, 4, 5, 14, tzinfo=UTC), 24),
        (AUCKLAND, date(2026, 9, 27), datetime(2026, 9, 26, 12, tzinfo=UTC), 23),
        (AUCKLAND, date(2026, 9, 28), datetime(2026, 9, 27, 11, tzinfo=UTC), 24),
        (AUCKLAND, date(2026, 4, 5), datetime(2026, 4, 4, 11, tzinfo=UTC), 25),
        (AUCKLAND, date(2026, 4, 6), datetime(2026, 4, 5, 12, tzinfo=UTC), 24),
    ],
)
def test_days_on_which_the_clocks_change(zone: ZoneInfo, day: date, starts: datetime, hours: int) -> None:
    assert start_of_day(day, zone) == starts
    assert end_of_day(day, zone) == starts + timedelta(hours=hours)
    assert day_of(starts, zone) == day
    assert day_of(starts - SECOND, zone) == day - timedelta(days=1)


@given(moment=seconds, zone=zones)
@example(moment=datetime(2024, 9, 8, 3, 30, tzinfo=UTC), zone=ZoneInfo("America/Santiago"))  # the next day has no 00:00
@example(moment=datetime(2024, 4, 7, 3, 30, tzinfo=UTC), zone=ZoneInfo("America/Santiago"))  # 23:30 twice
@example(moment=datetime(2024, 11, 3, 4, 30, tzinfo=UTC), zone=ZoneInfo("America/Havana"))  # 00:30 twice
@example(moment=datetime(2011, 12, 30, 10, tzinfo=UTC), zone=ZoneInfo("Pacific/Apia"))  # the day before was left out
def test_every_moment_belongs_to_exactly_one_day(moment: datetime, zone: ZoneInfo) -> None:
    today = day_of(moment, zone)
    around = (today + timedelta(days=number) for number in range(-2, 3))
    holds_it = [day for day in around if start_of_day(day, zone) <= moment < end_of_day(day, zone)]
    assert holds_it == [today]


@given(day=st.dates(date(2005, 1, 1), date(2044, 12, 31)), zone=zones)
def test_days_follow_each_other_without_gap_or_overlap(day: date, zone: ZoneInfo) -> None:
    assert end_of_day(day, zone) == start_of_day(day + timedelta(days=1), zone)
    assert start_of_day(day, zone) <= end_of_day(day, zone)


@given(moment=seconds, zone=zones, other=zones)
def test_a_moment_is_the_same_however_it_is_written(moment: datetime, zone: ZoneInfo, other: ZoneInfo) -> None:
    assert day_of(moment.astimezone(other), zone) == day_of(moment, zone)


def test_the_start_is_given_in_utc() -> None:
    assert start_of_day(date(2026, 11, 1), SYDNEY).isoformat() == "2026-10-31T13:00:00+00:00"
