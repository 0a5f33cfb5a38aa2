"""The scope of a run: the clients and days that its run config names.

Dagster launches a run over one partition or one unbroken range of them. Sensors, sweeps and the command line request
runs for the clients that need one, which may be anywhere in the list; so their run config names the clients. A backfill
from the UI names none and takes the partitions that it was launched over. Not here: the partitions (partitions.py).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
from pydantic import Field

from npf_pipelines.rules.day_range import WrongDays, read_days
from npf_pipelines.runs.partitions import days_by_client

_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_CLIENTS_NAMED = 3
"""How many clients the list of runs names."""
_CLIENTS_TAGGED = 50
"""The most clients of a run that get a tag each; a run of more is found by its days."""
_READS_OTHERS = "reports"
"""The op whose upstream tables other ops make: Dagster reads their versions, for which the run needs a partition."""


class RunScope(dg.Config):
    """The clients and days of a run."""

    clients: list[str] = Field(
        default=[],
        description="Leave it out to run the partitions that you select. Clients named here win over selected "
        "partitions, which the run then leaves alone.",
    )
    first_day: str = Field(
        default="",
        description="Only with clients, and only for assets with days, which then need it: the first day, 2026-11-24.",
    )
    last_day: str = Field(
        default="",
        description="Only with first_day, which needs it: the last day. Days after a client's today are skipped.",
    )

    @property
    def names_orders(self) -> bool:
        """Whether the run takes single orders, and their days are found while it works."""
        return False

    def days_by_client(self, partition_keys: Sequence[str]) -> Mapping[str, list[date]]:
        """The days of each client, oldest first; empty if the partitions are clients only.

        Args:
            partition_keys: the partitions that the run was launched over, for a run that names no clients.

        Raises:
            WrongDays: the days are not a range of days.
        """
        if self.clients:
            return dict.fromkeys(sorted(self.clients), read_days(self.first_day, self.last_day))
        if all("|" in key for key in partition_keys):
            return days_by_client(partition_keys)
        return {client: [] for client in partition_keys}

    def why_wrong(self, *, has_days: bool) -> str:
        """Why no run can have this scope, in one sentence; empty if it can.

        Args:
            has_days: whether the run's partitions are days of clients; otherwise they are clients only.
        """
        try:
            days = read_days(self.first_day, self.last_day)
        except WrongDays as why:
            return str(why)
        if days and not has_days:
            return "the run config names days, but these assets have none: leave out first_day and last_day"
        if days and not self.clients:
            return "the run config names days without clients: name the clients, or select partitions instead"
        if self.clients and has_days and not days:
            return "the run config names clients without days: add first_day and last_day"
        return ""


class FlowConfig(RunScope):
    """The scope of a run, and whether it writes."""

    dry_run: bool = Field(
        default=False,
        description="Show what would be written to store, platform and tables; write nothing. It wins over every "
        "other field.",
    )
    certify: bool = Field(
        default=False,
        description="For a client in trial: write what concerns orders made of test items alone, and the amounts of "
        "test items. Nothing else is written; a live client's run is unchanged.",
    )


class OrderSelection(FlowConfig):
    """The scope of a run of orders or shipments: clients and days, or single orders of clients."""

    orders: list[str] = Field(
        default=[],
        description="Only these orders, by their numbers with or without the order prefix. The run finds their days; "
        "the other orders of these days stay as they are. Leave out first_day and last_day.",
    )

    @property
    def names_orders(self) -> bool:
        """Whether the run takes single orders, and their days are found while it works."""
        return bool(self.orders)

    def days_by_client(self, partition_keys: Sequence[str]) -> Mapping[str, list[date]]:
        """As for any scope; no days where the run takes single orders: the partitions name only their clients."""
        if not self.names_orders:
            return super().days_by_client(partition_keys)
        return {client: [] for client in sorted(self.clients or {key.partition("|")[0] for key in partition_keys})}

    def why_wrong(self, *, has_days: bool) -> str:
        """Why no run can have this scope, in one sentence; empty if it can."""
        if not self.names_orders:
            return super().why_wrong(has_days=has_days)
        if self.first_day or self.last_day:
            return "the run config names orders and days: leave out first_day and last_day, the orders have their days"
        return ""


def scope_config(
    flow: str, clients: Collection[str], days: tuple[date, date] | None, **options: object
) -> Mapping[str, Any]:
    """The config of a run over clients, and over the days from the first to the last.

    Args:
        flow: the flow's name.
        clients: their ids.
        days: for a flow that has days.
        options: further fields of the op's config.
    """
    between = {"first_day": days[0].isoformat(), "last_day": days[1].isoformat()} if days else {}
    return {"ops": {flow: {"config": {"clients": sorted(clients)} | between | options}}}


def scope_tags(flow: str, clients: Collection[str], days: tuple[date, date] | None) -> Mapping[str, str]:
    """The tags of a run that is requested for clients."""
    partition = {"dagster/partition": min(clients)} if flow == _READS_OTHERS else {}
    return run_tags(clients, days) | partition


def run_tags(clients: Collection[str], days: tuple[date, date] | None) -> dict[str, str]:
    """The tags by which a run is found: the first few clients, the days, and one tag for each client."""
    tags = {"npf/clients": name_clients(clients, _CLIENTS_NAMED)}
    if days:
        tags["npf/days"] = name_days(*days)
    if len(clients) <= _CLIENTS_TAGGED:
        tags |= dict.fromkeys(map(client_tag, clients), "yes")
    return tags


def client_tag(client: str) -> str:
    """The key of the tag that each run of a client has. Its prefix keeps it out of the list of runs (documented)."""
    return f"dagster/npf_client.{client}"


def name_clients(clients: Collection[str], most: int) -> str:
    """The clients in a line, at most so many by name."""
    named, more = sorted(clients)[:most], len(clients) - most
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def name_days(first: date, last: date) -> str:
    """A range of days in words."""
    return f"{first}" if first == last else f"{first} to {last}"


def span(days_of: Mapping[str, Sequence[date]]) -> tuple[date, date] | None:
    """The first and the last day of any client; None without days."""
    every = [day for days in days_of.values() for day in days]
    return (min(every), max(every)) if every else None


def clients_of(run_config: Mapping[str, Any], tags: Mapping[str, str], registered: Sequence[str]) -> Collection[str]:
    """The clients that a run takes.

    Args:
        run_config: of the run.
        tags: of the run.
        registered: all clients, in the order of the partitions.
    """
    named = [
        client for flow in run_config.get("ops", {}).values() for client in flow.get("config", {}).get("clients", ())
    ]
    if named:
        return named
    partition = tags.get("dagster/partition", "")
    first, last = (tags.get(end, partition).partition("|")[0] for end in _RANGE)
    if first not in registered or last not in registered:
        return ()
    return registered[registered.index(first) : registered.index(last) + 1]
