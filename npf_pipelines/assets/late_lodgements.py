"""The days before a run's own on which a parcel is lodged that the store may not have.

A parcel may be entered into the platform days after its lodgement, be moved to another day, or have waited while the
client was paused. Not here: what is lodged on the run's own days, and the push (shipments.py).
"""

import asyncio
from collections import defaultdict
from datetime import date

from npf_pipelines.assets.tracking_ledger import what_waits
from npf_pipelines.domain.days import day_of, start_of_day
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import SHIPMENT_RECORDS, TRACKING_PUSH
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.state.health import read_one


async def late_lodgements(client_run: ClientRun) -> set[date]:
    """The days of all parcels that were not dealt with; none for a run that doesn't reach today.

    It goes back 30 days, and further if the flow has not gone well since: everything before was dealt with then.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    zone = client_run.setup.zone
    if day_of(client_run.now, zone) not in client_run.days:
        return set()
    start = start_of_day(await asyncio.to_thread(_since, client_run), zone)
    end = start_of_day(client_run.days[0], zone)
    if start >= end:
        return set()
    by_day: defaultdict[date, set[str]] = defaultdict(set)
    lodged = await asyncio.to_thread(client_run.services.platform.lodgements, client_run.client, start, end)
    for shipment_id, one in lodged.items():
        by_day[day_of(one.lodged_at, zone)].add(shipment_id)
    return {day for day, parcels in by_day.items() if not parcels <= _done(client_run, day)}


def _since(client_run: ClientRun) -> date:
    """The first day on which a parcel may have been left out."""
    started = client_run.setup.orders.start_date
    success = (
        read_one(client_run.services.engine, client_run.client, "shipments").known_at(client_run.now).last_success_at
    )
    usual = client_run.days[0] - LOOK_BACK
    since = min(usual, day_of(success, client_run.setup.zone)) if success else min(usual, started)
    if since >= started:
        return since
    # Before the start date only what was pushed before the date was moved is of this client's store.
    return max(since, min([started, *client_run.services.lake.days(SHIPMENT_RECORDS, client=client_run.client)[:1]]))


def _done(client_run: ClientRun, day: date) -> set[str]:
    """The day's parcels that no run has to take up again."""
    try:
        rows = client_run.services.lake.read_if_written(TRACKING_PUSH, client=client_run.client, day=day)
    except BrokenFile:  # The push of the day says what is wrong.
        return set()
    return {row["shipment_id"] for row in rows if row["outcome"] != PushOutcome.WITHDRAWN and not what_waits(row)}
