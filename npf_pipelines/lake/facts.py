"""The facts of a client's report, read from the lake: every query of the reports is here.

The runs count the same open rows, and the rows planned in trial (runs/open_items.py). Not here: the figures
(reports/figures.py), the kinds of open rows (backlog.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow as arrow

from npf_pipelines.domain.open_kinds import (
    HELD_SKU,
    MISSED_CUT_OFF,
    NOT_IMPORTED,
    SKU_MAP_REFUSED,
    STATUS_UNCLEAR,
    key_prefix,
    open_key,
)
from npf_pipelines.domain.outcome import Outcome, sql_list
from npf_pipelines.domain.outcomes import (
    SELF_RELEASING,
    SETTLED,
    Decision,
    OrderOutcome,
    PushOutcome,
    Rule,
    StatusOutcome,
    StockOutcome,
)
from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.table import Table


class OrderFact(NamedTuple):
    """An order: the day on which it was placed, the decision, and when it was placed and got to the platform."""

    day: date
    decision: str
    rule: str
    placed_at: datetime | None = None
    imported_at: datetime | None = None


class ShipmentFact(NamedTuple):
    """A shipment: the day of its lodgement, and how long it took until the store was known to have it."""

    day: date
    seconds_to_tracking: float | None


class MissedFact(NamedTuple):
    """An order that missed its cut-off: when the platform got it, and the cut-off."""

    number: str
    order_id: str
    imported_at: datetime
    cut_off: datetime


class StockLevel(NamedTuple):
    """The client's units when a snapshot was taken; `short` counts the SKUs with negative availability."""

    taken_at: datetime
    on_hand: int
    available: int
    short: int


class OpenFact(NamedTuple):
    """An open row: the key of its kind (backlog.py), its order or SKU, and the reason."""

    kind: str
    day: date | None
    number: str
    order_id: str | None
    reason: str


@dataclass(frozen=True)
class Facts:
    """The facts about one client: orders and shipments of the window, and open rows of any age."""

    orders: list[OrderFact] = field(default_factory=list)
    first_import: datetime | None = None
    """When the platform got the client's first order that is no test order."""
    shipments: list[ShipmentFact] = field(default_factory=list)
    stock: list[StockLevel] = field(default_factory=list)
    skus: dict[str, int] = field(default_factory=dict)
    """SKUs of the last push by outcome."""
    open: list[OpenFact] = field(default_factory=list)
    missed: list[MissedFact] = field(default_factory=list)
    """The orders of the window that missed their cut-off, the latest first."""
    planned: int = 0
    """Orders of the window whose import is planned in trial."""
    last_pull: datetime | None = None
    last_push: datetime | None = None


def read_facts(lake: Lake, client: str, first: date) -> Facts:
    """Read a client's facts.

    Args:
        lake: the lake.
        client: the client's id.
        first: the window's first day.

    Raises:
        duckdb.Error: a table can't be read.
        BrokenFile: a file of a table can't be read.
    """
    connection = lake.connect(client)
    window = {"first": first}
    (first_import, last_pull, last_push) = connection.execute(_MOMENTS).fetchone() or (None, None, None)
    facts = Facts(
        orders=[OrderFact(*row) for row in connection.execute(_ORDERS, window).rows],
        first_import=first_import,
        shipments=[ShipmentFact(*row) for row in connection.execute(_SHIPMENTS, window).rows],
        stock=[StockLevel(*row) for row in connection.execute(_STOCK, window).rows],
        skus=dict(connection.execute(_SKUS).rows),
        missed=[MissedFact(*row) for row in connection.execute(_MISSED, window).rows],
        planned=next(iter(connection.execute(_PLANNED_ORDERS, window).fetchone() or ()), 0),
        open=[OpenFact(*row) for row in connection.execute(_OPEN_ROWS).rows],
        last_pull=last_pull,
        last_push=last_push,
    )
    for path in connection.broken:  # Figures that lack a part would be taken for the whole.
        raise lake.broken_file(path)
    return facts


class OpenCount(NamedTuple):
    """The open rows of one client, kind and day: how many, and the numbers of the first few."""

    client: str
    kind: str
    day: date | None
    rows: int
    first: list[str]


