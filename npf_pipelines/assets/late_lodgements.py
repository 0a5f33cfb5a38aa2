"""The days before a run's own on which a shipment is lodged that the store may not have.

A shipment may be entered into the platform days after its lodgement, be moved to another day, or have waited while the
client was paused. Not here: what is lodged on the run's own days (shipment_records.py), the push (shipments.py).
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from npf_pipelines.assets.tracking_ledger import what_waits
from npf_pipelines.domain.days import day_of, start_of_day
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.tables import SHIPMENT_RECORDS, TRACKING_PUSH
from npf_pipelines.rules.flow_health import known_at
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.state.health import read_one


def late_lodgements(client_run: ClientRun) -> set[date]:
    """The days of all shipments that no run has processed; none for a run that doesn't reach today.

    It goes back 30 days, and further if the flow has not succeeded since: a run that succeeds leaves nothing behind.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    zone = client_run.setup.zone
    if client_run.today not in client_run.days:
        return set()
    start = start_of_day(_since(client_run), zone)
    end = start_of_day(client_run.days[0], zone)
    if start >= end:
        return set()
    by_day: defaultdict[date, set[str]] = defaultdict(set)
    lodged = client_run.services.platform.lodgements(client_run.client, start, end, client_run.own_numbers)
    for shipment_id, lodgement in lodged.items():
        by_day[day_of(lodgement.lodged_at, zone)].add(shipment_id)
    return {day for day, shipments in by_day.items() if not shipments <= _done(client_run, day)}


def _since(client_run: ClientRun) -> date:
    """The first day on which a shipment may have been left out."""
    started = client_run.setup.orders.start_date
    health = known_at(read_one(client_run.services.state, client_run.client, "shipments"), client_run.now)
    success = health.last_success_at
    usual = client_run.days[0] - LOOK_BACK
    since = min(usual, day_of(success, client_run.setup.zone)) if success else min(usual, started)
    if since >= started:
        return since
    # Before the start date only shipments pushed before the date was moved belong to this client's store.
    return max(since, min([started, *client_run.tables.days(SHIPMENT_RECORDS)[:1]]))


def _done(client_run: ClientRun, day: date) -> set[str]:
    """The day's shipments that no run has to process again."""
    try:
        rows = client_run.tables.read_if_written(TRACKING_PUSH, day)
    except BrokenFile:  # The push of the day fails with the file's name.
        return set()
    return {row["shipment_id"] for row in rows if _is_done(row, in_trial=client_run.in_trial)}


def _is_done(row: Mapping[str, Any], *, in_trial: bool) -> bool:
    if row["outcome"] == PushOutcome.WITHDRAWN or what_waits(row):
        return False
    is_planned = row["outcome"] == PushOutcome.PLANNED or row["status_outcome"] == StatusOutcome.PLANNED
    return in_trial or not is_planned
