"""The runs of the flows that failed before they began: refused by a process of another cell, or never started.

Such a run has reached no client, so no client's health knows of it.
Not here: how many are an alert (rules/setup_conditions.py).
"""

from datetime import datetime, timedelta

import dagster as dg
from dagster import RunsFilter

from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.runs.cell import Cell

_LONGEST_IN_QUEUE = timedelta(days=2)
"""Before a run that failed now: it bounds the query, also where PostgreSQL keeps the creation in a local time."""


def unstarted_runs(instance: dg.DagsterInstance, cell: Cell, since: datetime) -> list[str]:
    """The ids of the cell's runs that failed since a moment and before they began, the newest first."""
    created = RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], created_after=since - _LONGEST_IN_QUEUE)
    unstarted = [
        record.dagster_run
        for record in instance.get_run_records(created)
        if record.start_time is None and (record.end_time or 0.0) >= since.timestamp()
    ]
    return [run.run_id for run in unstarted if any(flow.has_run(run, cell) for flow in FLOWS)]
