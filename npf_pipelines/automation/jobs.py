"""The jobs: one for each flow, with one step in one process; the audit; the reports.

Not here: the job of retention (retention.py).
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from npf_pipelines.automation.flows import ORDERS, REPORTS, SHIPMENTS, STOCK, Flow
from npf_pipelines.runs.cell import Cell

ENDED_AFTER_HOURS = {"dagster/max_runtime": "10800"}
"""A run that hangs would keep its place in the queue. Not for the flows' jobs: a backfill may take longer. Runs that
sweeps and sensors request have it: the next run continues the work."""


AUDIT = "audit_job"
"""The name of the audit's job."""


def jobs(cell: Cell) -> Sequence[Any]:
    """The jobs of a cell."""

    def job(flow: Flow, description: str) -> Any:
        selection = dg.AssetSelection.assets(*(cell.key(table.name) for table in flow.tables))
        return dg.define_asset_job(flow.job, selection=selection, description=description, tags=cell.tags)

    return (
        job(ORDERS, "Pulls the clients' orders of the days, decides on each, and imports the accepted ones."),
        job(
            SHIPMENTS,
            "Pushes the shipments lodged on the days, and the order statuses that follow, to the clients' stores.",
        ),
        job(STOCK, "Takes a snapshot of the clients' stock and pushes what differs to their stores."),
        dg.define_asset_job(
            AUDIT,
            selection=dg.AssetSelection.all_asset_checks(),
            description="Checks stores, tables and platform for anything missing or different. Writes nothing to them.",
            tags={**ENDED_AFTER_HOURS, **cell.tags},
        ),
        dg.define_asset_job(
            REPORTS.job,
            selection=dg.AssetSelection.groups("reports"),
            description="Draws the clients' reports and the overview from the tables. Sends no request to a store.",
            tags={**ENDED_AFTER_HOURS, **cell.tags},
        ),
    )
