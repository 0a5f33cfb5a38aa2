"""What is remembered of the alerts, so that each begin and each end is told once, whichever process looks.

Not here: what begins and ends (rules/alerts.py).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.domain.alert import Alert
from npf_pipelines.platform.tables import alerts


def read_alerts(engine: sa.Engine) -> Mapping[str, Alert]:
    """All of them by key, those that are over included.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        rows = connection.execute(sa.select(alerts).order_by(alerts.c.since, alerts.c.key)).mappings().all()
    return {row["key"]: Alert(**row) for row in rows}


def keep_alerts(engine: sa.Engine, changed: Iterable[Alert], gone: Collection[str] = ()) -> None:
    """Write these, and forget those that came and went before anybody was to be told.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    rows = [asdict(alert) for alert in changed]
    old = [{"old": key} for key in [*(row["key"] for row in rows), *gone]]
    with engine.begin() as connection:
        if old:
            connection.execute(sa.delete(alerts).where(alerts.c.key == sa.bindparam("old")), old)
        if rows:
            connection.execute(sa.insert(alerts), rows)


def forget_alerts(engine: sa.Engine, over_before: datetime) -> int:
    """Forget those whose end was told before then.

    Returns:
        How many there were.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        return connection.execute(sa.delete(alerts).where(alerts.c.over_told_at < over_before)).rowcount
