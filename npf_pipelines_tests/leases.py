"""What time does to leases by itself, for tests that don't wait for it."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.platform.tables import leases


def expire_leases(engine: sa.Engine) -> None:
    """Let every lease run out: its holder died, or left it behind after a write whose end is not known."""
    with engine.begin() as connection:
        connection.execute(sa.update(leases).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
