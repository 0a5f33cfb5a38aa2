"""Reads orders from the platform: whole records, and the states that decide on the next step.

Not here: how one value is read (values.py).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.keys import as_stored
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import (
    OPEN_STATUSES,
    OrderState,
    OrderStatus,
    PlatformLine,
    PlatformOrder,
    PlatformRecord,
)
from npf_pipelines.platform import access
from npf_pipelines.platform.additions import is_addition
from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.platform.values import (
    LONG_AGO,
    noted_moment,
    noted_quantity,
    optional_sum,
    optional_text,
    text,
)

_OF_ORDER = [name for name in PlatformOrder.__dataclass_fields__ if name not in {"lines", "placed_at", "is_test"}]
_TEXTS = [name for name in _OF_ORDER if not is_addition(orders.columns[name])]
_ADDITIONS = {
    name: optional_sum if isinstance(orders.columns[name].type, sa.Numeric) else optional_text
    for name in _OF_ORDER
    if is_addition(orders.columns[name])
}
"""The optional columns, each with how it is read."""
_ORDER_COLUMNS = [column.name for column in orders.columns]
_LINE_COLUMNS = [column.name for column in order_lines.columns if column.name not in {"client", "order_number"}]


class OrderReads(access.PlatformAccess):
    """The part of the gateway that reads orders.

    `own` are the numbers of the orders of the client's store: orders of its other carts are left out. None reads the
    orders of all carts.
    """

    def records_of_day(
        self,
        client: str,
        store_order_ids: Iterable[str],
        start: datetime,
        end: datetime,
        own: OwnNumbers | None = None,
    ) -> dict[str, PlatformRecord]:
        """The records of the orders placed from `start` until just before `end`, and of all with these store order ids.

        The latter may be of other carts.
        """
        is_of_day = sa.and_(orders.c.placed_at >= start, orders.c.placed_at < end)
        is_own = access.is_own(own)
        found = self._records(orders.c.client == client, is_of_day, is_own)
        elsewhere = sa.or_(orders.c.placed_at.is_(None), sa.not_(is_of_day), sa.not_(is_own))
        for batch in chunked(sorted(set(store_order_ids)), access.BATCH):
            found |= self._records(orders.c.client == client, orders.c.store_order_id.in_(batch), elsewhere)
        return found

    def records(
        self, client: str, store_order_ids: Iterable[str], own: OwnNumbers | None = None
    ) -> dict[str, PlatformRecord]:
        """The platform's records of these orders of the store, by order number, whatever number that is."""
        found: dict[str, PlatformRecord] = {}
        for batch in chunked(sorted(set(store_order_ids)), access.BATCH):
            found |= self._records(orders.c.client == client, orders.c.store_order_id.in_(batch), access.is_own(own))
        return found

    def open_records(self, client: str, own: OwnNumbers | None = None) -> dict[str, PlatformRecord]:
        """The platform's records of the client's orders that still take stock."""
        return self._records(orders.c.client == client, orders.c.status.in_(OPEN_STATUSES), access.is_own(own))

    def open_orders(self, client: str, own: OwnNumbers | None = None) -> dict[str, datetime]:
        """When the client's orders that still take stock were placed, by the store's order id.

        An order whose time can't be read is left out: it belongs to no day.
        """
        query = sa.select(orders.c.store_order_id, orders.c.placed_at).where(
            orders.c.client == client, orders.c.status.in_(OPEN_STATUSES), access.is_own(own)
        )
        return self._times_placed(query)

    def short_orders(
        self, client: str, start: datetime, end: datetime, own: OwnNumbers | None = None
    ) -> dict[str, datetime]:
        """When the client's orders that were shipped with fewer units than imported were placed, by the store's id.

        An order whose time can't be read is left out.

        Args:
            client: the client's id.
            start: only orders that were last changed from this moment on, inclusive.
            end: and before this one.
            own: as for the other reads.
        """
        query = (
            sa.select(orders.c.store_order_id, orders.c.placed_at)
            .join_from(orders, order_lines, access.ON_ORDER)
            .where(
                orders.c.client == client,
                orders.c.status == OrderStatus.SHIPPED,
                orders.c.updated_at >= start,
                orders.c.updated_at < end,
                order_lines.c.quantity_shipped < order_lines.c.quantity,
                access.is_own(own),
            )
        )
        return self._times_placed(query)

    def order_states(self, client: str, order_numbers: Iterable[str]) -> dict[str, OrderState]:
        """The states of the client's orders, by order number; orders that the platform lacks are left out."""
        with self._engine.connect() as connection:
            return read_states(connection, client, orders.c.order_number, list(order_numbers))

    def states_of(
        self, client: str, store_order_ids: Iterable[str], own: OwnNumbers | None = None
    ) -> dict[str, list[OrderState]]:
        """The states of the client's orders, by store order id; orders that the platform lacks are left out."""
        with self._engine.connect() as connection:
            states = read_states(connection, client, orders.c.store_order_id, list(store_order_ids), own)
        return by_store_order(states)

    def count_open(self, client: str, own: OwnNumbers | None = None) -> int:
        """How many of the client's orders still take stock."""
        is_open = orders.c.status.in_(OPEN_STATUSES)
        query = sa.select(sa.func.count()).where(orders.c.client == client, is_open, access.is_own(own))
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def has_real_order(self, client: str, prefix: str) -> bool:
        """Whether the platform has an order of the client that isn't a test order, whatever its status.

        Args:
            client: the client's id.
            prefix: its order prefix: the client's other carts have other ones.
        """
        query = sa.select(sa.literal(1)).where(*_real_orders(client, prefix))
        with self._engine.connect() as connection:
            return connection.scalar(query.limit(1)) is not None

    def first_import(self, client: str, prefix: str) -> datetime | None:
        """When the platform got the client's first order that isn't a test order; None if it has none.

        Args: as for `has_real_order`.
        """
        query = sa.select(sa.func.min(orders.c.imported_at)).where(*_real_orders(client, prefix))
        with self._engine.connect() as connection:
            first: datetime | None = connection.scalar(query)
        return first

    def _times_placed(self, query: sa.Select[Any]) -> dict[str, datetime]:
        with self._engine.connect() as connection:
            rows = connection.execute(query)
            return {row.store_order_id: row.placed_at for row in rows if row.placed_at}

    def _records(self, *where: sa.ColumnElement[bool]) -> dict[str, PlatformRecord]:
        query = (
            sa.select(
                *self._columns(orders),
                *(column for column in self._columns(order_lines) if column.name in _LINE_COLUMNS),
            )
            .join_from(orders, order_lines, access.ON_ORDER, isouter=True)
            .where(*where)
            .order_by(orders.c.order_number, order_lines.c.line_id)
        )
        rows: defaultdict[str, list[sa.Row[Any]]] = defaultdict(list)
        number = _ORDER_COLUMNS.index("order_number")
        with self._engine.connect() as connection:
            for row in connection.execute(query).all():
                rows[row[number]].append(row)
        return {number: _record(lines) for number, lines in rows.items()}


