"""The clock by which leases and unknown ends are written and judged: one for every process that uses the database.

PostgreSQL has a clock of its own. SQLite has none, but all its users share one machine: there the deadline is kept in
seconds since the machine was started, which go on during a suspend and ignore a clock that is set, and beside them by
the wall clock, which decides after a restart.
Not here: how long anything lasts (lease.py, unknown_ends.py).
"""

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from npf_pipelines.platform.additions import addition

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Another text after each start of the machine, the same in all its containers (documented: random(4))."""


def boot_columns() -> tuple[sa.Column[Any], sa.Column[Any]]:
    """The two columns that a table of deadlines has beside its time; used in SQLite only."""
    return addition("boot", sa.Text), addition("boot_until", sa.Float)


def since_boot() -> float:
    """Seconds of a clock that nobody sets; on Linux it goes on while the machine is suspended."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


@cache
def boot_id() -> str:
    """By which one start of this machine differs from the next; empty where the machine doesn't say (not Linux)."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def deadline(engine: sa.Engine, column: sa.Column[Any], lifetime: timedelta) -> dict[str, Any]:
    """The values of a deadline: so long from now by the database's clock.

    Args:
        engine: the database's.
        column: the deadline's time; its table has `boot_columns` beside it.
        lifetime: how long from now.
    """
    if engine.dialect.name == "postgresql":
        return {column.name: _server_now() + lifetime}
    until = {column.name: datetime.now(UTC) + lifetime}
    # Without a boot id, seconds since the start would be compared over a restart.
    return until | {"boot": boot_id() or None, "boot_until": since_boot() + lifetime.total_seconds()}


def is_over(engine: sa.Engine, column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """Whether a deadline has passed by the database's clock. Arguments as for `deadline`."""
    if engine.dialect.name == "postgresql":
        return column < _server_now()
    boot, boot_until = column.table.c.boot, column.table.c.boot_until
    return sa.case((boot == boot_id(), boot_until < since_boot()), else_=column < datetime.now(UTC))


def shared_seconds(engine: sa.Engine) -> float:
    """Seconds by the database's clock, for differences. In SQLite they begin again when the machine is started.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            return float(connection.scalar(sa.select(sa.extract("epoch", _server_now()))) or 0)
    return since_boot()


def _server_now() -> sa.ColumnElement[datetime]:
    """The moment itself: now() would be that at which the transaction began, before it waited for a lock."""
    return sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))
