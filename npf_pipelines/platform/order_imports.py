"""Imports orders to the platform, each once.

Not here: which orders are imported (rules/), changes after the import (order_changes.py).
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import OrderState, PlatformOrder
from npf_pipelines.platform import access
from npf_pipelines.platform.order_reads import by_store_order, read_states
from npf_pipelines.platform.tables import order_lines, orders


class ImportOutcome(enum.StrEnum):
    """The platform's answer to the import of an order."""

    IMPORTED = "imported"
    ALREADY_THERE = "already_there"
    REFUSED = "refused"


@dataclass(frozen=True)
class ImportResult:
    """The outcome for one order, its number on the platform, and when the platform got it."""

    outcome: ImportOutcome
    reason: str
    order_number: str
    imported_at: datetime | None


class OrderImports(access.PlatformAccess):
    """The part of the gateway that imports orders."""

    def import_orders(
        self, client: str, accepted: Sequence[PlatformOrder], now: datetime, own: OwnNumbers | None = None
    ) -> dict[str, ImportResult]:
        """Import the orders, each once, however often this is called.

        An order and its lines are imported together or not at all. An order is identified by its client and its store
        order id: one that the platform has under any number of the client's store is left unchanged.

        Args:
            client: the client's id.
            accepted: the orders.
            now: the value of `imported_at`.
            own: the numbers of the orders of the client's store; None if it has no other cart.

        Returns:
            A result for each order, by the number that it was to get.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        results: dict[str, ImportResult] = {}
        for batch in chunked(accepted, access.BATCH):
            try:
                results |= self._import(client, batch, now, own)
            except sa.exc.StatementError as error:
                if not _is_about_an_order(error):
                    raise
                # An order that the database refuses must not keep the others of its batch out.
                for order in batch:
                    results[order.order_number] = self._import_alone(client, order, now, own)
        return results

    def _import_alone(self, client: str, order: PlatformOrder, now: datetime, own: OwnNumbers | None) -> ImportResult:
        try:
            return self._import(client, [order], now, own)[order.order_number]
        except sa.exc.StatementError as error:
            if not _is_about_an_order(error):
                raise
            reason = f"the platform refused the order: {error.orig}"
            return ImportResult(ImportOutcome.REFUSED, reason, order.order_number, None)

    def _import(
        self, client: str, batch: Sequence[PlatformOrder], now: datetime, own: OwnNumbers | None
    ) -> dict[str, ImportResult]:
        with self._writing() as connection:
            known = read_states(connection, client, orders.c.order_number, [order.order_number for order in batch])
            ids = [order.store_order_id for order in batch]
            by_id = by_store_order(read_states(connection, client, orders.c.store_order_id, ids, own))
            new = [order for order in batch if order.order_number not in known and order.store_order_id not in by_id]
            inserted = _insert(connection, [self._order_row(client, order, now) for order in new]) if new else set()
            lines = [row for order in new if order.order_number in inserted for row in self._line_rows(client, order)]
            if lines:
                connection.execute(sa.insert(order_lines), lines)
            overtaken = [order.order_number for order in new if order.order_number not in inserted]
            known |= read_states(connection, client, orders.c.order_number, overtaken)
        return {order.order_number: _import_result(order, known, by_id, now) for order in batch}


def _insert(connection: sa.Connection, rows: list[dict[str, Any]]) -> set[str]:
    """Insert orders; the numbers of the inserted ones, for another run may have imported the others meanwhile."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(orders).on_conflict_do_nothing().returning(orders.c.order_number)
    return set(connection.scalars(insert, rows))


def _is_about_an_order(error: sa.exc.StatementError) -> bool:
    """Whether a value of an order is the cause, not the database itself."""
    is_refusal = isinstance(error, sa.exc.DataError | sa.exc.IntegrityError)
    return is_refusal or not isinstance(error, sa.exc.DBAPIError)


def _import_result(
    order: PlatformOrder, known: Mapping[str, OrderState], by_id: Mapping[str, Sequence[OrderState]], now: datetime
) -> ImportResult:
    state = next(iter(by_id.get(order.store_order_id, ())), None) or known.get(order.order_number)
    if state is None:
        return ImportResult(ImportOutcome.IMPORTED, "new on the platform", order.order_number, now)
    if state.store_order_id != order.store_order_id:
        reason = (
            f"the number {order.order_number} belongs to the store's order {state.store_order_id} already: "
            f"ask the warehouse to enter this order by hand, with the store order id {order.store_order_id}"
        )
        return ImportResult(ImportOutcome.REFUSED, reason, order.order_number, None)
    reason = f"on the platform as {state.status}"
    return ImportResult(ImportOutcome.ALREADY_THERE, reason, state.order_number, state.imported_at)