def read_states(
    connection: sa.Connection,
    client: str,
    column: sa.Column[str],
    values: Sequence[str],
    own: OwnNumbers | None = None,
) -> dict[str, OrderState]:
    """The states of the client's orders that have one of the values in the column, by order number."""
    states: dict[str, OrderState] = {}
    for batch in chunked(values, access.BATCH):
        query = sa.select(
            orders.c.order_number,
            orders.c.store_order_id,
            orders.c.status,
            orders.c.is_test,
            orders.c.imported_at,
            orders.c.placed_at,
            orders.c.email,
            orders.c.ship_to_name,
            orders.c.address_1,
            orders.c.postcode,
        ).where(orders.c.client == client, column.in_(batch), access.is_own(own))
        for number, store_order_id, status, *rest in connection.execute(query):
            states[number] = OrderState(number, store_order_id or "", OrderStatus(status), *rest)
    return states


def by_store_order(states: Mapping[str, OrderState]) -> dict[str, list[OrderState]]:
    """The states by store order id, the first imported first."""
    found: defaultdict[str, list[OrderState]] = defaultdict(list)
    for state in sorted(states.values(), key=lambda state: (state.imported_at or LONG_AGO, state.order_number)):
        found[state.store_order_id].append(state)
    return dict(found)


def _record(rows: Sequence[sa.Row[Any]]) -> PlatformRecord:
    """The record in the rows of an order's lines. Values go by their place: names cost more than all the rest."""
    row = dict(zip(_ORDER_COLUMNS, rows[0], strict=False))
    wrong = list[str]()
    lines, shipped_by_line = [], dict[str, int]()
    open_units: Counter[str] = Counter()
    for each in rows:
        line = dict(zip(_LINE_COLUMNS, each[len(_ORDER_COLUMNS) :], strict=True))
        if line["line_id"] is None:
            continue
        ordered = noted_quantity(line["quantity"], f"quantity of {line['sku']}", wrong)
        shipped = noted_quantity(line["quantity_shipped"], f"quantity_shipped of {line['sku']}", wrong)
        sku = as_stored(text(line["sku"]))
        open_units[sku] += ordered - shipped
        shipped_by_line[text(line["line_id"])] = shipped
        kit_sku, kit_quantity = _kit_of(line, wrong)
        lines.append(
            PlatformLine(
                line_id=text(line["line_id"]),
                sku=sku,
                description=text(line["description"]),
                quantity=ordered,
                unit_price=line["unit_price"],
                options=optional_text(line["options"]),
                tax=optional_sum(line["tax"]),
                discount=optional_sum(line["discount"]),
                kit_sku=kit_sku,
                kit_quantity=kit_quantity,
            )
        )
    status = OrderStatus(row["status"])
    if not status.is_known:
        wrong.append(f"status: {str(status)[:40]!r} is no word of the contract")
    values: dict[str, Any] = {name: text(row[name]) for name in _TEXTS}
    values |= {name: read(row[name]) for name, read in _ADDITIONS.items()}
    return PlatformRecord(
        order=PlatformOrder(
            **values,
            placed_at=noted_moment(row["placed_at"], "placed_at", wrong),
            is_test=bool(row["is_test"]),
            lines=tuple(lines),
        ),
        status=status,
        units_shipped=sum(shipped_by_line.values()),
        imported_at=noted_moment(row["imported_at"], "imported_at", wrong),
        updated_at=noted_moment(row["updated_at"], "updated_at", wrong),
        open_units=open_units,
        unreadable="; ".join(wrong),
        cancelled_by=text(row["cancelled_by"]),
        shipped=shipped_by_line,
    )


def _real_orders(client: str, prefix: str) -> tuple[sa.ColumnElement[bool], ...]:
    """The client's orders that aren't test orders; the orders of its other carts have other prefixes."""
    has_prefix = orders.c.order_number == sa.literal(prefix) + orders.c.store_order_id
    return orders.c.client == client, orders.c.is_test.is_(False), has_prefix


def _kit_of(line: Mapping[str, Any], wrong: list[str]) -> tuple[str | None, int | None]:
    """The kit that a line is a part of, and how many of it; None for other lines."""
    kit_sku = as_stored(text(line["kit_sku"]))
    if not kit_sku:
        return None, None
    return kit_sku, noted_quantity(line["kit_quantity"], f"kit_quantity of {line['sku']}", wrong)