def count_open(connection: LakeConnection, first: int) -> list[OpenCount]:
    """Count the open and the planned rows over a connection to the tables of any clients and days.

    Args:
        connection: to the tables.
        first: how many of each kind are named.

    Raises:
        duckdb.Error: a table can't be read.
    """
    return [OpenCount(*row) for row in connection.execute(_OPEN_COUNTS, {"first": first}).rows]


def counted_rows(table: Table, rows: Sequence[dict[str, Any]]) -> arrow.Table:
    """The columns of a partition's rows that `count_open` needs."""
    needed = [column for column in table.arrow_schema if column.name in _COUNTED]
    return arrow.Table.from_pylist(rows, arrow.schema(needed))


def counted_columns(table: Table, rows: arrow.Table, client: str, day: date | None) -> arrow.Table:
    """The rows of a partition as `count_open` finds them in a view: the columns that it doesn't need are empty."""
    size = rows.num_rows
    columns: dict[str, Any] = {"client": arrow.repeat(client, size), "day": arrow.repeat(day, size)}
    for column in table.arrow_schema:
        is_needed = column.name in _COUNTED and column.name in rows.column_names
        columns[column.name] = rows[column.name] if is_needed else arrow.nulls(size, column.type)
    return arrow.table({name: columns[name] for name in [*table.partition_columns, *table.arrow_schema.names]})


def _planned(outcomes: type[Outcome]) -> str:
    return sql_list(outcome for outcome in outcomes if outcome.is_planned)


def _open(outcomes: type[Outcome]) -> str:
    return sql_list(outcome for outcome in outcomes if outcome.is_open)


_ORDERS = """
SELECT day, decision, rule, placed_at, imported_at
FROM filtered_orders LEFT JOIN platform_orders USING (client, day, order_id)
WHERE day >= $first ORDER BY day, order_id
"""

_PLANNED_ORDERS = f"""
SELECT count(*) FROM platform_orders
WHERE day >= $first AND outcome IN {_planned(OrderOutcome)} AND imported_at IS NULL
"""  # noqa: S608 - made of constants

_MISSED = """
SELECT order_number, order_id, imported_at, missed_cut_off FROM platform_orders
WHERE day >= $first AND missed_cut_off IS NOT NULL ORDER BY imported_at DESC, order_number
"""

_SHIPMENTS = """
SELECT day, epoch(confirmed_at - lodged_at)
FROM shipment_records LEFT JOIN tracking_push USING (client, day, shipment_id)
WHERE day >= $first ORDER BY day, shipment_id
"""

_STOCK = """
SELECT taken_at, sum(on_hand)::BIGINT, sum(available)::BIGINT, count(*) FILTER (available < 0)
FROM stock_snapshots_history
WHERE taken >= strftime($first::DATE, '%Y-%m-%d') GROUP BY taken_at ORDER BY taken_at
"""

_SKUS = "SELECT outcome, count(*) FROM stock_push GROUP BY outcome ORDER BY 2 DESC, 1"

_MOMENTS = """
SELECT
  (SELECT min(imported_at) FROM platform_orders JOIN filtered_orders USING (client, day, order_id) WHERE NOT is_test),
  greatest((SELECT max(decided_at) FROM filtered_orders), (SELECT max(changes_read_until) FROM store_facts)),
  greatest((SELECT max(pushed_at) FROM tracking_push), (SELECT max(pushed_at) FROM stock_push))
"""

# Orders on which store and platform differ come from the view of the order exceptions.
_ORDERS_OPEN = [outcome for outcome in OrderOutcome if outcome.is_open and outcome is not OrderOutcome.DIFFERS]

_MINUTES_MISSED = "ceil(epoch(imported_at - missed_cut_off) / 60)::BIGINT"
_MISSED_FOR = 12 * 60 * 60
"""Seconds for which a missed cut-off is open: by then the warehouse's day is over."""

