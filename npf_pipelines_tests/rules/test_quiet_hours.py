"""The quiet hours of a client, over midnight and over changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from npf_pipelines.rules.quiet_hours import last_end, may_wait, quiet_until

SYDNEY = ZoneInfo("Australia/Sydney")
NIGHT = (time(22), time(6))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def here(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SYDNEY)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (here(20, 21, 59), None),
        (here(20, 22), here(21, 6)),
        (here(21, 5, 59), here(21, 6)),
        (here(21, 6), None),
        (here(21, 12), None),
    ],
)
def test_they_begin_and_end_in_local_time(now: datetime, until: datetime | None) -> None:
    assert quiet_until(now, NIGHT, SYDNEY) == until
    assert quiet_until(now, None, SYDNEY) is None


def test_a_push_may_wait_until_a_run_has_followed_them() -> None:
    assert may_wait(here(21, 6, 59), NIGHT, SYDNEY)
    assert not may_wait(here(21, 7), NIGHT, SYDNEY)
    assert last_end(here(21, 6), NIGHT, SYDNEY) == here(21, 6)


@given(now=moments, begin=times, end=times)
def test_they_end_within_a_day_and_the_opposite_hours_are_not_quiet(now: datetime, begin: time, end: time) -> None:
    assume(begin != end)
    until, other = quiet_until(now, (begin, end), SYDNEY), quiet_until(now, (end, begin), SYDNEY)
    assert until is None or now < until <= now + timedelta(hours=25)
    if not any(at.month in {4, 10} and at.day < 8 for at in (now, now + timedelta(days=1))):  # The clock changes.
        assert (until is None) != (other is None)
