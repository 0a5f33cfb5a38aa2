"""Deletes Dagster's old runs, except runs that the status of a partition depends on.

With a run Dagster 1.13 deletes its events, its materializations among them. Dagster knows nothing else of a partition:
the partition would turn from materialized or failed to missing and lose its metadata. So a run stays as long as it is
the last run that materialized or started some partition: about one run of a flow for each night.
Not here: which age is old (rules/retention.py), how Dagster keeps the status (runs/dagster_internals.py).
"""

from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import RunsFilter

from npf_pipelines.rules.retention import old_runs
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import delete_run, runs_behind_status

_OVER = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def delete_old_runs(instance: dg.DagsterInstance, now: datetime, age: timedelta, cell: Cell) -> tuple[int, int]:
    """Delete the cell's finished runs of at least that age, with their events and logs.

    Returns:
        The number of deleted runs, and of those kept because the status of a partition depends on them.
    """
    records = instance.get_run_records(RunsFilter(statuses=_OVER, created_before=now - age))
    created = {
        record.dagster_run.run_id: record.create_timestamp.replace(tzinfo=UTC)
        for record in records
        if cell.has_run(record.dagster_run)
    }
    if not created:
        return 0, 0
    needed = created.keys() & set(runs_behind_status(instance, now - age, cell.has_key))
    expired = old_runs(created, needed, now, age)
    for run_id in expired:
        delete_run(instance, run_id)
    return len(expired), len(needed)
