"""The alerts that people have got or will get, so that each opening and each resolution is sent once by any process.

Not here: which alerts open and resolve (rules/alerts.py), how they are sent (automation/alerts.py).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.domain.alert import Alert
from npf_pipelines.state.tables import alerts


def read_alerts(engine: sa.Engine) -> Mapping[str, Alert]:
    """All alerts by key, resolved alerts included.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.connect() as connection:
        rows = connection.execute(sa.select(alerts).order_by(alerts.c.since, alerts.c.key)).mappings().all()
    return {row["key"]: Alert(**row) for row in rows}


def keep_alerts(engine: sa.Engine, changed: Iterable[Alert], gone: Collection[str] = ()) -> None:
    """Write the changed alerts, and delete the alerts that resolved before they were due.

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
    """Delete the alerts whose resolution was sent before a moment.

    Returns:
        The number of deleted alerts.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    with engine.begin() as connection:
        return connection.execute(sa.delete(alerts).where(alerts.c.over_told_at < over_before)).rowcount
