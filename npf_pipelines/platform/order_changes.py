"""Changes orders that are on the platform: edits, cancellations and their reversal.

Each change is made only if the order is as it was read: the warehouse may have moved it on meanwhile.
Not here: which orders are changed (rules/after_import.py).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import CANCELLED_BY_STORE, OrderStatus, PlatformOrder, PlatformRecord
from npf_pipelines.platform.access import PlatformAccess
from npf_pipelines.platform.tables import order_lines, orders


class OrderChanges(PlatformAccess):
    """The part of the gateway that changes imported orders."""

    def update_order(self, client: str, order: PlatformOrder, seen: PlatformRecord, now: datetime) -> bool:
        """Overwrite an order and its lines if it is unchanged since it was read; it keeps its number.

        Returns:
            Whether it was unchanged.
        """
        return self._overwrite(client, order, seen, now, {})

    def cancel_order(self, client: str, seen: PlatformRecord, now: datetime) -> bool:
        """Cancel an order if it is unchanged since it was read; whether it was."""
        with self._writing() as connection:
            row = {"status": OrderStatus.CANCELLED, "cancelled_by": CANCELLED_BY_STORE, "updated_at": now}
            return _change(connection, client, seen, self._writable(orders, row))

    def resume_order(self, client: str, order: PlatformOrder, seen: PlatformRecord, now: datetime) -> bool:
        """Import a cancelled order again if it is unchanged since it was read; whether it was."""
        return self._overwrite(client, order, seen, now, {"status": OrderStatus.IMPORTED, "cancelled_by": ""})

    def _overwrite(
        self, client: str, order: PlatformOrder, seen: PlatformRecord, now: datetime, more: Mapping[str, Any]
    ) -> bool:
        order = replace(order, order_number=seen.order.order_number)
        row = self._order_row(client, order, now)
        for kept in ("client", "order_number", "status", "imported_at"):
            del row[kept]
        # An unknown value doesn't replace a known one.
        row = {name: value for name, value in row.items() if value is not None}
        row |= self._writable(orders, more)
        with self._writing() as connection:
            if not _change(connection, client, seen, row):
                return False
            here = (order_lines.c.client == client) & (order_lines.c.order_number == order.order_number)
            connection.execute(sa.delete(order_lines).where(here))
            connection.execute(sa.insert(order_lines), list(self._line_rows(client, order)))
        return True


def _change(connection: sa.Connection, client: str, seen: PlatformRecord, values: dict[str, Any]) -> bool:
    as_it_was_read = (
        (orders.c.client == client)
        & (orders.c.order_number == seen.order.order_number)
        & (orders.c.status == seen.status)
        & (orders.c.updated_at == seen.updated_at)
    )
    return bool(connection.execute(sa.update(orders).where(as_it_was_read).values(values)).rowcount)
