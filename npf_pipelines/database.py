"""Shared by the platform's database and the state's database: engines, the types of columns, copies of whole tables.

Below the rooms `platform/` and `state/`, which may not import each other. Not here: any table (platform/tables.py,
state/tables.py), nor what is created or migrated in a database (platform/database.py, state/database.py).
"""

import sqlite3
import weakref
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import stamina
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

from npf_pipelines.errors import NpfError


class DatabaseUnusable(NpfError, sa.exc.SQLAlchemyError):
    """A database can't be used as it is configured; the text names the database and the setting, and says why."""


class CannotCopy(NpfError):
    """The rows of a database are not copied; the text says why and what to do."""


class _AsWritten(sqlite.DATETIME):
    """SQLite's text of a time, unread: SQLAlchemy's own parsing raises an error where the text is no time."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        """None: the value isn't processed."""


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone, which SQLite would return without one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """SQLite's text is parsed by this class."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(self.impl_instance)
        return dialect.type_descriptor(_AsWritten())  # type: ignore[no-untyped-call]

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a time without a zone, and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """The time in UTC; a value without a zone is UTC by the contract. None for a value that is no time."""
        if isinstance(value, str):
            value = _parse_time(value)
        if not isinstance(value, datetime):
            return None
        try:
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        except OverflowError:  # Within hours of the first or last time that Python can express.
            return None


def _parse_time(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def text_column(name: str, **more: Any) -> sa.Column[str]:
    """A column of text that is never NULL."""
    return sa.Column(name, sa.Text, nullable=False, **more)


def integer_column(name: str) -> sa.Column[int]:
    """A column of whole numbers that is never NULL."""
    return sa.Column(name, sa.Integer, nullable=False)


def number_column(name: str) -> sa.Column[float]:
    """A column of numbers that is never NULL."""
    return sa.Column(name, sa.Double, nullable=False)


def time_column(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    """A column of times in UTC."""
    return sa.Column(name, UtcDateTime, nullable=nullable)


def error_summary(error: Exception) -> str:
    """A database error in one line, without the statement and the row, which may hold a shopper's data."""
    summary = str(getattr(error, "orig", None) or error).strip()
    return summary.partition("\n")[0].strip() or type(error).__name__


_USUAL_URLS = "write sqlite:////srv/npf/name.sqlite or postgresql+psycopg://account@host/database"


def parse_url(url: str, setting: str) -> sa.URL:
    """The URL of a database, checked.

    Args:
        url: an SQLAlchemy URL, `sqlite:////srv/npf/state.sqlite` or `postgresql+psycopg://…`.
        setting: the environment variable that it comes from, for the message.

    Raises:
        DatabaseUnusable: it is no URL, or that of a database which is neither SQLite nor PostgreSQL.
    """
    # The text isn't quoted: it may hold a password.
    try:
        target = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # ValueError: a port that is no number
        raise DatabaseUnusable(f"{setting} is no URL of a database: {_USUAL_URLS}") from None
    if target.get_backend_name() not in {"sqlite", "postgresql"}:
        raise DatabaseUnusable(f"{setting} names a database that is neither SQLite nor PostgreSQL: {_USUAL_URLS}")
    if target.get_backend_name() == "sqlite" and target.host:
        raise DatabaseUnusable(f"{setting} names a server, and SQLite has none: {_USUAL_URLS}")
    if target.get_backend_name() == "postgresql" and "/" in (target.database or ""):
        raise DatabaseUnusable(f"{setting} has a slash in the database's name: {_USUAL_URLS}")
    return target


def unusable(target: sa.URL, what: str, setting: str, error: Exception) -> DatabaseUnusable:
    """The failure of a database that could not be opened.

    Args:
        target: its URL, whose user and password stay out of the text.
        what: what the database is, "the platform's database".
        setting: the environment variable that names it.
        error: what the driver raised.
    """
    named = " ".join(part for part in (target.get_backend_name(), target.host, target.database) if part)
    return DatabaseUnusable(f"{what} ({named}) can't be used: {error_summary(error)}; see {setting}")


_NOTICES_A_LOST_SERVER = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Of libpq. By the system's own limits a call over a network that loses packets waits for minutes, and a lease that is
renewed in it would run out although the run lives."""


def connect_engine(target: sa.URL) -> sa.Engine:
    """An engine whose errors quote no row, and whose SQLite files serve several processes at once."""
    is_sqlite = target.get_backend_name() == "sqlite"
    if is_sqlite and target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    defaults: dict[str, Any] = {"factory": _ClosesItsCursors} if is_sqlite else _NOTICES_A_LOST_SERVER
    connect_args = {name: value for name, value in defaults.items() if name not in target.query}
    engine = sa.create_engine(target, hide_parameters=True, connect_args=connect_args)
    sa.event.listen(engine, "handle_error", _hide_the_row)
    if is_sqlite:
        sa.event.listen(engine, "connect", _share_between_processes)
    return engine


def lock_schema(connection: sa.Connection) -> None:
    """Let one process at a time change the database's tables, until the end of the connection's transaction.

    Without it, two processes that both miss a table would both create it.
    """
    connection.exec_driver_sql(_SCHEMA_LOCKS[connection.dialect.name])


_ROWS_AT_ONCE = 1000


def tables_with_rows(connection: sa.Connection, tables: Iterable[sa.Table]) -> list[sa.Table]:
    """The tables that have a row, of the given ones.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached, or lacks a table.
    """
    return [table for table in tables if connection.execute(sa.select(*table.primary_key).limit(1)).first()]


def copy_rows(source: sa.Connection, target: sa.Connection, tables: Iterable[sa.Table]) -> dict[str, int]:
    """Copy all rows of tables into another database, of either kind; how many, by table.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a database can't be reached, or refuses a row.
    """
    copied = {}
    for table in tables:
        copied[table.name] = 0
        for rows in source.execute(sa.select(table)).mappings().partitions(_ROWS_AT_ONCE):
            target.execute(sa.insert(table), [dict(row) for row in rows])
            copied[table.name] += len(rows)
    return copied


_SCHEMA_LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7067)"}
"""The lock of each kind of database. The number is arbitrary; nothing else in the database uses it."""


def _hide_the_row(context: sa.engine.ExceptionContext) -> None:
    """PostgreSQL quotes the whole row that it refuses, below the first line of its message."""
    if not isinstance(context.sqlalchemy_exception, sa.exc.OperationalError):
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error and error.args:
                error.args = (str(error.args[0]).partition("\n")[0],)


class _ClosesItsCursors(sqlite3.Connection):
    """A connection whose rollback closes the cursors that are still being read.

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


def _share_between_processes(connection: Any, _record: object) -> None:
    """Readers beside one writer, and a writer that waits its turn."""
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA synchronous=NORMAL")
    # The switch to WAL doesn't wait by itself for another process that is switching at the same time.
    for attempt in stamina.retry_context(on=sqlite3.OperationalError, attempts=50, wait_initial=0.01, wait_max=0.2):
        with attempt:
            connection.execute("PRAGMA journal_mode=WAL")
