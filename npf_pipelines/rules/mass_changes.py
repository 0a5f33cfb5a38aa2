"""How many old orders an automatic run may import, and how many open orders it may cancel.

A setting that was changed by mistake, a restored database or a new store under an old address shows as a wave of old
orders or of cancellations. A run that a person starts has no limit.
Not here: holding orders back and confirming them (reconcile/held_back.py).
"""

from datetime import datetime, timedelta

from npf_pipelines.domain.store_orders import Order

MOST_OLD_IMPORTS = 20
MOST_CANCELLATIONS = 10
SHARE_OF_OPEN_ORDERS = 5
"""The share of a client's open orders that may always be cancelled: one in five."""
OLD = timedelta(days=2)
"""An order placed so long before the last good pull should have been imported by it."""


def is_old(order: Order, last_good_pull: datetime | None) -> bool:
    """Whether an order was due long before the last good pull; False where there was none."""
    return last_good_pull is not None and order.placed_at < last_good_pull - OLD


def most_cancellations(open_orders: int) -> int:
    """How many orders may be cancelled at a number of open ones."""
    return max(MOST_CANCELLATIONS, open_orders // SHARE_OF_OPEN_ORDERS)
