"""The specs of the assets, and the external assets at the ends of the graph: stores and platform.

Not here: the assets themselves (orders.py, shipments.py, stock.py, reports.py).
"""

from collections.abc import Sequence

import dagster as dg

from npf_pipelines.lake.table import Table
from npf_pipelines.runs.metadata import asset_metadata

OWNERS = ["team:npf-data"]


_CHECKED_AT = {
    "orders": ("store_orders", "npf_platform"),
    "shipments": ("store_shipments", "store_orders"),
    "stock": ("store_amounts", "npf_platform"),
}
"""By group, the external assets whose checks cover its tables (automation/checks.py says why they belong there)."""


def asset_spec(table: Table, *, group: str, deps: Sequence[str], kinds: set[str]) -> dg.AssetSpec:
    """The spec of an asset that has the partitions of a table of the lake."""
    checked = " and ".join(f"[{end}](/assets/{end}?view=checks)" for end in _CHECKED_AT[group])
    return dg.AssetSpec(
        table.name,
        deps=deps,
        description=f"{table.description}\n\nIt is checked with {checked}.",
        group_name=group,
        kinds=kinds | {"parquet"},
        owners=OWNERS,
        metadata=asset_metadata(table),
        # The step yields no output: some clients' partitions are materialized in it and others fail.
        skippable=True,
    )


def _external(name: str, description: str, *, group: str, kind: str, deps: Sequence[str] = ()) -> dg.AssetSpec:
    return dg.AssetSpec(name, deps=deps, description=description, group_name=group, kinds={kind}, owners=OWNERS)


STORE_ORDERS = _external("store_orders", "The orders in the clients' CS-Cart stores.", group="orders", kind="cscart")
NPF_PLATFORM = _external(
    "npf_platform",
    "NPF's platform: the orders imported into it, picked, packed and lodged, and the stock counted.",
    group="platform",
    kind="sql",
    deps=["platform_orders"],
)
STORE_SHIPMENTS = _external(
    "store_shipments",
    "The shipments and order statuses in the clients' CS-Cart stores.",
    group="shipments",
    kind="cscart",
    deps=["tracking_push"],
)
STORE_AMOUNTS = _external(
    "store_amounts",
    "The products' amounts in the clients' CS-Cart stores.",
    group="stock",
    kind="cscart",
    deps=["stock_push"],
)
OUTSIDE = [STORE_ORDERS, NPF_PLATFORM, STORE_SHIPMENTS, STORE_AMOUNTS]
