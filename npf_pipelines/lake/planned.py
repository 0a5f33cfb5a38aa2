"""The planned rows of a client's tables: orders to import, by day, and other changes of platform and store.

Not here: which rows are planned (reconcile/), the reports' queries (facts.py).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from npf_pipelines.domain.outcomes import OrderOutcome, PushOutcome, StatusOutcome, StockOutcome
from npf_pipelines.lake.lake import Lake


class PlannedDay(NamedTuple):
    """The orders placed on a day that would be imported, and their units."""

    day: date
    orders: int
    units: int


@dataclass(frozen=True)
class Planned:
    """The planned rows of a client.

    Attributes:
        days: orders to import, by day.
        changes: orders of the platform to update, cancel or take up again.
        shipments: shipments to push.
        skus: SKUs whose amount would change.
        partitions: the days with any planned row, by flow.
    """

    days: Sequence[PlannedDay]
    changes: int
    shipments: int
    skus: int
    partitions: Mapping[str, Collection[date]]

    @property
    def orders(self) -> int:
        """The orders to import, of all days."""
        return sum(day.orders for day in self.days)


_DAYS = f"""
SELECT day, count(*)::INT,
  coalesce(sum(list_sum([line.quantity FOR line IN lines IF line.sku <> '' AND NOT line.is_download])), 0)::INT
FROM platform_orders LEFT JOIN raw_orders USING (client, day, order_id)
WHERE outcome = '{OrderOutcome.PLANNED}' AND imported_at IS NULL GROUP BY day ORDER BY day
"""  # noqa: S608 - made of constants
_COUNTS = f"""
SELECT (SELECT count(*) FROM platform_orders WHERE outcome = '{OrderOutcome.PLANNED}' AND imported_at IS NOT NULL),
  (SELECT count(*) FROM tracking_push WHERE outcome = '{PushOutcome.PLANNED}'),
  (SELECT count(*) FROM stock_push WHERE outcome = '{StockOutcome.PLANNED}')
"""  # noqa: S608 - made of constants
_PARTITIONS = f"""
SELECT 'orders', day FROM platform_orders WHERE outcome = '{OrderOutcome.PLANNED}'
UNION SELECT 'shipments', day FROM tracking_push
WHERE outcome = '{PushOutcome.PLANNED}' OR status_outcome = '{StatusOutcome.PLANNED}'
"""  # noqa: S608 - made of constants


def read_planned(lake: Lake, client: str) -> Planned:
    """Read what is planned of a client.

    Raises:
        BrokenFile: a file of a table can't be read.
    """
    connection = lake.connect(client)
    days = [PlannedDay(*row) for row in connection.execute(_DAYS).rows]
    (changes, shipments, skus) = connection.execute(_COUNTS).fetchone() or (0, 0, 0)
    partitions: defaultdict[str, set[date]] = defaultdict(set)
    for flow, day in connection.execute(_PARTITIONS).rows:
        partitions[flow].add(day)
    for path in connection.broken:  # A list that lacks a part would be taken for the whole.
        raise lake.broken_file(path)
    return Planned(days, changes, shipments, skus, partitions)
