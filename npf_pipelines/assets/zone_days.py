"""The days that must be made again because the client's time zone has changed: a zone decides where a day begins.

Otherwise the orders and shipments around midnight would stay in the tables of two days, or of none.
Not here: how a day is made (orders.py, shipments.py).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from npf_pipelines.assets.live_days import is_live
from npf_pipelines.lake.table import Table
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.kept_facts import keep_facts


def days_of_other_zone(client_run: ClientRun, flow: str, table: Table, kept: Mapping[str, Any]) -> set[date]:
    """The days of the table, and their neighbours, if they were cut by another zone; none for a run of past days.

    Args:
        client_run: the client's part of the run.
        flow: `orders` or `shipments`.
        table: its first table.
        kept: the kept facts about the client's store.
    """
    zone, zone_now = kept[f"{flow}_zone"], client_run.setup.zone.key
    if zone in {None, zone_now} or client_run.today not in client_run.days:
        return set()
    written = client_run.tables.days(table)
    with_neighbours = {day + timedelta(days=shift) for day in written for shift in (-1, 0, 1)}
    client_run.log(f"the time zone was {zone} and is {zone_now} now: the days of {flow} are made again")
    last = max(client_run.today, *written) if written else date.max
    return {day for day in with_neighbours if day <= last and is_live(client_run, day)}


def keep_zone(client_run: ClientRun, flow: str, kept: Mapping[str, Any]) -> None:
    """Keep that all days of the flow's tables are cut by the client's present zone. Arguments as above."""
    column, zone_now = f"{flow}_zone", client_run.setup.zone.key
    if kept[column] != zone_now:
        keep_facts(client_run.tables, {column: zone_now})
