"""The partitions: clients, days, and both together.

Not here: where a day begins in a client's zone (domain/days.py).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.runs.cell import Cell

LOOK_BACK = timedelta(days=30)
"""How far back the nightly runs process the days of all clients again; older days count as settled."""

CLIENTS = Cell().clients
"""The clients of a code location without a cell."""


def settled_before(now: datetime) -> date:
    """The day before which days are settled for every client, whatever its time zone."""
    return now.date() - LOOK_BACK - timedelta(days=1)


def first_day(setups: MasterSetups, with_tables: date | None) -> date | None:
    """The first day of any client: the earliest order start date, or an earlier day with tables.

    Args:
        setups: the clients' setups.
        with_tables: the first day that has tables and is before every start date, if known.
    """
    starts = [setup.orders.start_date for setup in setups.clients.values()]
    return min([*starts, *([with_tables] if with_tables and starts else [])], default=None)


def client_days(
    setups: MasterSetups, with_tables: date | None = None, cell: Cell | None = None
) -> dg.MultiPartitionsDefinition:
    """Clients by days, from the first day of any client to the day that is today for the first client to reach it.

    Arguments as for `first_day`, and the cell of the clients.
    """
    clients = setups.clients.values()
    first = first_day(setups, with_tables) or date(2026, 1, 1)
    days = dg.DailyPartitionsDefinition(
        start_date=first.isoformat(),
        timezone=_zone_ahead_of(clients),
        end_offset=1,
    )
    return dg.MultiPartitionsDefinition({"client": (cell or Cell()).clients, "day": days})


def lacks_days(loaded: dg.MultiPartitionsDefinition, needed: dg.MultiPartitionsDefinition) -> bool:
    """Whether partitions that were loaded earlier lack a day, at either end, that is needed now."""
    days, needed_days = (partitions.get_partitions_def_for_dimension("day") for partitions in (loaded, needed))
    first, last = (days.get_first_partition_key() or "", days.get_last_partition_key() or "")
    needed_first, needed_last = needed_days.get_first_partition_key(), needed_days.get_last_partition_key()
    return (needed_first or first) < first or (needed_last or last) > last


def days_by_client(keys: Iterable[str]) -> dict[str, list[date]]:
    """The days of each client in the partition keys of a run, clients and days in order."""
    days: defaultdict[str, list[date]] = defaultdict(list)
    for key in keys:
        client, day = key.split("|")
        days[client].append(date.fromisoformat(day))
    return {client: sorted(days[client]) for client in sorted(days)}


def consecutive(days: Sequence[date]) -> list[tuple[date, date]]:
    """The ranges of days without a gap, as first and last day."""
    ranges: list[tuple[date, date]] = []
    for day in days:
        if ranges and day == ranges[-1][1] + timedelta(days=1):
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def day_key(client: str, day: date) -> dg.MultiPartitionKey:
    """The partition key of a client's day."""
    return dg.MultiPartitionKey({"client": client, "day": day.isoformat()})


def _zone_ahead_of(clients: Iterable[MasterSetup]) -> str:
    """The fixed zone that is never behind a client's; which client is first can change with the season."""
    seasons = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    offsets = [moment.astimezone(setup.zone).utcoffset() or timedelta() for setup in clients for moment in seasons]
    hours = math.ceil(max(offsets, default=timedelta()) / timedelta(hours=1))
    return f"Etc/GMT{-hours:+d}"  # These names have the opposite sign: Etc/GMT-11 is eleven hours ahead.
