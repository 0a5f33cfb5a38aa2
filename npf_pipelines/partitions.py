"""The partitions: clients, days, and both together.

Not here: where a day begins in a client's zone (rules/days.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import dagster as dg

from npf_pipelines.master_setup import MasterSetup, MasterSetups

CLIENTS = dg.DynamicPartitionsDefinition(name="clients")
"""The clients, kept in step with the master setups by `register_clients`."""


def client_days(setups: MasterSetups) -> dg.MultiPartitionsDefinition:
    """Clients by days, from the earliest order start date; today exists as soon as any client has it."""
    clients = setups.clients.values()
    first = min((setup.orders.start_date for setup in clients), default=date(2026, 1, 1))
    easternmost = max(clients, key=_offset, default=None)
    days = dg.DailyPartitionsDefinition(
        start_date=first.isoformat(),
        timezone=easternmost.store.time_zone if easternmost else "UTC",
        end_offset=1,
    )
    return dg.MultiPartitionsDefinition({"client": CLIENTS, "day": days})


def register_clients(instance: dg.DagsterInstance, clients: Iterable[str]) -> list[str]:
    """Make each client a partition that isn't one yet. None is ever taken away: its history would go with it.

    Returns:
        The new ones.
    """
    known = set(instance.get_dynamic_partitions(CLIENTS.name or ""))
    new = sorted(set(clients) - known)
    if new:
        instance.add_dynamic_partitions(CLIENTS.name or "", new)
    return new


def client_ranges(registered: Sequence[str], wanted: Iterable[str]) -> list[tuple[str, str]]:
    """The fewest ranges of registered clients that hold just the wanted ones: one run takes one range.

    Raises:
        ValueError: a wanted client is not registered.
    """
    wanted = set(wanted)
    if unknown := wanted - set(registered):
        raise ValueError(f"no such client: {', '.join(sorted(unknown))}")
    stretches = (list(stretch) for is_wanted, stretch in groupby(registered, key=wanted.__contains__) if is_wanted)
    return [(stretch[0], stretch[-1]) for stretch in stretches]


def days_by_client(keys: Iterable[str]) -> dict[str, list[date]]:
    """The days of each client in the partition keys of a run, both in order."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for key in keys:
        client, day = key.split("|")
        days[client].append(date.fromisoformat(day))
    return {client: sorted(days[client]) for client in sorted(days)}


def consecutive(days: Sequence[date]) -> list[tuple[date, date]]:
    """The stretches of days without a gap, as first and last day."""
    stretches: list[tuple[date, date]] = []
    for day in days:
        if stretches and day == stretches[-1][1] + timedelta(days=1):
            stretches[-1] = (stretches[-1][0], day)
        else:
            stretches.append((day, day))
    return stretches


def day_key(client: str, day: date) -> dg.MultiPartitionKey:
    """The partition key of a client's day."""
    return dg.MultiPartitionKey({"client": client, "day": day.isoformat()})


def _offset(setup: MasterSetup) -> timedelta:
    return datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(setup.store.time_zone)).utcoffset() or timedelta()
