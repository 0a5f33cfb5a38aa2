"""Whether a store's list of orders shows a change that no run has seen.

Not here: reading the list (automation/new_orders.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class OrderListState:
    """A store's list of orders at one sensor tick.

    Attributes:
        since: the list holds orders changed since then, in Unix seconds; None for a store without that filter.
        total: orders in the list.
        newest: the highest order number in it; 0 if there is none.
    """

    since: int | None
    total: int
    newest: int


def has_changes(now: OrderListState, before: OrderListState | None) -> bool:
    """Whether orders have entered the list, because they were placed or changed.

    A run processes all changes before the new `since` that it sets, so every order in a list since a new moment is a
    change. An order that leaves the list is no change: most of them leave because the pipeline set their status.
    """
    if before is None or now.since != before.since:
        return now.since is None or now.total > 0
    return now.total > before.total or now.newest > before.newest
