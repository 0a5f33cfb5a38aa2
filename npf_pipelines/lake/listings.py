"""Lists of orders, shipments and SKUs with what became of each: the rows that the data team is asked about.

No personal data is in them. Not here: how they are printed (cli/listing.py) and drawn (reports/pages.py), one order's
history (cli/trace.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.lake.connection import LakeConnection


@dataclass(frozen=True)
class Listing:
    """A kind of list.

    Attributes:
        columns: in the order in which they are shown.
        source: the rows, as an SQL query.
        newest_first: the order of the rows, in SQL.
    """

    columns: Sequence[str]
    source: str
    newest_first: str


@dataclass(frozen=True)
class RowFilter:
    """Which rows of a list are meant; all where nothing is named.

    Attributes:
        values: the values that a column may have, by column.
        orders: names of orders: numbers on the platform, or the store's ids.
        since: the first day.
        until: the last day.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    orders: Sequence[str] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Listed:
    """The rows of a list, newest first, and how many there are without the limit."""

    rows: Sequence[dict[str, Any]]
    total: int


_ORDER_COLUMNS = (
    "client",
    "day",
    "order_number",
    "order_id",
    "placed_at",
    "decision",
    "rule",
    "outcome",
    "imported_at",
    "reason",
)
_ORDERS = """
SELECT client, day, order_id, coalesce(p.order_number, f.order_number) AS order_number, placed_at, decision, rule,
  outcome, imported_at, coalesce(p.reason, f.reason) AS reason
FROM filtered_orders f FULL JOIN platform_orders p USING (client, day, order_id)
"""
_BY_PLACING = "day DESC, placed_at DESC NULLS LAST, client, order_number"

ORDERS = Listing(_ORDER_COLUMNS, _ORDERS, _BY_PLACING)
SKIPPED = Listing(
    _ORDER_COLUMNS,
    f"SELECT * FROM ({_ORDERS}) WHERE imported_at IS NULL AND outcome IS DISTINCT FROM '{OrderOutcome.PLANNED}'",  # noqa: S608
    _BY_PLACING,
)
"""The orders that are not on the platform, nor planned for it."""

SHIPMENTS = Listing(
    (
        "client",
        "day",
        "shipment_id",
        "order_number",
        "lodged_at",
        "carrier",
        "tracking_number",
        "outcome",
        "status_outcome",
        "store_shipment_id",
        "confirmed_at",
        "reason",
    ),
    "SELECT * FROM shipment_records FULL JOIN tracking_push USING (client, day, shipment_id, order_number)",
    "day DESC, lodged_at DESC NULLS LAST, client, shipment_id",
)
"""A shipment without an outcome was not pushed yet; one without a lodgement is withdrawn."""

STOCK = Listing(
    (
        "client",
        "sku",
        "product_id",
        "on_hand",
        "available",
        "in_flight",
        "wanted",
        "before",
        "outcome",
        "pushed_at",
        "reason",
    ),
    "SELECT * FROM stock_push FULL JOIN stock_snapshots USING (client, sku)",
    "pushed_at DESC NULLS LAST, client, sku, product_id",
)


def list_rows(connection: LakeConnection, listing: Listing, criteria: RowFilter, limit: int) -> Listed:
    """The newest rows of a list.

    Args:
        connection: to the tables.
        listing: the kind of list.
        criteria: which rows are meant.
        limit: the most rows to return.

    Raises:
        duckdb.Error: a table can't be read.
    """
    values: dict[str, object] = {
        name: [str(value) for value in allowed] for name, allowed in criteria.values.items() if allowed
    }
    conditions = [f"list_contains(${name}, {name})" for name in values]
    if criteria.orders:
        values["orders"] = list(criteria.orders)
        conditions.append(
            "(list_contains($orders, order_number) OR list_contains($orders, order_id))"
            if "order_id" in listing.columns
            else "list_contains($orders, order_number)"
        )
    for name, condition in (("since", "day >= $since"), ("until", "day <= $until")):
        if (day := getattr(criteria, name)) is not None:
            values[name] = day
            conditions.append(condition)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    columns = ", ".join(f'"{name}"' for name in listing.columns)
    answer = connection.execute(
        f"SELECT {columns}, count(*) OVER () AS total FROM ({listing.source}) {where} "  # noqa: S608 - names from here
        f"ORDER BY {listing.newest_first} LIMIT {int(limit)}",
        values,
    )
    rows = [dict(zip(listing.columns, row, strict=False)) for row in answer.rows]
    return Listed(rows, answer.rows[0][-1] if rows else 0)
