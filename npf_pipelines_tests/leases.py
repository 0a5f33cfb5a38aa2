"""What time does to leases by itself, for tests that don't wait for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import sqlalchemy as sa

from npf_pipelines.platform.tables import leases, unknown_ends
from npf_pipelines.state import database_clock as clock
from npf_pipelines.state import lease


def expire_leases(engine: sa.Engine) -> None:
    """Let every lease run out, for its holder died, and no store act any more on a write whose end is not known."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with engine.begin() as connection:
        connection.execute(sa.update(leases).values(expires_at=past, boot_until=-1.0))
        connection.execute(sa.update(unknown_ends).values(until=past, boot_until=-1.0))


@contextmanager
def leases_by_wall_clock() -> Iterator[None]:
    """Where the wall clock is a simulated one, leases and unknown ends of SQLite follow it."""
    with patch.object(clock, "since_boot", time.time), patch.object(lease, "since_boot", time.time):
        yield
