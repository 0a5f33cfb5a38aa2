"""The flows: the job, the tables and the unfinished runs of each.

Not here: the definitions of the jobs (jobs.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import RunsFilter

from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import (
    FILTERED_ORDERS,
    PLATFORM_ORDERS,
    RAW_ORDERS,
    SHIPMENT_RECORDS,
    STOCK_PUSH,
    STOCK_SNAPSHOTS,
    TRACKING_PUSH,
)
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.run_scope import clients_of

_NOT_OVER = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class Flow:
    """A flow, named as in health and leases."""

    name: str
    tables: tuple[Table, ...]

    @property
    def job(self) -> str:
        """The name of its job."""
        return f"{self.name}_job"

    def has_run(self, run: dg.DagsterRun, cell: Cell) -> bool:
        """Whether a run is of this flow, also one that the UI launched over assets, under Dagster's own job."""
        keys = {cell.key(table.name) for table in self.tables}
        return cell.has_run(run) and (run.job_name == self.job or not keys.isdisjoint(run.asset_selection or ()))

    def unfinished(self, instance: dg.DagsterInstance, cell: Cell) -> list[dg.RunRecord]:
        """Its runs that are queued or in progress."""
        return [record for record in _unfinished(instance) if self.has_run(record.dagster_run, cell)]


ORDERS = Flow("orders", (RAW_ORDERS, FILTERED_ORDERS, PLATFORM_ORDERS))
SHIPMENTS = Flow("shipments", (SHIPMENT_RECORDS, TRACKING_PUSH))
STOCK = Flow("stock", (STOCK_SNAPSHOTS, STOCK_PUSH))
REPORTS = Flow("reports", ())
FLOWS = (ORDERS, SHIPMENTS, STOCK)


def unfinished_run_of(client: str, instance: dg.DagsterInstance, cell: Cell) -> str | None:
    """A run that takes the client and is queued or in progress, reports included, in words; None if there is none."""
    runs, registered = [record.dagster_run for record in _unfinished(instance)], cell.registered(instance)
    taking = [run for run in runs if client in clients_of(run.run_config, run.tags, registered)]
    named = (
        f"the run {run.run_id} of {flow.name}"
        for flow in (*FLOWS, REPORTS)
        for run in taking
        if flow.has_run(run, cell)
    )
    return next(named, None)


def _unfinished(instance: dg.DagsterInstance) -> Sequence[dg.RunRecord]:
    return instance.get_run_records(RunsFilter(statuses=_NOT_OVER))
