"""What is old enough to go.

Not here: how it goes (automation/retention.py), how old anything may get (settings.py).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar

_Id = TypeVar("_Id")


def old_snapshots(taken: Iterable[datetime], now: datetime, age: timedelta) -> list[datetime]:
    """The times of a client's snapshots that go: those that are older, but never the last one."""
    times = sorted(taken)
    return [one for one in times[:-1] if now - one > age]


def old_days(days: Iterable[date], today: date, age: timedelta) -> list[date]:
    """The days whose personal data goes."""
    return sorted(day for day in days if today - day > age)


def old_runs(created: Mapping[_Id, datetime], holding: Collection[_Id], now: datetime, age: timedelta) -> list[_Id]:
    """The runs that go, oldest first.

    Args:
        created: when each run was created.
        holding: those by which the state of some partition is known.
        now: the moment.
        age: how old a run may get.
    """
    old = (run for run, at in created.items() if now - at > age and run not in holding)
    return sorted(old, key=lambda run: created[run])