_OPEN = f"""
WITH numbers AS (
  SELECT client, order_number, any_value(order_id) AS order_id FROM platform_orders GROUP BY client, order_number
)
SELECT client, '{key_prefix(Rule)}' || rule AS kind, day, order_number AS number, order_id, reason
FROM filtered_orders WHERE decision IN {_open(Decision)} AND rule NOT IN {sql_list(SELF_RELEASING)}
UNION ALL
SELECT client, '{NOT_IMPORTED.key}', day, order_number, order_id, 'accepted, and not on the platform yet'
FROM filtered_orders ANTI JOIN platform_orders USING (client, day, order_id) WHERE decision = '{Decision.ACCEPTED}'
UNION ALL
SELECT client, '{key_prefix(OrderOutcome)}' || outcome, day, order_number, order_id, reason
FROM platform_orders WHERE outcome IN {sql_list(_ORDERS_OPEN)}
UNION ALL
SELECT client, '{open_key(OrderOutcome.DIFFERS)}', day, order_number, order_id, differs FROM order_exceptions
WHERE order_id IS NOT NULL
UNION ALL
SELECT client, '{MISSED_CUT_OFF.key}', day, order_number || ' (by ' || {_MINUTES_MISSED} || ' min)', order_id,
  'reached the platform ' || {_MINUTES_MISSED} || ' min after the cut-off at '
    || strftime(missed_cut_off, '%Y-%m-%d %H:%M') || ' UTC'
FROM platform_orders WHERE missed_cut_off IS NOT NULL AND epoch(now()) - epoch(imported_at) < {_MISSED_FOR}
UNION ALL
SELECT client, '{STATUS_UNCLEAR.key}', NULL, name, NULL, reason FROM status_questions
UNION ALL
SELECT client, '{key_prefix(PushOutcome)}' || outcome, day, order_number, order_id, reason
FROM tracking_push LEFT JOIN numbers USING (client, order_number)
WHERE outcome IN {_open(PushOutcome)}
UNION ALL
SELECT client, '{key_prefix(StatusOutcome)}' || status_outcome, day, order_number, order_id, status_reason
FROM tracking_push LEFT JOIN numbers USING (client, order_number)
WHERE outcome IN {sql_list(SETTLED)} AND status_outcome IN {_open(StatusOutcome)}
UNION ALL
SELECT client, '{open_key(PushOutcome.WAITING)}', day, order_number, order_id, 'lodged, and not pushed yet'
FROM shipment_records ANTI JOIN tracking_push USING (client, day, shipment_id)
LEFT JOIN numbers USING (client, order_number)
UNION ALL
SELECT client, '{key_prefix(StockOutcome)}' || outcome, NULL,
  coalesce(nullif(sku, ''), 'product ' || product_id, 'no SKU'), NULL, reason
FROM stock_push WHERE outcome IN {_open(StockOutcome)}
UNION ALL
SELECT client, '{HELD_SKU.key}', NULL, unnest(skus), order_id, reason FROM old_holds
UNION ALL
SELECT client, '{SKU_MAP_REFUSED.key}', NULL, problem, NULL, problem FROM sku_map_problems
"""  # noqa: S608 - made of constants

_OPEN_ROWS = f"SELECT kind, day, number, order_id, reason FROM ({_OPEN}) ORDER BY day NULLS LAST, kind, number"  # noqa: S608

_PLANNED = f"""
SELECT client, '{key_prefix(OrderOutcome)}' || outcome AS kind, day, order_number AS number
FROM platform_orders WHERE outcome IN {_planned(OrderOutcome)}
UNION ALL
SELECT client, '{key_prefix(PushOutcome)}' || outcome, day, shipment_id FROM tracking_push
WHERE outcome IN {_planned(PushOutcome)}
UNION ALL
SELECT client, '{key_prefix(StatusOutcome)}' || status_outcome, day, order_number FROM tracking_push
WHERE status_outcome IN {_planned(StatusOutcome)} AND outcome IN {sql_list(SETTLED)}
UNION ALL
SELECT client, '{key_prefix(StockOutcome)}' || outcome, NULL, sku FROM stock_push
WHERE outcome IN {_planned(StockOutcome)}
"""  # noqa: S608 - made of constants
"""The rows that were planned in trial: they are counted, so that the runs of a client that went live find them."""

_OPEN_COUNTS = f"""
SELECT client, kind, day, count(*), list(number ORDER BY number)[:$first]
FROM (SELECT client, kind, day, number FROM ({_OPEN}) UNION ALL {_PLANNED})
GROUP BY client, kind, day ORDER BY client, kind, day
"""  # noqa: S608 - both are made of constants

_COUNTED = set(re.findall(r"\w+", _OPEN_COUNTS)) - {"reason", "status_reason"}
"""The columns that count, other words among them. A reason is the longest of a row's texts."""
