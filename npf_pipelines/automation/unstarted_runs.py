"""The runs of the flows that failed before they began: refused by a process of another cell, or never started.

Such a run has reached no client, so no client's health knows of it.
Not here: how many are an alert (rules/setup_conditions.py).
"""

from datetime import datetime

import dagster as dg
from dagster import RunsFilter

from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.runs.cell import Cell


def unstarted_runs(instance: dg.DagsterInstance, cell: Cell, since: datetime) -> list[str]:
    """The ids of the cell's runs that were created since a moment and failed before they began, the newest first."""
    records = instance.get_run_records(RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], created_after=since))
    unstarted = [record.dagster_run for record in records if record.start_time is None]
    return [run.run_id for run in unstarted if any(flow.has_run(run, cell) for flow in FLOWS)]
