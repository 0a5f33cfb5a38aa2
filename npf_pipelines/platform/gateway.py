"""The door to the platform: imports orders, reads lodged shipments and stock.

Not here: the tables (tables.py), nor any decision on what is imported (rules/).
"""

import contextlib
import enum
import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from npf_pipelines.batches import batches
from npf_pipelines.platform.additions import absent_additions
from npf_pipelines.platform.models import (
    LodgedShipment,
    OrderState,
    PlatformLine,
    PlatformOrder,
    PlatformRecord,
    StockFigure,
    normalised,
)
from npf_pipelines.platform.tables import (
    OPEN_STATUSES,
    OrderStatus,
    metadata,
    order_lines,
    orders,
    shipment_lines,
    shipments,
    stock,
)
from npf_pipelines.rules.keys import as_stored

_BATCH = 500
"""Rows for each statement: below SQLite's limit of 32,766 parameters."""


class ImportOutcome(enum.StrEnum):
    """What became of an accepted order on the platform."""

    IMPORTED = "imported"
    ALREADY_THERE = "already_there"
    REFUSED = "refused"


@dataclass(frozen=True)
class ImportResult:
    """The outcome for one order, and when the platform got it."""

    outcome: ImportOutcome
    reason: str
    imported_at: datetime | None


class Platform:
    """NPF's platform behind an SQLAlchemy engine."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @functools.cached_property
    def _absent(self) -> set[sa.Column[Any]]:
        """The optional columns that this platform doesn't have."""
        with self._engine.connect() as connection:
            return set(absent_additions(connection, metadata))

    def _columns(self, table: sa.Table) -> list[sa.ColumnElement[Any]]:
        """All columns of a table for a query; NULL for each that this platform doesn't have."""
        return [sa.null().label(column.name) if column in self._absent else column for column in table.columns]

    def _writable(self, table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row without the columns that this platform doesn't have."""
        return {name: value for name, value in row.items() if table.columns[name] not in self._absent}

    def import_orders(self, client: str, accepted: Sequence[PlatformOrder], now: datetime) -> dict[str, ImportResult]:
        """Bring the orders onto the platform, each once, however often this is called.

        An order and its lines come together or not at all. What the platform has already is left as it is.

        Args:
            client: the client's id.
            accepted: the orders.
            now: what becomes `imported_at`.

        Returns:
            A result for each order, by order number.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        results: dict[str, ImportResult] = {}
        for batch in batches(accepted, _BATCH):
            try:
                results |= self._import(client, batch, now)
            except sa.exc.StatementError as error:
                if not _is_about_an_order(error):
                    raise
                # One order that the database won't take never costs another.
                for order in batch:
                    results[order.order_number] = self._import_alone(client, order, now)
        return results

    def _import_alone(self, client: str, order: PlatformOrder, now: datetime) -> ImportResult:
        try:
            return self._import(client, [order], now)[order.order_number]
        except sa.exc.StatementError as error:
            if not _is_about_an_order(error):
                raise
            return ImportResult(ImportOutcome.REFUSED, f"the platform refused the order: {error.orig}", None)

    def _import(self, client: str, batch: Sequence[PlatformOrder], now: datetime) -> dict[str, ImportResult]:
        with self._engine.begin() as connection:
            known = self._states(connection, client, [order.order_number for order in batch])
            new = [order for order in batch if order.order_number not in known]
            came = self._insert(connection, [self._order_row(client, order, now) for order in new]) if new else set()
            lines = [row for order in new if order.order_number in came for row in self._line_rows(client, order)]
            if lines:
                connection.execute(sa.insert(order_lines), lines)
            overtaken = [order.order_number for order in new if order.order_number not in came]
            known |= self._states(connection, client, overtaken)
        return {order.order_number: _import_result(order, known, now) for order in batch}

    def records(self, client: str, order_numbers: Iterable[str]) -> dict[str, PlatformRecord]:
        """What the platform has of these orders, by order number; those that it doesn't have are left out."""
        found: dict[str, PlatformRecord] = {}
        for batch in batches(sorted(set(order_numbers)), _BATCH):
            found |= self._records(orders.c.client == client, orders.c.order_number.in_(batch))
        return found

    def records_placed(self, client: str, start: datetime, end: datetime) -> dict[str, PlatformRecord]:
        """What the platform has of the client's orders placed from `start` until just before `end`."""
        return self._records(orders.c.client == client, orders.c.placed_at >= start, orders.c.placed_at < end)

    def open_records(self, client: str) -> dict[str, PlatformRecord]:
        """What the platform has of the client's orders that still take stock."""
        return self._records(orders.c.client == client, orders.c.status.in_(OPEN_STATUSES))

    def update_order(self, client: str, order: PlatformOrder, seen: PlatformRecord, now: datetime) -> bool:
        """Overwrite an order and its lines, if it still stands where it was seen.

        Returns:
            Whether it did; not when the warehouse has moved it on meanwhile.
        """
        row = self._order_row(client, order, now)
        for kept in ("client", "order_number", "status", "imported_at"):
            del row[kept]
        with self._engine.begin() as connection:
            if not self._change(connection, client, seen, row):
                return False
            here = (order_lines.c.client == client) & (order_lines.c.order_number == order.order_number)
            connection.execute(sa.delete(order_lines).where(here))
            connection.execute(sa.insert(order_lines), list(self._line_rows(client, order)))
        return True

    def cancel_order(self, client: str, seen: PlatformRecord, now: datetime) -> bool:
        """Cancel an order, if it still stands where it was seen; whether it did."""
        with self._engine.begin() as connection:
            return self._change(connection, client, seen, {"status": OrderStatus.CANCELLED, "updated_at": now})

    @staticmethod
    def _change(connection: sa.Connection, client: str, seen: PlatformRecord, values: dict[str, Any]) -> bool:
        where_it_was = (
            (orders.c.client == client)
            & (orders.c.order_number == seen.order.order_number)
            & (orders.c.status == seen.status)
            & (orders.c.updated_at == seen.updated_at)
        )
        return bool(connection.execute(sa.update(orders).where(where_it_was).values(values)).rowcount)

    def _records(self, *where: sa.ColumnElement[bool]) -> dict[str, PlatformRecord]:
        query = (
            sa.select(
                *self._columns(orders),
                *(column for column in self._columns(order_lines) if column.name not in orders.columns),
            )
            .join_from(
                orders,
                order_lines,
                (orders.c.client == order_lines.c.client) & (orders.c.order_number == order_lines.c.order_number),
                isouter=True,
            )
            .where(*where)
            .order_by(orders.c.order_number, order_lines.c.line_id)
        )
        rows: defaultdict[str, list[sa.Row[Any]]] = defaultdict(list)
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                rows[row.order_number].append(row)
        return {number: _record(lines) for number, lines in rows.items()}

    def order_states(self, client: str, order_numbers: Iterable[str]) -> dict[str, OrderState]:
        """Where the client's orders stand, by order number; those that the platform doesn't have are left out."""
        with self._engine.connect() as connection:
            return self._states(connection, client, list(order_numbers))

    def lodged_between(self, client: str, start: datetime, end: datetime) -> list[LodgedShipment]:
        """The client's shipments lodged from `start` until just before `end`, oldest first."""
        return self._shipments(
            shipments.c.client == client, shipments.c.lodged_at >= start, shipments.c.lodged_at < end
        )

    def shipments_of(self, client: str, order_numbers: Iterable[str]) -> dict[str, list[LodgedShipment]]:
        """All lodged shipments of the orders, whatever the day, by order number, oldest first."""
        found: defaultdict[str, list[LodgedShipment]] = defaultdict(list)
        for batch in batches(sorted(set(order_numbers)), _BATCH):
            for shipment in self._shipments(shipments.c.client == client, shipments.c.order_number.in_(batch)):
                found[shipment.order_number].append(shipment)
        return dict(found)

    def skus(self, client: str) -> list[str]:
        """The SKUs of which the warehouse counts the client's stock."""
        with self._engine.connect() as connection:
            skus = connection.scalars(sa.select(stock.c.sku).where(stock.c.client == client))
            return list(dict.fromkeys(map(as_stored, skus)))

    def count_stock(self, client: str, order_numbers: Iterable[str]) -> tuple[list[StockFigure], set[str]]:
        """The count of each of the client's SKUs, and which of these orders it has in it: both of one moment.

        An order that is imported meanwhile is so either in the figures and known, or neither.

        Args:
            client: the client's id.
            order_numbers: orders of the store.

        Returns:
            The figures by SKU, and those of the numbers that the platform has.
        """
        with self._one_moment() as connection:
            known = self._states(connection, client, list(order_numbers))
            return self._stock(connection, client), set(known)

    @contextlib.contextmanager
    def _one_moment(self) -> Iterator[sa.Connection]:
        """A connection all of whose queries see the platform as it was at the first."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                connection.exec_driver_sql("BEGIN")  # Without it each query would see a moment of its own.
            yield connection

    @staticmethod
    def _stock(connection: sa.Connection, client: str) -> list[StockFigure]:
        open_quantity = order_lines.c.quantity - order_lines.c.quantity_shipped
        on_back_order = orders.c.status == OrderStatus.BACK_ORDER
        taken = (
            sa.select(
                order_lines.c.sku,
                sa.func.sum(sa.case((on_back_order, 0), else_=open_quantity)),
                sa.func.sum(sa.case((on_back_order, open_quantity), else_=0)),
            )
            .join_from(
                order_lines,
                orders,
                (orders.c.client == order_lines.c.client) & (orders.c.order_number == order_lines.c.order_number),
            )
            .where(
                orders.c.client == client,
                orders.c.status.in_(OPEN_STATUSES),
                orders.c.is_test.is_(False),
            )
            .group_by(order_lines.c.sku)
        )
        in_process: Counter[str] = Counter()
        back_orders: Counter[str] = Counter()
        for sku, processed, back_ordered in connection.execute(taken):
            in_process[as_stored(sku)] += int(processed)
            back_orders[as_stored(sku)] += int(back_ordered)
        counted = connection.execute(
            sa.select(stock.c.sku, stock.c.on_hand).where(stock.c.client == client).order_by(stock.c.sku)
        ).all()
        spellings = Counter(as_stored(row.sku) for row in counted)
        return [
            # Of two rows for one SKU neither is the count: they keep their spellings, and the push names them.
            StockFigure(key if spellings[key] == 1 else row.sku, row.on_hand, in_process[key], back_orders[key])
            for row in counted
            for key in [as_stored(row.sku)]
        ]

    def _states(self, connection: sa.Connection, client: str, order_numbers: Sequence[str]) -> dict[str, OrderState]:
        states: dict[str, OrderState] = {}
        for batch in batches(order_numbers, _BATCH):
            query = sa.select(
                orders.c.order_number,
                orders.c.store_order_id,
                orders.c.status,
                orders.c.is_test,
                orders.c.imported_at,
            ).where(orders.c.client == client, orders.c.order_number.in_(batch))
            for number, store_order_id, status, test, imported_at in connection.execute(query):
                states[number] = OrderState(number, store_order_id, OrderStatus(status), test, imported_at)
        return states

    def _shipments(self, *where: sa.ColumnElement[bool]) -> list[LodgedShipment]:
        query = (
            sa.select(shipments, shipment_lines.c.sku, shipment_lines.c.quantity)
            .join_from(
                shipments,
                shipment_lines,
                shipments.c.shipment_id == shipment_lines.c.shipment_id,
                isouter=True,
            )
            .where(*where)
            .order_by(shipments.c.lodged_at, shipments.c.shipment_id, shipment_lines.c.sku)
        )
        rows: dict[str, sa.Row[Any]] = {}
        quantities: defaultdict[str, dict[str, int]] = defaultdict(dict)
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                rows[row.shipment_id] = row
                if row.sku is not None:
                    quantities[row.shipment_id][row.sku] = row.quantity
        return [
            normalised(
                LodgedShipment(
                    shipment_id=shipment_id,
                    order_number=row.order_number,
                    carrier=row.carrier,
                    tracking_number=row.tracking_number,
                    tracking_url=row.tracking_url,
                    lodged_at=row.lodged_at,
                    quantities=quantities[shipment_id],
                )
            )
            for shipment_id, row in rows.items()
        ]

    def _order_row(self, client: str, order: PlatformOrder, now: datetime) -> dict[str, Any]:
        row = asdict(order)
        del row["lines"]
        row |= {"client": client, "status": OrderStatus.IMPORTED, "imported_at": now, "updated_at": now}
        return self._writable(orders, row)

    def _line_rows(self, client: str, order: PlatformOrder) -> Iterator[dict[str, Any]]:
        for line in order.lines:
            row = asdict(line) | {"client": client, "order_number": order.order_number, "quantity_shipped": 0}
            yield self._writable(order_lines, row)

    @staticmethod
    def _insert(connection: sa.Connection, rows: list[dict[str, Any]]) -> set[str]:
        """Insert orders; the numbers of those that came, for another run may have brought the others since."""
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(orders).on_conflict_do_nothing().returning(orders.c.order_number)
        return set(connection.scalars(insert, rows))


def _is_about_an_order(error: sa.exc.StatementError) -> bool:
    """Whether a value of an order is the trouble, and not the database itself."""
    is_refusal = isinstance(error, sa.exc.DataError | sa.exc.IntegrityError)
    return is_refusal or not isinstance(error, sa.exc.DBAPIError)


def _import_result(order: PlatformOrder, known: Mapping[str, OrderState], now: datetime) -> ImportResult:
    state = known.get(order.order_number)
    if state is None:
        return ImportResult(ImportOutcome.IMPORTED, "new on the platform", now)
    if state.store_order_id != order.store_order_id:
        reason = (
            f"the number {order.order_number} belongs to the store's order {state.store_order_id} already: "
            "give the master setup another order prefix"
        )
        return ImportResult(ImportOutcome.REFUSED, reason, None)
    return ImportResult(ImportOutcome.ALREADY_THERE, f"on the platform as {state.status}", state.imported_at)


def _record(rows: Sequence[sa.Row[Any]]) -> PlatformRecord:
    lines = [row for row in rows if row.line_id is not None]
    open_units: Counter[str] = Counter()
    for row in lines:
        open_units[as_stored(row.sku)] += row.quantity - row.quantity_shipped
    fields = {name: getattr(rows[0], name) for name in PlatformOrder.__dataclass_fields__ if name != "lines"}
    return PlatformRecord(
        order=PlatformOrder(
            **fields,
            lines=tuple(
                PlatformLine(row.line_id, as_stored(row.sku), row.description, row.quantity, row.unit_price)
                for row in lines
            ),
        ),
        status=OrderStatus(rows[0].status),
        units_shipped=sum(row.quantity_shipped for row in lines),
        imported_at=rows[0].imported_at,
        updated_at=rows[0].updated_at,
        open_units=open_units,
    )
