"""The platform's tables, as its contract names them, and beside them others: leases, health, alerts and so on.

Here: columns, keys and the engine they live in. Not here: what is read and written (gateway.py and the files that are
called like ours).
Times are UTC, quantities whole numbers, and `client` is part of every key.
"""

import sqlite3
import weakref
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import stamina
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

from npf_pipelines.platform.additions import absent_additions, add_columns, addition
from npf_pipelines.state.database_clock import boot_columns


class _AsWritten(sqlite.DATETIME):
    """SQLite's text of a moment, as it is: SQLAlchemy's own reading raises an error for what is no moment."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        """None: the value isn't processed."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its zone: SQLite would hand it back without one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """SQLite's text is read here."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(self.impl_instance)
        return dialect.type_descriptor(_AsWritten())  # type: ignore[no-untyped-call]

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a moment without a zone, and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """Give every moment its zone back: times are UTC by the contract. None for what is no moment."""
        if isinstance(value, str):
            value = _read_time(value)
        if not isinstance(value, datetime):
            return None
        try:
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        except OverflowError:  # Within hours of the first or last moment that there is.
            return None


def _read_time(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


metadata = sa.MetaData()


def _text(name: str, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **more)


def _quantity(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=nullable)


orders = sa.Table(
    "orders",
    metadata,
    _text("client", primary_key=True),
    _text("order_number", primary_key=True),
    _text("store_order_id"),
    _time("placed_at"),
    _text("status"),
    sa.Column("is_test", sa.Boolean, nullable=False),
    _text("ship_to_name"),
    _text("company"),
    _text("address_1"),
    _text("address_2"),
    _text("city"),
    _text("state"),
    _text("postcode"),
    _text("country"),
    _text("country_code"),
    _text("phone"),
    _text("email"),
    _text("notes"),
    _text("shipping_method"),
    _time("imported_at"),
    _time("updated_at"),
    addition("cancelled_by", sa.Text),
    sa.Index("orders_by_status", "client", "status"),
    sa.Index("orders_by_change", "client", "updated_at"),
    sa.Index("orders_by_store_order", "client", "store_order_id"),
)

order_lines = sa.Table(
    "order_lines",
    metadata,
    _text("client", primary_key=True),
    _text("order_number", primary_key=True),
    _text("line_id", primary_key=True),
    _text("sku"),
    _text("description"),
    _quantity("quantity"),
    _quantity("quantity_shipped"),
    sa.Column("unit_price", sa.Numeric(14, 4), nullable=False),
    addition("options", sa.Text),
)

shipments = sa.Table(
    "shipments",
    metadata,
    _text("shipment_id", primary_key=True),
    _text("client"),
    _text("order_number"),
    _text("carrier"),
    _text("tracking_number"),
    _text("tracking_url"),
    _time("lodged_at"),
    sa.Index("shipments_by_lodgement", "client", "lodged_at"),
    sa.Index("shipments_by_order", "client", "order_number"),
)

shipment_lines = sa.Table(
    "shipment_lines",
    metadata,
    _text("shipment_id", primary_key=True),
    _text("sku", primary_key=True),
    _quantity("quantity"),
)

stock = sa.Table(
    "stock",
    metadata,
    _text("client", primary_key=True),
    _text("sku", primary_key=True),
    _quantity("on_hand"),
    _time("updated_at"),
    sa.Index("stock_by_change", "client", "updated_at"),
)

leases = sa.Table(
    "leases",
    metadata,
    _text("client", primary_key=True),
    _text("flow", primary_key=True),
    _text("holder"),
    _time("expires_at"),
    *boot_columns(),
)
"""Not of the contract: who may write to a client's store just now, one row for each client and flow."""

unknown_ends = sa.Table(
    "unknown_ends",
    metadata,
    _text("client", primary_key=True),
    _text("order_number", primary_key=True),
    _text("write"),
    _time("until"),
    *boot_columns(),
)
"""Not of the contract: the orders to which a store may still carry out a write, which one, and until when."""

health = sa.Table(
    "health",
    metadata,
    _text("client", primary_key=True),
    _text("flow", primary_key=True),
    _time("tried_at", nullable=True),
    _time("last_success_at", nullable=True),
    _time("failing_since", nullable=True),
    _quantity("failures"),
    sa.Column("is_permanent", sa.Boolean, nullable=False),
    _text("reason"),
    _time("next_try_at", nullable=True),
    _text("setup_print"),
)
"""Not of the contract: how each client's flow stands, one row for each client and flow."""


open_items = sa.Table(
    "open_rows",
    metadata,
    _text("client", primary_key=True),
    _text("kind", primary_key=True),
    # ISO; empty for what belongs to no day: a key may not be null.
    _text("day", primary_key=True),
    _text("flow"),
    _quantity("rows"),
    _text("first"),
)
"""Not of the contract: how much of each client's tables isn't done, by kind and day."""

uncounted = sa.Table(
    "uncounted",
    metadata,
    _text("client", primary_key=True),
    _text("flow", primary_key=True),
    _text("day", primary_key=True),
    _text("run", primary_key=True),
)
"""Not of the contract: what runs have written and not counted in open_rows yet."""

client_stores = sa.Table(
    "client_stores",
    metadata,
    _text("client", primary_key=True),
    _text("address", primary_key=True),
)
"""Not of the contract: which client has worked with which store, by the store's comparable address."""

alerts = sa.Table(
    "alerts",
    metadata,
    _text("key", primary_key=True),
    _text("client"),
    _text("kind"),
    _text("text"),
    _text("what_to_do"),
    _time("since"),
    _time("due_at"),
    _time("told_at", nullable=True),
    _time("over_at", nullable=True),
    _time("over_told_at", nullable=True),
)
"""Not of the contract: what people are told of, one row for each condition."""


class PlatformUnusable(sa.exc.SQLAlchemyError):
    """The platform's database can't be opened; the text names it and says why."""


def driver_words(error: Exception) -> str:
    """An error of a database in one line, without the statement and the row, which may hold a shopper's data."""
    words = str(getattr(error, "orig", None) or error).strip()
    return words.partition("\n")[0].strip() or type(error).__name__


def open_platform(url: str) -> sa.Engine:
    """The engine of the platform's database, its missing tables created; in SQLite also missing optional columns.

    Args:
        url: an SQLAlchemy URL, `sqlite:///data/platform.sqlite` or `postgresql+psycopg://…`.

    Raises:
        PlatformUnusable: the database can't be reached, or is none.
    """
    try:
        target = sa.make_url(url)
    except sa.exc.ArgumentError:
        # The text isn't quoted: it may hold a password.
        raise PlatformUnusable("NPF_PLATFORM_URL is no URL of a database, as sqlite:////srv/npf.sqlite is") from None
    try:
        return _open(target)
    except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
        named = " ".join(part for part in (target.get_backend_name(), target.host, target.database) if part)
        raise PlatformUnusable(
            f"the platform's database ({named}) can't be used: {driver_words(error)}; see NPF_PLATFORM_URL"
        ) from error


def _open(target: sa.URL) -> sa.Engine:
    if target.get_backend_name() == "sqlite" and target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    # An error of the database must not quote a shopper's data.
    is_sqlite = target.get_backend_name() == "sqlite"
    connect_args = {"factory": _ClosesItsCursors} if is_sqlite else {}
    engine = sa.create_engine(target, hide_parameters=True, connect_args=connect_args)
    sa.event.listen(engine, "handle_error", _leave_out_the_row)
    if is_sqlite:
        sa.event.listen(engine, "connect", _sqlite_for_several_processes)
    with engine.begin() as connection:
        # One process after the other: two that find a table missing would both create it.
        connection.exec_driver_sql(_ALONE[engine.dialect.name])
        metadata.create_all(connection)
        if is_sqlite:
            add_columns(connection, absent_additions(connection, metadata))
    return engine


_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7067)"}
"""What lets one transaction at a time go on; the number is any that nothing else uses."""


def _leave_out_the_row(context: sa.engine.ExceptionContext) -> None:
    """PostgreSQL tells the whole row that it refuses, below the first line of its sentence."""
    if not isinstance(context.sqlalchemy_exception, sa.exc.OperationalError):
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error and error.args:
                error.args = (str(error.args[0]).partition("\n")[0],)


class _ClosesItsCursors(sqlite3.Connection):
    """A connection whose rollback ends what is still being read.

    A query that an exception interrupted stays open as long as the exception is kept. Its connection, back in the pool,
    would read the database as it was then, and SQLite refuses every write of such a reader: "database is locked".
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        cursor = super().cursor(factory)
        self._cursors.add(cursor)
        return cursor

    def rollback(self) -> None:
        for cursor in self._cursors:
            cursor.close()
        super().rollback()


def _sqlite_for_several_processes(connection: Any, _record: object) -> None:
    """Readers beside one writer, and a writer that waits its turn."""
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA synchronous=NORMAL")
    # The switch to WAL doesn't wait by itself for another process that is just switching, too.
    for attempt in stamina.retry_context(on=sqlite3.OperationalError, attempts=50, wait_initial=0.01, wait_max=0.2):
        with attempt:
            connection.execute("PRAGMA journal_mode=WAL")
