"""The partitions: clients, days, and both together.

Not here: where a day begins in a client's zone (domain/days.py).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from npf_pipelines.config.master_setup import MasterSetup, MasterSetups

LOOK_BACK = timedelta(days=30)
"""How far back each night goes over the days of all clients once more; what is older is taken to be settled."""

CLIENTS = dg.DynamicPartitionsDefinition(name="clients")
"""The clients, kept in step with the master setups by `register_clients`."""


def first_day(setups: MasterSetups, with_tables: date | None) -> date | None:
    """The first day of any client: the earliest order start date, or a day whose tables were made before one was moved.

    Args:
        setups: the clients' setups.
        with_tables: the first day that has tables and is before every start date, as far as it is known.
    """
    starts = [setup.orders.start_date for setup in setups.clients.values()]
    return min([*starts, *([with_tables] if with_tables and starts else [])], default=None)


def client_days(setups: MasterSetups, with_tables: date | None = None) -> dg.MultiPartitionsDefinition:
    """Clients by days, from the first day of any client; today exists before any client has it. Arguments as there."""
    clients = setups.clients.values()
    first = first_day(setups, with_tables) or date(2026, 1, 1)
    days = dg.DailyPartitionsDefinition(
        start_date=first.isoformat(),
        timezone=_zone_ahead_of(clients),
        end_offset=1,
    )
    return dg.MultiPartitionsDefinition({"client": CLIENTS, "day": days})


def lacks_days(loaded: dg.MultiPartitionsDefinition, needed: dg.MultiPartitionsDefinition) -> bool:
    """Whether partitions that were loaded once lack a day, at either end, that is needed just now."""
    had, wanted = (one.get_partitions_def_for_dimension("day") for one in (loaded, needed))
    first, last = (had.get_first_partition_key() or "", had.get_last_partition_key() or "")
    return (wanted.get_first_partition_key() or first) < first or (wanted.get_last_partition_key() or last) > last


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


def _zone_ahead_of(clients: Iterable[MasterSetup]) -> str:
    """The fixed zone that is never behind a client's: which of them is the first can change with the season."""
    seasons = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    offsets = [moment.astimezone(setup.zone).utcoffset() or timedelta() for setup in clients for moment in seasons]
    hours = math.ceil(max(offsets, default=timedelta()) / timedelta(hours=1))
    return f"Etc/GMT{-hours:+d}"  # The sign of these names is turned round: Etc/GMT-11 is eleven hours ahead.
