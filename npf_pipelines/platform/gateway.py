"""The door to the platform: imports orders, reads lodged shipments and stock.

Not here: the tables (tables.py), nor any decision on what is imported (rules/).
"""

import contextlib
import enum
import functools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.keys import as_stored
from npf_pipelines.domain.platform_orders import (
    CANCELLED_BY_STORE,
    OPEN_STATUSES,
    LodgedShipment,
    Lodgement,
    OrderState,
    OrderStatus,
    PlatformLine,
    PlatformOrder,
    PlatformRecord,
    StockFigure,
    normalised,
)
from npf_pipelines.platform.additions import absent_additions
from npf_pipelines.platform.tables import metadata, order_lines, orders, shipment_lines, shipments, stock
from npf_pipelines.platform.unknown_skus import UnknownSku, skus_not_counted, unknown_skus
from npf_pipelines.platform.values import WrongValue, moment, quantity, text, whole

_BATCH = 500
"""Rows for each statement: below SQLite's limit of 32,766 parameters."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""In the place of a moment that can't be read; what has it says so."""

_OF_ITS_ORDER = (orders.c.client == order_lines.c.client) & (orders.c.order_number == order_lines.c.order_number)
"""Which lines are an order's."""


class ImportOutcome(enum.StrEnum):
    """What became of an accepted order on the platform."""

    IMPORTED = "imported"
    ALREADY_THERE = "already_there"
    REFUSED = "refused"


