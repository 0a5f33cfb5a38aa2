"""By how much the platform's tables have grown for each client: cheap to ask for, and different after any change.

Not here: who is told (automation/platform_news.py).
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.platform.tables import orders, shipments, stock


def lodgements(engine: sa.Engine) -> Mapping[str, str]:
    """By client: how many shipments were lodged, and when the last one was."""
    return _marks(engine, shipments.c.client, shipments.c.lodged_at)


def stock_movements(engine: sa.Engine) -> Mapping[str, str]:
    """By client: how many SKUs and orders there are, and when the last of each was changed.

    Orders belong to it, for what they take is not available.
    """
    counted = _marks(engine, stock.c.client, stock.c.updated_at)
    ordered = _marks(engine, orders.c.client, orders.c.updated_at)
    return {
        client: f"stock {counted.get(client, 'none')}, orders {ordered.get(client, 'none')}"
        for client in counted.keys() | ordered.keys()
    }


def _marks(engine: sa.Engine, client: sa.Column[str], moment: sa.Column[datetime]) -> dict[str, str]:
    query = sa.select(client, sa.func.count(), sa.func.max(moment)).group_by(client)
    with engine.connect() as connection:
        return {name: f"{count} until {_shown(last)}" for name, count, last in connection.execute(query)}


def _shown(last: datetime | None) -> str:
    return last.isoformat() if last else "a time that can't be read"
