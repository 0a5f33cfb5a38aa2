"""The SKUs on open orders that have no stock row in the warehouse: nobody can pick them.

SKUs are compared as orders and stock are read (domain/keys.py): blanks around a SKU don't make it unknown.
Not here: what is reported about them (reconcile/platform_orders.py, automation/stock_checks.py).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import sqlalchemy as sa

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.keys import as_stored
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import OPEN_STATUSES
from npf_pipelines.platform.access import BATCH, ON_ORDER, PlatformAccess
from npf_pipelines.platform.tables import order_lines, orders, stock
from npf_pipelines.platform.values import text


@dataclass(frozen=True)
class UnknownSku:
    """A SKU that the warehouse doesn't know: its open orders, their units still to ship, the first order's number."""

    client: str
    sku: str
    orders: int
    units: int
    first_order: str


class UnknownSkus(PlatformAccess):
    """The part of the gateway that knows which SKUs the warehouse has no stock row of."""

    def unknown_skus(
        self, clients: Collection[str], own: Callable[[str], OwnNumbers] | None = None
    ) -> list[UnknownSku]:
        """The unknown SKUs of these clients, by client and SKU; test orders are left out.

        Args:
            clients: the clients' ids.
            own: gives the numbers of the orders of a client's store; None if no client has another cart.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        counted = (stock.c.client == order_lines.c.client) & (stock.c.sku == order_lines.c.sku)
        query = (
            sa.select(
                order_lines.c.client,
                order_lines.c.sku,
                orders.c.order_number,
                orders.c.store_order_id,
                sa.func.sum(order_lines.c.quantity - order_lines.c.quantity_shipped),
            )
            .join_from(order_lines, orders, ON_ORDER)
            .join(stock, counted, isouter=True)
            .where(
                orders.c.status.in_(OPEN_STATUSES),
                orders.c.is_test.is_(False),
                order_lines.c.quantity > order_lines.c.quantity_shipped,
                stock.c.sku.is_(None),
            )
            .group_by(order_lines.c.client, order_lines.c.sku, orders.c.order_number, orders.c.store_order_id)
        )
        with self._engine.connect() as connection:
            rows = [
                row
                for batch in chunked(sorted(clients), BATCH)
                for row in connection.execute(query.where(order_lines.c.client.in_(batch)))
            ]
            counted_as_stored = {client: _as_stored(connection, client) for client in {row.client for row in rows}}
        own_of = {client: own(client) for client in counted_as_stored} if own else {}
        found: dict[tuple[str, str], dict[str, int]] = {}
        for client, written, number, order_id, units in rows:
            sku = as_stored(text(written))
            is_own = client not in own_of or own_of[client].has(number, order_id or "")
            if is_own and sku not in counted_as_stored[client]:
                units_by_order = found.setdefault((client, sku), {})
                units_by_order[number] = units_by_order.get(number, 0) + int(units)
        return [
            UnknownSku(client, sku, len(units_by_order), sum(units_by_order.values()), min(units_by_order))
            for (client, sku), units_by_order in sorted(found.items())
        ]

    def skus_not_counted(self, client: str, skus: Collection[str]) -> set[str]:
        """The given SKUs that have no stock row in the warehouse.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        missing = set(skus)
        with self._engine.connect() as connection:
            for batch in chunked(sorted(skus), BATCH):
                query = sa.select(stock.c.sku).where(stock.c.client == client, stock.c.sku.in_(batch))
                missing.difference_update(connection.scalars(query))
            counted = _as_stored(connection, client) if missing else set[str]()
        return {sku for sku in missing if as_stored(sku) not in counted}


def _as_stored(connection: sa.Connection, client: str) -> set[str]:
    """The SKUs of the client's stock rows, without the blanks around them."""
    return {as_stored(text(sku)) for sku in connection.scalars(sa.select(stock.c.sku).where(stock.c.client == client))}
