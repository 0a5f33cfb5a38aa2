"""Whether a look at a store's list of orders shows something that no run has seen.

Not here: the looking (automation/new_orders.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class OrderListState:
    """What one look showed.

    Attributes:
        since: orders changed since then were asked for, in Unix seconds; None for a store that can't be asked so.
        total: orders in the list.
        newest: the highest order number in it; 0 if there is none.
    """

    since: int | None
    total: int
    newest: int


def has_changes(now: OrderListState, before: OrderListState | None) -> bool:
    """Whether orders came into the list, by being placed or by being changed.

    A run moves `since` on and has then dealt with all that was changed before, so that whatever a look since a new
    moment shows is news. Orders that leave the list are none: most of them were pushed on by us.
    """
    if before is None or now.since != before.since:
        return now.since is None or now.total > 0
    return now.total > before.total or now.newest > before.newest
