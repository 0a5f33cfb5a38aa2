"""Keeps tests from running around midnight, in UTC or where the tests' stores are.

A world is generated, run and checked with the clock of several processes: the test's, Dagster's, PostgreSQL's, the
browser's. A frozen clock reaches only the first, so a test waits for the new day instead.
Not here: worlds that tests share (shared_worlds.py makes another one for each day).
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from npf_pipelines.domain.days import day_of, start_of_day

_ZONES = (ZoneInfo("UTC"), ZoneInfo("Australia/Sydney"))
_LONGEST_TEST = timedelta(minutes=2)
_EARLY = timedelta(minutes=2)
"""Some orders are placed a minute ago, and belong to today all the same."""


def days_now() -> tuple[date, ...]:
    """Today in each zone."""
    now = datetime.now(UTC)
    return tuple(day_of(now, zone) for zone in _ZONES)


def seconds_to_wait(now: datetime) -> float:
    """Until a day has begun, if a midnight is near; else 0."""
    # The day in which a test that starts now would end.
    ends = [start_of_day(day_of(now + _LONGEST_TEST, zone), zone) + _EARLY for zone in _ZONES]
    return max(0.0, *((end - now).total_seconds() for end in ends))
