"""How many old orders a run that nobody watches may import, and how many open ones it may cancel.

A setting that was changed by mistake, a restored database or a new store under an old address shows as a wave of old
orders or of cancellations. What a person asks for is that person's word and has no limit.
Not here: what is held and how it is confirmed (reconcile/held_back.py).
"""

from datetime import datetime, timedelta

from npf_pipelines.domain.store_orders import Order

MOST_OLD_IMPORTS = 20
MOST_CANCELLATIONS = 10
SHARE_OF_OPEN_ORDERS = 5
"""One of so many of a client's open orders may always be cancelled."""
OLD = timedelta(days=2)
"""How long before the last good pull an order was placed that would have come by now."""


def is_old(order: Order, last_good_pull: datetime | None) -> bool:
    """Whether an order was due long before the last good pull; never so where there was none."""
    return last_good_pull is not None and order.placed_at < last_good_pull - OLD


def most_cancellations(open_orders: int) -> int:
    """How many orders may be cancelled while the client has so many open ones."""
    return max(MOST_CANCELLATIONS, open_orders // SHARE_OF_OPEN_ORDERS)
