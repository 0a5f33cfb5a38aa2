"""The three jobs: one for each family of assets, each one step in one process."""

import dagster as dg

from npf_pipelines.tables import (
    FILTERED_ORDERS,
    PLATFORM_ORDERS,
    RAW_ORDERS,
    SHIPMENT_RECORDS,
    STOCK_PUSH,
    STOCK_SNAPSHOTS,
    TRACKING_PUSH,
)

ORDERS_JOB = dg.define_asset_job(
    "orders_job",
    selection=[RAW_ORDERS.name, FILTERED_ORDERS.name, PLATFORM_ORDERS.name],
    description="Pulls the clients' orders of the days, decides on each, and imports the accepted ones.",
)
SHIPMENTS_JOB = dg.define_asset_job(
    "shipments_job",
    selection=[SHIPMENT_RECORDS.name, TRACKING_PUSH.name],
    description="Pushes the shipments lodged on the days, and the order statuses that follow, to the clients' stores.",
)
STOCK_JOB = dg.define_asset_job(
    "stock_job",
    selection=[STOCK_SNAPSHOTS.name, STOCK_PUSH.name],
    description="Takes a snapshot of the clients' stock and pushes what differs to their stores.",
)
JOBS = [ORDERS_JOB, SHIPMENTS_JOB, STOCK_JOB]
