"""Leases that expire at once, for tests that don't wait for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import sqlalchemy as sa

from npf_pipelines.state import database_clock as clock
from npf_pipelines.state import lease
from npf_pipelines.state.tables import leases, unknown_ends


def expire_leases(engine: sa.Engine) -> None:
    """Expire every lease, as if its holder had died, and every write with an unknown end."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with engine.begin() as connection:
        connection.execute(sa.update(leases).values(expires_at=past, boot_until=-1.0))
        connection.execute(sa.update(unknown_ends).values(until=past, boot_until=-1.0))


@contextmanager
def leases_by_wall_clock() -> Iterator[None]:
    """Where the wall clock is a simulated one, leases and unknown ends of SQLite follow it. No run waits for one."""
    with patch.object(clock, "since_boot", time.time), patch.object(lease, "since_boot", time.time), no_patience():
        yield


@contextmanager
def no_patience() -> Iterator[None]:
    """Runs and nightly jobs fail at once for a lease that another holder has."""
    with patch.object(lease, "PATIENCE", timedelta()):
        yield
