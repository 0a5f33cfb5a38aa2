"""Reads stock figures from the platform: on hand, in process and on back order for each SKU.

Not here: how one value is read (values.py), SKUs without figures (unknown_skus.py), which figure a store gets
(rules/stock.py).
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from npf_pipelines.domain.keys import as_stored
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderState, OrderStatus, StockFigure
from npf_pipelines.platform.access import ON_ORDER, PlatformAccess
from npf_pipelines.platform.order_reads import by_store_order, read_states
from npf_pipelines.platform.tables import order_lines, orders, stock
from npf_pipelines.platform.values import WrongValue, text, whole


class StockReads(PlatformAccess):
    """The part of the gateway that reads stock."""

    def skus(self, client: str) -> list[str]:
        """The SKUs of which the warehouse counts the client's stock."""
        with self._engine.connect() as connection:
            skus = connection.scalars(sa.select(stock.c.sku).where(stock.c.client == client))
            return list(dict.fromkeys(map(as_stored, skus)))

    def count_stock(
        self, client: str, store_order_ids: Iterable[str], own: OwnNumbers | None = None
    ) -> tuple[list[StockFigure], dict[str, list[OrderState]]]:
        """The figures of each of the client's SKUs and the orders that they include, both of one moment.

        An order that is imported meanwhile is either in the figures and in the states, or in neither. The figures
        include the orders of all of the client's carts: they take the same stock.

        Args:
            client: the client's id.
            store_order_ids: orders of the store.
            own: the numbers of the store's orders, so that the states of other carts' orders are left out.

        Returns:
            The figures by SKU, and the platform's states of the orders that are not cancelled, by store order id.
        """
        with self._one_moment() as connection:
            states = read_states(connection, client, orders.c.store_order_id, list(store_order_ids), own)
            known = {number: state for number, state in states.items() if state.status is not OrderStatus.CANCELLED}
            return _figures(connection, client), by_store_order(known)

    @contextlib.contextmanager
    def _one_moment(self) -> Iterator[sa.Connection]:
        """A connection whose queries all see the platform as it was at the first."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                connection.exec_driver_sql("BEGIN")  # Without it each query would see a moment of its own.
            yield connection


def _figures(connection: sa.Connection, client: str) -> list[StockFigure]:
    in_process, back_orders, wrong = _taken(connection, client)
    query = sa.select(stock.c.sku, stock.c.on_hand).where(stock.c.client == client).order_by(stock.c.sku)
    counted = [(as_stored(text(sku)), text(sku), on_hand) for sku, on_hand in connection.execute(query)]
    spellings = Counter(key for key, _, _ in counted)
    return [
        # Neither of two rows for one SKU is the count: they keep their spellings, and the push names them.
        _figure(key if spellings[key] == 1 else sku, on_hand, in_process[key], back_orders[key], wrong.get(key, ""))
        for key, sku, on_hand in counted
    ]


def _taken(connection: sa.Connection, client: str) -> tuple[Counter[str], Counter[str], dict[str, str]]:
    """The units that open orders take, in process and on back order, and why a SKU's can't be read."""
    open_quantity = order_lines.c.quantity - order_lines.c.quantity_shipped
    on_back_order = orders.c.status == OrderStatus.BACK_ORDER
    query = (
        sa.select(
            order_lines.c.sku,
            sa.func.sum(sa.case((on_back_order, 0), else_=open_quantity)),
            sa.func.sum(sa.case((on_back_order, open_quantity), else_=0)),
        )
        .join_from(order_lines, orders, ON_ORDER)
        .where(orders.c.client == client, orders.c.status.in_(OPEN_STATUSES), orders.c.is_test.is_(False))
        .group_by(order_lines.c.sku)
    )
    in_process: Counter[str] = Counter()
    back_orders: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    for sku, processed, back_ordered in connection.execute(query):
        key = as_stored(text(sku))
        try:
            in_process[key] += whole(processed, "in process")
            back_orders[key] += whole(back_ordered, "on back order")
        except WrongValue as why:
            wrong[key] = str(why)
    return in_process, back_orders, wrong


def _figure(sku: str, on_hand: object, in_process: int, back_orders: int, wrong: str) -> StockFigure:
    """A SKU's figures; only the reason if one of them can't be read."""
    try:
        units = whole(on_hand, "on_hand")
    except WrongValue as why:
        units, wrong = 0, str(why)
    return StockFigure(sku, 0, 0, 0, wrong) if wrong else StockFigure(sku, units, in_process, back_orders)
