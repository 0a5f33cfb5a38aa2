"""The days that have to be made again because the client's time zone has changed since: days are cut by it.

Otherwise the orders and shipments around midnight would be in the tables of two days, or of none, for good.
Not here: the making (orders.py, shipments.py).
"""

from datetime import date, timedelta

from npf_pipelines.assets.live_days import is_live
from npf_pipelines.assets.store_facts import kept_facts
from npf_pipelines.domain.days import day_of
from npf_pipelines.lake.tables import STORE_FACTS, Table
from npf_pipelines.runs.client_run import ClientWalk


def days_of_other_zone(walk: ClientWalk, flow: str, table: Table) -> set[date]:
    """The days of the table, and those beside them, if they were cut by another zone; none for a run of past days.

    Args:
        walk: the client's.
        flow: `orders` or `shipments`.
        table: its first table.
    """
    zone = kept_facts(walk)[f"{flow}_zone"]
    if zone in {None, walk.setup.zone.key} or day_of(walk.now, walk.setup.zone) not in walk.days:
        return set()
    written = walk.house.lake.days(table, client=walk.client)
    beside = {day + timedelta(days=shift) for day in written for shift in (-1, 0, 1)}
    walk.say(f"the time zone was {zone} and is {walk.setup.zone.key} now: the days of {flow} are made again")
    last = max(day_of(walk.now, walk.setup.zone), *written) if written else date.max
    return {day for day in beside if day <= last and is_live(walk, day)}


def keep_zone(walk: ClientWalk, flow: str) -> None:
    """All days of the flow's tables are cut by the client's present zone."""
    row = kept_facts(walk)
    if row[f"{flow}_zone"] != walk.setup.zone.key:
        walk.keep(STORE_FACTS, [row | {f"{flow}_zone": walk.setup.zone.key}])
