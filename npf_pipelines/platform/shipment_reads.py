"""Reads lodged shipments from the platform.

Not here: how one value is read (values.py), the orders of the shipments (order_reads.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import LodgedShipment, Lodgement, normalised
from npf_pipelines.platform import access
from npf_pipelines.platform.tables import orders, shipment_lines, shipments
from npf_pipelines.platform.values import noted_moment, noted_quantity, text


class ShipmentReads(access.PlatformAccess):
    """The part of the gateway that reads shipments.

    `own` are the numbers of the orders of the client's store: shipments of its other carts' orders are left out. None
    reads the shipments of all carts.
    """

    def lodged_between(
        self, client: str, start: datetime, end: datetime, own: OwnNumbers | None = None
    ) -> list[LodgedShipment]:
        """The client's shipments lodged from `start` until just before `end`, oldest first."""
        return self._shipments(
            shipments.c.client == client,
            shipments.c.lodged_at >= start,
            shipments.c.lodged_at < end,
            _is_of_own_order(own),
        )

    def lodgements(
        self, client: str, start: datetime, end: datetime | None = None, own: OwnNumbers | None = None
    ) -> dict[str, Lodgement]:
        """The client's lodgements from `start` until just before `end`, if given, by the shipment's id.

        A lodgement whose time can't be read is left out.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        columns = shipments.c
        query = sa.select(columns.shipment_id, columns.order_number, columns.lodged_at).where(
            columns.client == client, columns.lodged_at >= start, _is_of_own_order(own)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query if end is None else query.where(columns.lodged_at < end))
            return {row.shipment_id: Lodgement(row.order_number, row.lodged_at) for row in rows if row.lodged_at}

    def shipments_of(self, client: str, order_numbers: Iterable[str]) -> dict[str, list[LodgedShipment]]:
        """All lodged shipments of the orders, whatever the day, by order number, oldest first."""
        found: defaultdict[str, list[LodgedShipment]] = defaultdict(list)
        for batch in chunked(sorted(set(order_numbers)), access.BATCH):
            for shipment in self._shipments(shipments.c.client == client, shipments.c.order_number.in_(batch)):
                found[shipment.order_number].append(shipment)
        return dict(found)

    def _shipments(self, *where: sa.ColumnElement[bool]) -> list[LodgedShipment]:
        query = (
            sa.select(shipments, shipment_lines.c.sku, shipment_lines.c.quantity)
            .join_from(shipments, shipment_lines, shipments.c.shipment_id == shipment_lines.c.shipment_id, isouter=True)
            .where(*where)
            .order_by(shipments.c.lodged_at, shipments.c.shipment_id, shipment_lines.c.sku)
        )
        rows: dict[str, sa.Row[Any]] = {}
        lines: defaultdict[str, list[sa.Row[Any]]] = defaultdict(list)
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                rows[row.shipment_id] = row
                if row.sku is not None:
                    lines[row.shipment_id].append(row)
        return [_shipment(row, lines[shipment_id]) for shipment_id, row in rows.items()]


def _is_of_own_order(own: OwnNumbers | None) -> sa.ColumnElement[bool]:
    """Whether a shipment is of no other cart's order. One whose order the platform lacks is shown to a person."""
    if own is None:
        return sa.true()
    of_other_cart = sa.select(orders.c.order_number).where(
        orders.c.client == shipments.c.client,
        orders.c.order_number == shipments.c.order_number,
        sa.not_(access.is_own(own)),
    )
    return sa.not_(of_other_cart.exists())


def _shipment(row: sa.Row[Any], lines: Sequence[sa.Row[Any]]) -> LodgedShipment:
    wrong = list[str]()
    quantities = {text(line.sku): noted_quantity(line.quantity, f"quantity of {line.sku}", wrong) for line in lines}
    shipment = LodgedShipment(
        shipment_id=text(row.shipment_id),
        order_number=text(row.order_number),
        carrier=text(row.carrier),
        tracking_number=text(row.tracking_number),
        tracking_url=text(row.tracking_url),
        lodged_at=noted_moment(row.lodged_at, "lodged_at", wrong),
        quantities=quantities,
        unreadable="; ".join(wrong),
    )
    return normalised(shipment)
