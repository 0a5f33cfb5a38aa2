"""How the parts of the gateway reach the platform: its engine, and the optional columns that it lacks.

Not here: any read or write (order_imports.py, order_changes.py, order_reads.py, shipment_reads.py, stock_reads.py).
"""

import contextlib
import copy
import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Self, TypeAlias

import sqlalchemy as sa

from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import OrderStatus, PlatformOrder
from npf_pipelines.platform.additions import absent_additions
from npf_pipelines.platform.tables import metadata, order_lines, orders

Fence: TypeAlias = Callable[[sa.Connection], None]
"""Raises an exception unless its writer may write, and keeps it so until the end of the connection's transaction."""

BATCH = 500
"""Rows for each statement: below SQLite's limit of 32,766 parameters."""

ON_ORDER = (orders.c.client == order_lines.c.client) & (orders.c.order_number == order_lines.c.order_number)
"""The join of order lines to their order."""


def is_own(own: OwnNumbers | None) -> sa.ColumnElement[bool]:
    """Whether an order is of the client's store, by its number; all are where `own` is None."""
    if own is None:
        return sa.true()
    order_id = sa.func.coalesce(orders.c.store_order_id, "")  # In a view another cart may have none.
    made = [orders.c.order_number == sa.literal(prefix) + order_id for prefix in sorted(own.prefixes)]
    given = [orders.c.order_number.in_(sorted(own.others))] if own.others else []
    return sa.or_(*made, *given)


class PlatformAccess:
    """The platform's engine, with the columns that this platform has."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._fence: Fence | None = None

    def fenced(self, fence: Fence) -> Self:
        """The same platform for one writer, whose right to write is checked in the transaction of each write."""
        _ = self._absent  # Read once for all writers.
        same = copy.copy(self)
        same._fence = fence  # noqa: SLF001 - its own
        return same

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes."""
        with self._engine.begin() as connection:
            if self._fence:
                self._fence(connection)
            yield connection

    @functools.cached_property
    def _absent(self) -> set[sa.Column[Any]]:
        """The optional columns that this platform lacks."""
        with self._engine.connect() as connection:
            return set(absent_additions(connection, metadata))

    def _columns(self, table: sa.Table) -> list[sa.ColumnElement[Any]]:
        """All columns of a table for a query; NULL for each that this platform lacks."""
        return [sa.null().label(column.name) if column in self._absent else column for column in table.columns]

    def _writable(self, table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row without the columns that this platform lacks."""
        if not self._absent:  # Nearly always; there are very many lines.
            return dict(row)
        absent = {column.name for column in self._absent if column.table is table}
        return {name: value for name, value in row.items() if name not in absent}

    @property
    def takes_despatch_methods(self) -> bool:
        """Whether the platform has a column for the despatch method."""
        return orders.c.despatch_method not in self._absent

    def _order_row(self, client: str, order: PlatformOrder, now: datetime) -> dict[str, Any]:
        row = vars(order) | {"client": client, "status": OrderStatus.IMPORTED, "imported_at": now, "updated_at": now}
        del row["lines"]
        return self._writable(orders, row)

    def _line_rows(self, client: str, order: PlatformOrder) -> Iterator[dict[str, Any]]:
        for line in order.lines:
            row = vars(line) | {"client": client, "order_number": order.order_number, "quantity_shipped": 0}
            yield self._writable(order_lines, row)
