"""The jobs: one for each flow, with one step in one process; the audit; the reports.

Not here: the job of retention (retention.py).
"""

import dagster as dg

from npf_pipelines.automation.flows import ORDERS, REPORTS, SHIPMENTS, STOCK, Flow

ENDED_AFTER_HOURS = {"dagster/max_runtime": "10800"}
"""For jobs that `lost_runs` doesn't watch: a run whose process was killed would keep its place in the queue.
Also for runs that sweeps and sensors request: the next run continues the work. A backfill may take longer."""


def _assets(flow: Flow) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(table.name for table in flow.tables))


ORDERS_JOB = dg.define_asset_job(
    ORDERS.job,
    selection=_assets(ORDERS),
    description="Pulls the clients' orders of the days, decides on each, and imports the accepted ones.",
)
SHIPMENTS_JOB = dg.define_asset_job(
    SHIPMENTS.job,
    selection=_assets(SHIPMENTS),
    description="Pushes the shipments lodged on the days, and the order statuses that follow, to the clients' stores.",
)
STOCK_JOB = dg.define_asset_job(
    STOCK.job,
    selection=_assets(STOCK),
    description="Takes a snapshot of the clients' stock and pushes what differs to their stores.",
)
AUDIT_JOB = dg.define_asset_job(
    "audit_job",
    selection=dg.AssetSelection.all_asset_checks(),
    description="Checks stores, tables and platform for anything missing or different. Writes nothing to them.",
    tags=ENDED_AFTER_HOURS,
)
REPORTS_JOB = dg.define_asset_job(
    REPORTS.job,
    selection=dg.AssetSelection.groups("reports"),
    description="Draws the clients' reports and the overview from the tables. Sends no request to a store.",
    tags=ENDED_AFTER_HOURS,
)
JOBS = [ORDERS_JOB, SHIPMENTS_JOB, STOCK_JOB, AUDIT_JOB, REPORTS_JOB]
