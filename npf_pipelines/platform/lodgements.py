"""Lodgements written to NPF's tables: a parcel, the units on the order's lines, the order's status.

The warehouse writes these tables itself; here are the lodgements that a person plays to prove a new integration, and
the steps that the sandbox's warehouse floor shares with them. Not here: reading lodgements (gateway.py).
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderStatus
from npf_pipelines.platform.access import is_own
from npf_pipelines.platform.tables import order_lines, orders, shipment_lines, shipments

_TRACKING_URL = "https://auspost.example/track/{}"


@dataclass(frozen=True)
class ParcelLabel:
    """The carrier of a parcel, its number and its link."""

    carrier: str
    tracking_number: str
    tracking_url: str


def lodge_test_orders(engine: sa.Engine, client: str, now: datetime, own: OwnNumbers | None = None) -> list[str]:
    """Lodge a client's open test orders, each in one parcel with a played tracking number.

    No other order and no stock is touched: test items are never dispatched.

    Args:
        engine: the platform.
        client: the client's id.
        now: becomes `lodged_at`.
        own: the numbers of the orders of the client's store; None if it has no other cart.

    Returns:
        The order numbers.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    with engine.begin() as connection:
        numbers = _open_test_orders(connection, client, own)
        for number in numbers:
            _lodge(connection, client, number, now)
    return numbers


def lodge_test_order(
    engine: sa.Engine, client: str, order_number: str, now: datetime, parcel: Mapping[str, int] | None = None
) -> None:
    """Lodge an open test order, in one parcel with a played tracking number; any other order is left alone.

    Args:
        engine: the platform.
        client: the client's id.
        order_number: the order's.
        now: becomes `lodged_at`.
        parcel: the units to lodge by SKU, the rest goes on back order; None for all that is left.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    with engine.begin() as connection:
        if order_number in _open_test_orders(connection, client):
            _lodge(connection, client, order_number, now, parcel)


def _open_test_orders(connection: sa.Connection, client: str, own: OwnNumbers | None = None) -> list[str]:
    is_open_test = (orders.c.client == client) & orders.c.is_test.is_(True) & orders.c.status.in_(OPEN_STATUSES)
    query = sa.select(orders.c.order_number).where(is_open_test, is_own(own)).order_by(orders.c.order_number)
    return list(connection.scalars(query))


def _lodge(
    connection: sa.Connection, client: str, order_number: str, now: datetime, only: Mapping[str, int] | None = None
) -> None:
    is_line = (order_lines.c.client == client) & (order_lines.c.order_number == order_number)
    left = order_lines.c.quantity - order_lines.c.quantity_shipped
    query = sa.select(order_lines.c.line_id, order_lines.c.sku, left.label("quantity")).where(is_line, left > 0)
    lines = connection.execute(query).all()
    to_pick: Counter[str] = Counter()
    for sku, quantity in only.items() if only is not None else ((line.sku, line.quantity) for line in lines):
        to_pick[sku] += quantity
    units = []
    for line in lines:
        if quantity := min(line.quantity, to_pick[line.sku]):
            units.append((line.line_id, line.sku, quantity))
            to_pick[line.sku] -= quantity
    is_rest_left = sum(quantity for *_, quantity in units) < sum(line.quantity for line in lines)
    add_shipped_units(connection, client, order_number, units)
    if units:
        parcel: dict[str, int] = {}
        for _, sku, quantity in units:
            parcel[sku] = parcel.get(sku, 0) + quantity
        shipment_id = next_shipment_id(connection, client, order_number)
        digest = int.from_bytes(hashlib.sha256(shipment_id.encode()).digest()[:6])
        number = f"33A{digest % 10**10:010}"
        label = ParcelLabel("Australia Post", number, _TRACKING_URL.format(number))
        insert_shipment(connection, client, order_number, shipment_id, label=label, quantities=parcel, now=now)
    status = OrderStatus.BACK_ORDER if is_rest_left else OrderStatus.SHIPPED
    set_order_status(connection, client, order_number, status, now)


def next_shipment_id(connection: sa.Connection, client: str, order_number: str) -> str:
    """The id of an order's next shipment, which counts up."""
    query = sa.select(sa.func.count()).where(shipments.c.client == client, shipments.c.order_number == order_number)
    return f"{client}-{order_number}-{(connection.scalar(query) or 0) + 1}"


def insert_shipment(
    connection: sa.Connection,
    client: str,
    order_number: str,
    shipment_id: str,
    *,
    label: ParcelLabel,
    quantities: Mapping[str, int],
    now: datetime,
) -> None:
    """Insert a lodged shipment with its units by SKU."""
    connection.execute(
        sa.insert(shipments).values(
            shipment_id=shipment_id,
            client=client,
            order_number=order_number,
            carrier=label.carrier,
            tracking_number=label.tracking_number,
            tracking_url=label.tracking_url,
            lodged_at=now,
        )
    )
    rows = [{"shipment_id": shipment_id, "sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    connection.execute(sa.insert(shipment_lines), rows)


def add_shipped_units(
    connection: sa.Connection, client: str, order_number: str, units: Sequence[tuple[str, str, int]]
) -> None:
    """Add shipped units to an order's lines, each given as line_id, SKU and quantity."""
    is_line = (order_lines.c.client == client) & (order_lines.c.order_number == order_number)
    for line_id, _, quantity in units:
        connection.execute(
            sa.update(order_lines)
            .where(is_line, order_lines.c.line_id == line_id)
            .values(quantity_shipped=order_lines.c.quantity_shipped + quantity)
        )


def set_order_status(
    connection: sa.Connection, client: str, order_number: str, status: OrderStatus, now: datetime
) -> None:
    """Set an order's status."""
    connection.execute(
        sa.update(orders)
        .where(orders.c.client == client, orders.c.order_number == order_number)
        .values(status=status, updated_at=now)
    )
