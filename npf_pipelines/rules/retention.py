"""Which snapshots, personal data and runs are past their retention period.

Not here: deleting them (automation/retention.py), the periods (config/settings.py).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar

_Id = TypeVar("_Id")


def old_snapshots(taken: Iterable[datetime], now: datetime, age: timedelta) -> list[datetime]:
    """The times of a client's snapshots to delete: the older ones, but never the last one."""
    times = sorted(taken)
    return [time for time in times[:-1] if now - time > age]


def old_days(days: Iterable[date], today: date, age: timedelta) -> list[date]:
    """The days whose personal data is to be deleted."""
    return sorted(day for day in days if today - day > age)


def old_runs(created: Mapping[_Id, datetime], holding: Collection[_Id], now: datetime, age: timedelta) -> list[_Id]:
    """The runs to delete, oldest first.

    Args:
        created: when each run was created.
        holding: the runs that hold the latest event of a partition.
        now: the present time.
        age: how old a run may get.
    """
    old = (run for run, at in created.items() if now - at > age and run not in holding)
    return sorted(old, key=lambda run: created[run])