@dataclass(frozen=True)
class ImportResult:
    """The outcome for one order, the number under which the platform has it, and when the platform got it."""

    outcome: ImportOutcome
    reason: str
    order_number: str
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

        An order and its lines come together or not at all. An order is its client and its store order id: one that
        the platform has under any number is left as it is.

        Args:
            client: the client's id.
            accepted: the orders.
            now: what becomes `imported_at`.

        Returns:
            A result for each order, by the number that it was to get.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        results: dict[str, ImportResult] = {}
        for batch in chunked(accepted, _BATCH):
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
            reason = f"the platform refused the order: {error.orig}"
            return ImportResult(ImportOutcome.REFUSED, reason, order.order_number, None)

    def _import(self, client: str, batch: Sequence[PlatformOrder], now: datetime) -> dict[str, ImportResult]:
        with self._engine.begin() as connection:
            known = self._states(connection, client, orders.c.order_number, [order.order_number for order in batch])
            by_id = _by_store_order(
                self._states(connection, client, orders.c.store_order_id, [order.store_order_id for order in batch])
            )
            new = [one for one in batch if one.order_number not in known and one.store_order_id not in by_id]
            came = self._insert(connection, [self._order_row(client, order, now) for order in new]) if new else set()
            lines = [row for order in new if order.order_number in came for row in self._line_rows(client, order)]
            if lines:
                connection.execute(sa.insert(order_lines), lines)
            overtaken = [order.order_number for order in new if order.order_number not in came]
            known |= self._states(connection, client, orders.c.order_number, overtaken)
        return {order.order_number: _import_result(order, known, by_id, now) for order in batch}

    def records(self, client: str, store_order_ids: Iterable[str]) -> dict[str, PlatformRecord]:
        """What the platform has of these orders of the store, by order number, whatever number that is."""
        found: dict[str, PlatformRecord] = {}
        for batch in chunked(sorted(set(store_order_ids)), _BATCH):
            found |= self._records(orders.c.client == client, orders.c.store_order_id.in_(batch))
        return found

    def records_placed(self, client: str, start: datetime, end: datetime) -> dict[str, PlatformRecord]:
        """What the platform has of the client's orders placed from `start` until just before `end`."""
        return self._records(orders.c.client == client, orders.c.placed_at >= start, orders.c.placed_at < end)

    def open_records(self, client: str) -> dict[str, PlatformRecord]:
        """What the platform has of the client's orders that still take stock."""
        return self._records(orders.c.client == client, orders.c.status.in_(OPEN_STATUSES))

    def open_orders(self, client: str) -> dict[str, datetime]:
        """When the client's orders were placed that still take stock, by the store's order id.

        An order without a moment that can be read is left out: no day can be asked for it.
        """
        query = sa.select(orders.c.store_order_id, orders.c.placed_at).where(
            orders.c.client == client, orders.c.status.in_(OPEN_STATUSES)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query)
            return {row.store_order_id: row.placed_at for row in rows if row.placed_at}

    def short_orders(self, client: str, start: datetime, end: datetime) -> dict[str, datetime]:
        """When the client's orders were placed that were shipped with fewer units than imported, by the store's id.

        An order without a moment that can be read is left out.

        Args:
            client: the client's id.
            start: only orders that were changed last from this moment on, inclusive.
            end: and before this one.
        """
        query = (
            sa.select(orders.c.store_order_id, orders.c.placed_at)
            .join_from(
                orders,
                order_lines,
                _OF_ITS_ORDER,
            )
            .where(
                orders.c.client == client,
                orders.c.status == OrderStatus.SHIPPED,
                orders.c.updated_at >= start,
                orders.c.updated_at < end,
                order_lines.c.quantity_shipped < order_lines.c.quantity,
            )
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query)
            return {row.store_order_id: row.placed_at for row in rows if row.placed_at}

    def update_order(self, client: str, order: PlatformOrder, seen: PlatformRecord, now: datetime) -> bool:
        """Overwrite an order and its lines if it is unchanged since it was read; it keeps its number.

        Returns:
            Whether it did; not when the warehouse has moved it on meanwhile.
        """
        return self._overwrite(client, order, seen, now, {})

    def _overwrite(
        self, client: str, order: PlatformOrder, seen: PlatformRecord, now: datetime, more: Mapping[str, Any]
    ) -> bool:
        order = replace(order, order_number=seen.order.order_number)
        row = self._order_row(client, order, now)
        for kept in ("client", "order_number", "status", "imported_at"):
            del row[kept]
        row |= self._writable(orders, more)
        with self._engine.begin() as connection:
            if not self._change(connection, client, seen, row):
                return False
            here = (order_lines.c.client == client) & (order_lines.c.order_number == order.order_number)
            connection.execute(sa.delete(order_lines).where(here))
            connection.execute(sa.insert(order_lines), list(self._line_rows(client, order)))
        return True

    def cancel_order(self, client: str, seen: PlatformRecord, now: datetime) -> bool:
        """Cancel an order if it is unchanged since it was read; returns whether it was."""
        with self._engine.begin() as connection:
            row = {"status": OrderStatus.CANCELLED, "cancelled_by": CANCELLED_BY_STORE, "updated_at": now}
            return self._change(connection, client, seen, self._writable(orders, row))

    def resume_order(self, client: str, order: PlatformOrder, seen: PlatformRecord, now: datetime) -> bool:
        """Import a cancelled order again if it is unchanged since it was read; returns whether it was."""
        return self._overwrite(client, order, seen, now, {"status": OrderStatus.IMPORTED, "cancelled_by": ""})

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
                _OF_ITS_ORDER,
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
            return self._states(connection, client, orders.c.order_number, list(order_numbers))

    def states_of(self, client: str, store_order_ids: Iterable[str]) -> dict[str, list[OrderState]]:
        """Where the client's orders stand, by store order id; those that the platform doesn't have are left out."""
        with self._engine.connect() as connection:
            return _by_store_order(self._states(connection, client, orders.c.store_order_id, list(store_order_ids)))

    def count_open(self, client: str) -> int:
        """How many of the client's orders still take stock."""
        query = sa.select(sa.func.count()).where(orders.c.client == client, orders.c.status.in_(OPEN_STATUSES))
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def lodged_between(self, client: str, start: datetime, end: datetime) -> list[LodgedShipment]:
        """The client's shipments lodged from `start` until just before `end`, oldest first."""
        return self._shipments(
            shipments.c.client == client, shipments.c.lodged_at >= start, shipments.c.lodged_at < end
        )

    def lodgements(self, client: str, start: datetime, end: datetime | None = None) -> dict[str, Lodgement]:
        """The client's lodgements from `start` until just before `end`, if there is one, by the shipment's id.

        A lodgement without a moment that can be read is left out.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
        """
        columns = shipments.c
        query = sa.select(columns.shipment_id, columns.order_number, columns.lodged_at).where(
            columns.client == client, columns.lodged_at >= start
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query if end is None else query.where(columns.lodged_at < end))
            return {row.shipment_id: Lodgement(row.order_number, row.lodged_at) for row in rows if row.lodged_at}

    def shipments_of(self, client: str, order_numbers: Iterable[str]) -> dict[str, list[LodgedShipment]]:
        """All lodged shipments of the orders, whatever the day, by order number, oldest first."""
        found: defaultdict[str, list[LodgedShipment]] = defaultdict(list)
        for batch in chunked(sorted(set(order_numbers)), _BATCH):
            for shipment in self._shipments(shipments.c.client == client, shipments.c.order_number.in_(batch)):
                found[shipment.order_number].append(shipment)
        return dict(found)

    def skus(self, client: str) -> list[str]:
        """The SKUs of which the warehouse counts the client's stock."""
        with self._engine.connect() as connection:
            skus = connection.scalars(sa.select(stock.c.sku).where(stock.c.client == client))
            return list(dict.fromkeys(map(as_stored, skus)))

    def skus_not_counted(self, client: str, skus: Collection[str]) -> set[str]:
        """Those of these SKUs of which the warehouse has no stock row."""
        return skus_not_counted(self._engine, client, skus)

    def unknown_skus(self) -> list[UnknownSku]:
        """The SKUs on all clients' open orders of which the warehouse has no stock row, by client and SKU."""
        return unknown_skus(self._engine)

    def count_stock(
        self, client: str, store_order_ids: Iterable[str]
    ) -> tuple[list[StockFigure], dict[str, list[OrderState]]]:
        """The count of each of the client's SKUs, and which of these orders it has in it: both of one moment.

        An order that is imported meanwhile is so either in the figures and known, or neither.

        Args:
            client: the client's id.
            store_order_ids: orders of the store.

        Returns:
            The figures by SKU, and what the platform has of the orders and has not cancelled, by store order id.
        """
        with self._one_moment() as connection:
            states = self._states(connection, client, orders.c.store_order_id, list(store_order_ids))
            known = {number: state for number, state in states.items() if state.status is not OrderStatus.CANCELLED}
            return self._stock(connection, client), _by_store_order(known)

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
                _OF_ITS_ORDER,
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
        wrong: dict[str, str] = {}
        for sku, processed, back_ordered in connection.execute(taken):
            key = as_stored(text(sku))
            try:
                in_process[key] += whole(processed, "in process")
                back_orders[key] += whole(back_ordered, "on back order")
            except WrongValue as why:
                wrong[key] = str(why)
        counted = [
            (as_stored(text(sku)), text(sku), on_hand)
            for sku, on_hand in connection.execute(
                sa.select(stock.c.sku, stock.c.on_hand).where(stock.c.client == client).order_by(stock.c.sku)
            )
        ]
        spellings = Counter(key for key, _, _ in counted)
        return [
            # Of two rows for one SKU neither is the count: they keep their spellings, and the push names them.
            _figure(key if spellings[key] == 1 else sku, on_hand, in_process[key], back_orders[key], wrong.get(key, ""))
            for key, sku, on_hand in counted
        ]

    @staticmethod
    def _states(
        connection: sa.Connection, client: str, column: sa.Column[str], values: Sequence[str]
    ) -> dict[str, OrderState]:
        """The orders that have one of the values in the column, by order number."""
        states: dict[str, OrderState] = {}
        for batch in chunked(values, _BATCH):
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
            ).where(orders.c.client == client, column.in_(batch))
            for number, store_order_id, status, *rest in connection.execute(query):
                states[number] = OrderState(number, store_order_id, OrderStatus(status), *rest)
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
        lines: defaultdict[str, list[sa.Row[Any]]] = defaultdict(list)
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                rows[row.shipment_id] = row
                if row.sku is not None:
                    lines[row.shipment_id].append(row)
        return [_shipment(row, lines[shipment_id]) for shipment_id, row in rows.items()]

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


