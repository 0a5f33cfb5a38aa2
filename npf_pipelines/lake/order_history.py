"""One order's history from the tables: each event with its time, in words that can be sent to the merchant.

Not here: how it is printed (cli/trace.py) and drawn (reports/history_page.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from npf_pipelines.domain.outcome import words_of
from npf_pipelines.domain.outcomes import IN_STORE, Decision, OrderOutcome, PushOutcome, StatusOutcome
from npf_pipelines.lake.connection import LakeConnection

_ORDER = """
FROM filtered_orders
WHERE client = $client AND (order_number = $number OR order_id IN ($number, $id))
ORDER BY order_number = $number DESC, decided_at DESC LIMIT 1
"""
_ON_PLATFORM = "FROM platform_orders WHERE client = $client AND order_number = $number"
_SHIPMENTS = """
FROM shipment_records FULL JOIN tracking_push USING (client, day, shipment_id, order_number)
WHERE client = $client AND order_number = $number ORDER BY day, lodged_at, shipment_id
"""
"""A shipment withdrawn since is in tracking_push only."""
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class HistoryEvent:
    """An event of an order; the time is None for what has not happened yet."""

    at: datetime | None
    what: str


@dataclass(frozen=True)
class OrderHistory:
    """An order with its events, the earliest first.

    Attributes:
        number: its number on the platform.
        order_id: the store's number.
        events: the events; an event without a time comes last.
    """

    number: str
    order_id: str
    events: Sequence[HistoryEvent]


def read_history(connection: LakeConnection, client: str, number: str, prefix: str) -> OrderHistory | None:
    """The history of an order; None if it is in no table.

    Args:
        connection: to the client's tables.
        client: the client's id.
        number: the order's number, with or without the order prefix, or with an earlier one.
        prefix: the client's order prefix.

    Raises:
        duckdb.Error: a table can't be read.
    """
    found = _rows(connection, _ORDER, client=client, number=number, id=number.removeprefix(prefix))
    if not found:
        return None
    order = found[0]
    of_order = {"client": client, "number": order["order_number"]}
    events = [
        *_until_import(order, _rows(connection, _ON_PLATFORM, **of_order)),
        *_since_lodgement(_rows(connection, _SHIPMENTS, **of_order)),
    ]
    events.sort(key=lambda event: event.at or _LATEST)
    return OrderHistory(order["order_number"], order["order_id"], events)


def _until_import(order: dict[str, Any], on_platform: list[dict[str, Any]]) -> Iterator[HistoryEvent]:
    yield HistoryEvent(order["placed_at"], f"Placed in the store as order {order['order_id']}")
    before = ""
    for decided in (*(order["earlier"] or ()), order):
        is_release = before == Decision.HELD and decided["decision"] == Decision.ACCEPTED
        words = "Released and accepted" if is_release else words_of(Decision, decided["decision"]).capitalize()
        yield HistoryEvent(decided["decided_at"], f"{words}: {decided['reason']}")
        before = decided["decision"]
    if order["sums"]:
        yield HistoryEvent(order["decided_at"], f"Its sums don't add up: {order['sums']}")
    for row in on_platform:
        if row["imported_at"]:
            yield HistoryEvent(row["imported_at"], "Imported into the warehouse")
        if row["outcome"] != OrderOutcome.IMPORTED:
            words = words_of(OrderOutcome, row["outcome"]).capitalize()
            yield HistoryEvent(row["differs_since"], f"{words}: {row['reason']}")


def _since_lodgement(shipments: list[dict[str, Any]]) -> Iterator[HistoryEvent]:
    for row in shipments:
        if row["lodged_at"]:
            contents = ", ".join(f"{line['quantity']} of {line['sku']}" for line in row["quantities"])
            lodged = f"Lodged as {row['shipment_id']} with {row['carrier']}: {contents}"
            yield HistoryEvent(row["lodged_at"], f"{lodged}. Tracking number {row['tracking_number']}")
            yield HistoryEvent(row["lodged_at"], f"To follow the parcel: {row['tracking_url']}")
        if row["outcome"] and row["outcome"] not in IN_STORE:
            words = words_of(PushOutcome, row["outcome"]).capitalize()
            yield HistoryEvent(row["pushed_at"], f"{words} ({row['shipment_id']}): {row['reason']}")
        elif row["outcome"]:
            differs = f": {row['reason']}" if row["outcome"] == PushOutcome.DIFFERS_IN_STORE else ""
            yield HistoryEvent(row["confirmed_at"], f"In the store as shipment {row['store_shipment_id']}{differs}")
        else:
            yield HistoryEvent(None, "Not pushed to the store yet")
        if row["status_outcome"] and row["outcome"] != PushOutcome.WITHDRAWN:
            outcome = words_of(StatusOutcome, row["status_outcome"])
            status = f"Order status {row['order_status'] or 'unknown'} ({outcome}): {row['status_reason']}"
            yield HistoryEvent(row["pushed_at"], status)


def _rows(lake: LakeConnection, query: str, **values: str) -> list[dict[str, Any]]:
    answer = lake.execute(query, values)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
