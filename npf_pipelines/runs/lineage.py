"""The source of each column of a table: the upstream table and its columns.

Dagster keeps it with each materialization, but the open-source UI doesn't show it: the columns' descriptions name it
too.
Not here: the columns themselves (lake/tables.py).
"""

from collections.abc import Callable, Sequence

import dagster as dg

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

_JUDGED = ("status", "placed_at", "lines", "ship_to", "bill_to", "shipping", "is_parent", "unreadable")
_SENT = ("carrier", "tracking_number", "tracking_url", "quantities")
_COUNTED = ("on_hand", "in_process", "back_orders", "in_flight")

_FROM: dict[str, tuple[Table, dict[str, tuple[str, ...]]]] = {
    FILTERED_ORDERS.name: (
        RAW_ORDERS,
        {
            "order_number": ("order_id",),
            "is_test": ("lines",),
            "sums": ("total", "money", "lines"),
            **dict.fromkeys(("decision", "rule", "reason"), _JUDGED),
        },
    ),
    PLATFORM_ORDERS.name: (FILTERED_ORDERS, {"outcome": ("decision",), "reason": ("decision",)}),
    TRACKING_PUSH.name: (SHIPMENT_RECORDS, dict.fromkeys(("outcome", "content", "sent", "store_shipment_id"), _SENT)),
    STOCK_PUSH.name: (STOCK_SNAPSHOTS, dict.fromkeys(("wanted", "outcome", "reason"), _COUNTED)),
}
"""By table: the upstream table, and the columns that have other names there."""


def column_sources(table: Table) -> dict[str, tuple[str, Sequence[str]]]:
    """By column the upstream table and its columns there; columns from outside the lake are left out."""
    if table.name not in _FROM:
        return {}
    upstream, others = _FROM[table.name]
    there = set(upstream.schema.columns) - set(table.partition_columns)
    sources = {
        name: others.get(name) or ((name,) if name in there else ())
        for name in table.schema.columns
        if name not in table.partition_columns
    }
    return {name: (upstream.name, columns) for name, columns in sources.items() if columns}


def column_lineage(
    table: Table, key_of: Callable[[str], dg.AssetKey] = dg.AssetKey
) -> dict[str, dg.TableColumnLineage]:
    """The lineage as metadata of a materialization; empty for a table without an upstream table.

    Args:
        table: the table.
        key_of: the asset of a table's name.
    """
    deps = {
        name: [dg.TableColumnDep(asset_key=key_of(upstream), column_name=column) for column in columns]
        for name, (upstream, columns) in column_sources(table).items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)} if deps else {}
