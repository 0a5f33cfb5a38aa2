"""Which snapshots, personal data, actions on held orders and runs are past their retention period.

Not here: deleting them (automation/retention.py), the periods (config/settings.py).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar

from npf_pipelines.domain.hold_actions import HoldAction

_Id = TypeVar("_Id")


def old_snapshots(taken: Iterable[datetime], now: datetime, age: timedelta) -> list[datetime]:
    """The times of a client's snapshots to delete: the older ones, but never the last one."""
    times = sorted(taken)
    return [time for time in times[:-1] if now - time > age]


def old_days(days: Iterable[date], today: date, age: timedelta) -> list[date]:
    """The days whose personal data is to be deleted."""
    return sorted(day for day in days if today - day > age)


def old_hold_actions(
    actions: Iterable[HoldAction], held: Collection[str], imported: Collection[str], before: datetime
) -> tuple[set[str], set[str]]:
    """The orders whose action goes, and the orders of which only its reason goes, which may name a shopper.

    The action on an order that may still come to the warehouse stays: no hold ends by its age. The reason stays as long
    as the order is held.

    Args:
        actions: of people on orders.
        held: the ids of the orders that are held at present.
        imported: the ids of the orders that the platform has, the cancelled ones not counted.
        before: only older actions are meant.
    """
    old = {action.order_id: action for action in actions if action.acted_at < before and action.order_id not in held}
    gone = {order_id for order_id in old if order_id in imported}
    return gone, {order_id for order_id, action in old.items() if action.reason} - gone


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
