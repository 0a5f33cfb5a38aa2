"""A mark of the platform's tables for each client: cheap to ask for, and different after any change.

The latest time alone is no mark: one row dated ahead would hide all later changes, and a row that is entered late, or
dated back, would not move it. So the sum of all times belongs to it.
Not here: who is told (automation/platform_sensors.py).
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.platform.tables import orders, shipments, stock


def lodgements(engine: sa.Engine) -> Mapping[str, str]:
    """By client: how many shipments are lodged, and their times."""
    return _marks(engine, shipments.c.client, shipments.c.lodged_at)


def stock_movements(engine: sa.Engine) -> Mapping[str, str]:
    """By client: how many SKUs and orders there are, and the times of their last changes.

    Orders belong to it, for what they take is not available.
    """
    counted = _marks(engine, stock.c.client, stock.c.updated_at)
    ordered = _marks(engine, orders.c.client, orders.c.updated_at)
    return {
        client: f"stock {counted.get(client, 'none')}, orders {ordered.get(client, 'none')}"
        for client in counted.keys() | ordered.keys()
    }


def _marks(engine: sa.Engine, client: sa.Column[str], moment: sa.Column[datetime]) -> dict[str, str]:
    seconds = sa.func.sum(sa.extract("epoch", moment))
    # On SQLite the sum is of whole seconds; the latest time has the parts of a second.
    query = sa.select(client, sa.func.count(), sa.func.max(moment), seconds).group_by(client)
    with engine.connect() as connection:
        return {
            name: f"{count} until {_shown(last)}, {total} in all"
            for name, count, last, total in connection.execute(query)
        }


def _shown(last: datetime | None) -> str:
    return last.isoformat() if last else "a time that can't be read"