def _by_store_order(states: Mapping[str, OrderState]) -> dict[str, list[OrderState]]:
    """The states by store order id, those imported first at the front."""
    found: defaultdict[str, list[OrderState]] = defaultdict(list)
    for state in sorted(states.values(), key=lambda state: (state.imported_at or _LONG_AGO, state.order_number)):
        found[state.store_order_id].append(state)
    return dict(found)


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


def _figure(sku: str, on_hand: object, in_process: int, back_orders: int, wrong: str) -> StockFigure:
    """A SKU's figure; one that isn't whole has the reason instead."""
    try:
        units = whole(on_hand, "on_hand")
    except WrongValue as why:
        units, wrong = 0, str(why)
    return StockFigure(sku, 0, 0, 0, wrong) if wrong else StockFigure(sku, units, in_process, back_orders)


def _shipment(row: sa.Row[Any], lines: Sequence[sa.Row[Any]]) -> LodgedShipment:
    wrong = list[str]()
    quantities = {text(line.sku): _units(line.quantity, f"quantity of {line.sku}", wrong) for line in lines}
    shipment = LodgedShipment(
        shipment_id=text(row.shipment_id),
        order_number=text(row.order_number),
        carrier=text(row.carrier),
        tracking_number=text(row.tracking_number),
        tracking_url=text(row.tracking_url),
        lodged_at=_moment(row.lodged_at, "lodged_at", wrong),
        quantities=quantities,
        unreadable="; ".join(wrong),
    )
    return normalised(shipment)


