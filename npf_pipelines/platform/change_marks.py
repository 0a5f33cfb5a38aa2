"""A mark of the platform's tables for each client: cheap to read, and different after any change.

The latest time alone is no mark: a row dated ahead would hide all later changes, and a row that is entered late, or
dated back, would not move it. The mark therefore includes the sum of all times.
Not here: which runs a change requests (automation/platform_changes.py).
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.platform.access import BATCH
from npf_pipelines.platform.tables import orders, shipments, stock


def lodgements(engine: sa.Engine, clients: Collection[str]) -> Mapping[str, str]:
    """By client: how many shipments are lodged, and their times."""
    return _marks(engine, clients, shipments.c.client, shipments.c.lodged_at)


def stock_movements(engine: sa.Engine, clients: Collection[str]) -> Mapping[str, str]:
    """By client: how many SKUs and orders there are, and the times of their last changes.

    Orders are included, for the units that they take are not available.
    """
    counted = _marks(engine, clients, stock.c.client, stock.c.updated_at)
    ordered = _marks(engine, clients, orders.c.client, orders.c.updated_at)
    return {
        client: f"stock {counted.get(client, 'none')}, orders {ordered.get(client, 'none')}"
        for client in counted.keys() | ordered.keys()
    }


def _marks(
    engine: sa.Engine, clients: Collection[str], client: sa.Column[str], moment: sa.Column[datetime]
) -> dict[str, str]:
    seconds = sa.func.sum(sa.extract("epoch", moment))
    # On SQLite the sum is of whole seconds; the latest time has fractions.
    query = sa.select(client, sa.func.count(), sa.func.max(moment), seconds).group_by(client)
    with engine.connect() as connection:
        return {
            name: f"{count} until {_shown(last)}, {total} in all"
            for batch in chunked(sorted(clients), BATCH)
            for name, count, last, total in connection.execute(query.where(client.in_(batch)))
        }


def _shown(last: datetime | None) -> str:
    return last.isoformat() if last else "a time that can't be read"
