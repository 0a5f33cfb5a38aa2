"""The days that have to be made again because the client's time zone has changed since: days are cut by it.

Otherwise the orders and shipments around midnight would be in the tables of two days, or of none, for good.
Not here: the making (orders.py, shipments.py).
"""

from datetime import date, timedelta

from npf_pipelines.assets.live_days import is_live
from npf_pipelines.assets.store_facts import kept_facts
from npf_pipelines.domain.days import day_of
from npf_pipelines.lake.tables import STORE_FACTS, Table
from npf_pipelines.runs.client_run import ClientRun


def days_of_other_zone(client_run: ClientRun, flow: str, table: Table) -> set[date]:
    """The days of the table, and those beside them, if they were cut by another zone; none for a run of past days.

    Args:
        client_run: the client's.
        flow: `orders` or `shipments`.
        table: its first table.
    """
    zone = kept_facts(client_run)[f"{flow}_zone"]
    if (
        zone in {None, client_run.setup.zone.key}
        or day_of(client_run.now, client_run.setup.zone) not in client_run.days
    ):
        return set()
    written = client_run.services.lake.days(table, client=client_run.client)
    beside = {day + timedelta(days=shift) for day in written for shift in (-1, 0, 1)}
    client_run.log(
        f"the time zone was {zone} and is {client_run.setup.zone.key} now: the days of {flow} are made again"
    )
    last = max(day_of(client_run.now, client_run.setup.zone), *written) if written else date.max
    return {day for day in beside if day <= last and is_live(client_run, day)}


def keep_zone(client_run: ClientRun, flow: str) -> None:
    """All days of the flow's tables are cut by the client's present zone."""
    row = kept_facts(client_run)
    if row[f"{flow}_zone"] != client_run.setup.zone.key:
        client_run.write_cache(STORE_FACTS, [row | {f"{flow}_zone": client_run.setup.zone.key}])