def _record(rows: Sequence[sa.Row[Any]]) -> PlatformRecord:
    row, wrong = rows[0], list[str]()
    lines, units_shipped = [], 0
    open_units: Counter[str] = Counter()
    for line in rows:
        if line.line_id is None:
            continue
        ordered = _units(line.quantity, f"quantity of {line.sku}", wrong)
        shipped = _units(line.quantity_shipped, f"quantity_shipped of {line.sku}", wrong)
        sku = as_stored(text(line.sku))
        open_units[sku] += ordered - shipped
        units_shipped += shipped
        options = None if line.options is None else text(line.options)
        lines.append(PlatformLine(text(line.line_id), sku, text(line.description), ordered, line.unit_price, options))
    status = OrderStatus(row.status)
    if not status.is_known:
        wrong.append(f"status: {str(status)[:40]!r} is no word of the contract")
    texts = {
        name: text(getattr(row, name))
        for name in PlatformOrder.__dataclass_fields__
        if name not in {"lines", "placed_at", "is_test"}
    }
    return PlatformRecord(
        order=PlatformOrder(
            **texts,
            placed_at=_moment(row.placed_at, "placed_at", wrong),
            is_test=bool(row.is_test),
            lines=tuple(lines),
        ),
        status=status,
        units_shipped=units_shipped,
        imported_at=_moment(row.imported_at, "imported_at", wrong),
        updated_at=_moment(row.updated_at, "updated_at", wrong),
        open_units=open_units,
        unreadable="; ".join(wrong),
        cancelled_by=text(row.cancelled_by),
    )


def _units(value: object, column: str, wrong: list[str]) -> int:
    try:
        return quantity(value, column)
    except WrongValue as why:
        wrong.append(str(why))
        return 0


def _moment(value: object, column: str, wrong: list[str]) -> datetime:
    try:
        return moment(value, column)
    except WrongValue as why:
        wrong.append(str(why))
        return _LONG_AGO
