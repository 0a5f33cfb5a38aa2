"""What a client's report is made of, read from the lake: every query of the reports is here.

The runs count the same open things (runs/open_items.py). Not here: what is made of it (figures.py, backlog.py).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.lake import Lake


class OrderFact(NamedTuple):
    """An order: the day on which it was placed, the decision, and how long it took to the platform if it got there."""

    day: date
    decision: str
    rule: str
    seconds_to_import: float | None


class ShipmentFact(NamedTuple):
    """A shipment: the day of its lodgement, and how long it took until the store was known to have it."""

    day: date
    seconds_to_tracking: float | None


class StockLevel(NamedTuple):
    """The client's units when a snapshot was taken; `short` counts the SKUs of which fewer than none are available."""

    taken_at: datetime
    on_hand: int
    available: int
    short: int


class OpenFact(NamedTuple):
    """Something that isn't done: the kind (see backlog.py), what it is about, and why."""

    kind: str
    day: date | None
    number: str
    order_id: str | None
    reason: str


@dataclass(frozen=True)
class Facts:
    """All that is known of one client: orders and shipments of the window, and what is open, however old it is."""

    orders: list[OrderFact] = field(default_factory=list)
    shipments: list[ShipmentFact] = field(default_factory=list)
    stock: list[StockLevel] = field(default_factory=list)
    skus: dict[str, int] = field(default_factory=dict)
    """SKUs of the last push by outcome."""
    open: list[OpenFact] = field(default_factory=list)
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
    (last_pull, last_push) = connection.execute(_LAST).fetchone() or (None, None)
    facts = Facts(
        orders=[OrderFact(*row) for row in connection.execute(_ORDERS, window).fetchall()],
        shipments=[ShipmentFact(*row) for row in connection.execute(_SHIPMENTS, window).fetchall()],
        stock=[StockLevel(*row) for row in connection.execute(_STOCK, window).fetchall()],
        skus=dict(connection.execute(_SKUS).fetchall()),
        open=[OpenFact(*row) for row in connection.execute(_OPEN_ROWS).fetchall()],
        last_pull=last_pull,
        last_push=last_push,
    )
    for path in connection.broken:  # Figures that lack a part would be taken for the whole.
        raise lake.broken_file(path)
    return facts


class OpenCount(NamedTuple):
    """The open things of one client, kind and day: how many, and the first few."""

    client: str
    kind: str
    day: date | None
    rows: int
    first: list[str]


def count_open(connection: LakeConnection, first: int) -> list[OpenCount]:
    """What isn't done, counted, over a connection to the tables of any clients and days.

    Args:
        connection: to the tables.
        first: how many of each are named.

    Raises:
        duckdb.Error: a table can't be read.
    """
    return [OpenCount(*row) for row in connection.execute(_OPEN_COUNTS, {"first": first}).fetchall()]


_ORDERS = """
SELECT day, decision, rule, epoch(imported_at - placed_at)
FROM filtered_orders LEFT JOIN platform_orders USING (client, day, order_id)
WHERE day >= $first ORDER BY day, order_id
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

_LAST = """
SELECT
  greatest((SELECT max(decided_at) FROM filtered_orders), (SELECT max(changes_read_until) FROM store_facts)),
  greatest((SELECT max(pushed_at) FROM tracking_push), (SELECT max(pushed_at) FROM stock_push))
"""

_OPEN = """
WITH numbers AS (
  SELECT client, order_number, any_value(order_id) AS order_id FROM platform_orders GROUP BY client, order_number
)
SELECT client, 'order_' || rule AS kind, day, order_number AS number, order_id, reason
FROM filtered_orders WHERE decision = 'set_aside'
UNION ALL
SELECT client, 'order_not_imported', day, order_number, order_id, 'accepted, and not on the platform yet'
FROM filtered_orders ANTI JOIN platform_orders USING (client, day, order_id) WHERE decision = 'accepted'
UNION ALL
SELECT client, 'order_' || outcome, day, order_number, order_id, reason
FROM platform_orders WHERE outcome IN ('refused', 'held')
UNION ALL
SELECT client, 'order_differs', day, order_number, order_id, differs FROM order_exceptions
WHERE order_id IS NOT NULL
UNION ALL
SELECT client, 'order_status_unclear', NULL, name, NULL, reason FROM status_questions
UNION ALL
SELECT client, 'shipment_' || outcome, day, order_number, order_id, reason
FROM tracking_push LEFT JOIN numbers USING (client, order_number)
WHERE outcome IN ('waiting', 'refused', 'set_aside', 'differs_in_store')
UNION ALL
SELECT client, 'status_' || status_outcome, day, order_number, order_id, status_reason
FROM tracking_push LEFT JOIN numbers USING (client, order_number)
WHERE outcome IN ('confirmed', 'already_there', 'differs_in_store') AND status_outcome IN ('waiting', 'refused')
UNION ALL
SELECT client, 'shipment_waiting', day, order_number, order_id, 'lodged, and not pushed yet'
FROM shipment_records ANTI JOIN tracking_push USING (client, day, shipment_id)
LEFT JOIN numbers USING (client, order_number)
UNION ALL
SELECT client, 'sku_' || outcome, NULL, sku, NULL, reason
FROM stock_push WHERE outcome IN ('unreadable', 'uncounted') AND sku <> ''
UNION ALL
SELECT client, 'sku_' || outcome, NULL, coalesce('product ' || product_id, 'no SKU'), NULL, reason
FROM stock_push WHERE outcome IN ('unreadable', 'uncounted') AND sku = ''
UNION ALL
SELECT client, 'sku_' || outcome, NULL, sku, NULL, reason
FROM stock_push WHERE outcome IN
  ('waiting', 'refused', 'braked', 'several_products', 'several_counts', 'not_in_store', 'left_warehouse')
UNION ALL
SELECT client, 'sku_held_by_old_order', NULL, unnest(skus), order_id, reason FROM old_holds
"""

_OPEN_ROWS = f"SELECT kind, day, number, order_id, reason FROM ({_OPEN}) ORDER BY day NULLS LAST, kind, number"  # noqa: S608

_OPEN_COUNTS = f"""
SELECT client, kind, day, count(*), list(number ORDER BY number)[:$first] FROM ({_OPEN})
GROUP BY client, kind, day ORDER BY client, kind, day
"""  # noqa: S608 - both are made of constants
