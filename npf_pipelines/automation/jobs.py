"""The jobs: one for each family of assets, each one step in one process; the audit; and the reports."""

import dagster as dg

from npf_pipelines.tables import (
    FILTERED_ORDERS,
    PLATFORM_ORDERS,
    RAW_ORDERS,
    SHIPMENT_RECORDS,
    STOCK_PUSH,
    STOCK_SNAPSHOTS,
    TRACKING_PUSH,
    Table,
)


def _without_checks(*tables: Table) -> dg.AssetSelection:
    """The assets alone: the checks ask every client's store, too much for each run."""
    return dg.AssetSelection.assets(*(table.name for table in tables)).without_checks()


ORDERS_JOB = dg.define_asset_job(
    "orders_job",
    selection=_without_checks(RAW_ORDERS, FILTERED_ORDERS, PLATFORM_ORDERS),
    description="Pulls the clients' orders of the days, decides on each, and imports the accepted ones.",
)
SHIPMENTS_JOB = dg.define_asset_job(
    "shipments_job",
    selection=_without_checks(SHIPMENT_RECORDS, TRACKING_PUSH),
    description="Pushes the shipments lodged on the days, and the order statuses that follow, to the clients' stores.",
)
STOCK_JOB = dg.define_asset_job(
    "stock_job",
    selection=_without_checks(STOCK_SNAPSHOTS, STOCK_PUSH),
    description="Takes a snapshot of the clients' stock and pushes what differs to their stores.",
)
AUDIT_JOB = dg.define_asset_job(
    "audit_job",
    selection=dg.AssetSelection.all_asset_checks(),
    description="Asks stores, tables and platform whether anything is missing or differs. Writes nothing to them.",
)
REPORTS_JOB = dg.define_asset_job(
    "reports_job",
    selection=dg.AssetSelection.groups("reports"),
    description="Draws the clients' reports and the overview from the tables. Asks no store.",
)
JOBS = [ORDERS_JOB, SHIPMENTS_JOB, STOCK_JOB, AUDIT_JOB, REPORTS_JOB]
