"""Keeps a test from starting in the last minutes of a day, in UTC or where the tests' stores are.

A world is generated, run and checked with the clock of several processes: the test's, Dagster's, PostgreSQL's, the
browser's. A frozen clock reaches only the first, so a test waits for the new day instead.
Not here: worlds that tests share (shared_worlds.py makes another one for each day).
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from npf_pipelines.domain.days import day_of, start_of_day

_ZONES = (ZoneInfo("UTC"), ZoneInfo("Australia/Sydney"))
_LONGEST_TEST = timedelta(minutes=2)


def days_now() -> tuple[date, ...]:
    """Today in each zone."""
    now = datetime.now(UTC)
    return tuple(day_of(now, zone) for zone in _ZONES)


def seconds_to_wait(now: datetime) -> float:
    """Until the next day has begun, if the present one ends within a test's time; else 0."""
    midnights = [start_of_day(day_of(now, zone) + timedelta(days=1), zone) for zone in _ZONES]
    return max((left.total_seconds() for end in midnights if (left := end - now) < _LONGEST_TEST), default=0.0)
