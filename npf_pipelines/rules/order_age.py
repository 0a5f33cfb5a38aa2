"""When an order in flight has grown so old that its units are offered again, and that a person knows it before.

Most orders in flight are imported within minutes. One that is still not on the platform after weeks is unpaid, set
aside or forgotten; were it counted for ever, the number of such orders would grow for ever.

Not here: which orders are in flight (in_flight.py), what is kept of the old ones (assets/old_holds.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.orders import lines_to_ship
from npf_pipelines.rules.shipped_before import left_to_ship

_LONGEST_NOTICE = timedelta(days=3)
_FOUND_LATE = timedelta(days=7)
"""How long after its time an order is still found that no push has noticed before: the client may have been paused."""


@dataclass(frozen=True)
class OldHold:
    """An order in flight that needs a person.

    Attributes:
        placed_at: when the order was placed.
        noticed_at: when a push first found it so old.
        offered_at: from when on its units are offered again.
        skus: what it holds.
        reason: what it holds and what happens when, in words.
    """

    order_id: str
    placed_at: datetime
    noticed_at: datetime
    offered_at: datetime
    skus: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class HoldWindow:
    """How long an order in flight holds its units.

    Attributes:
        length: from the order's placing on.
        known: the old orders that the push before this one has noticed, by id.
        is_new: whether no push has searched for old orders yet: units of older ones were offered again long ago.
    """

    length: timedelta
    known: Mapping[str, OldHold]
    is_new: bool

    @property
    def notice(self) -> timedelta:
        """How long before its units are offered again an order gets its row."""
        return min(_LONGEST_NOTICE, self.length / 4)

    def listed_since(self, now: datetime) -> datetime:
        """From when on open orders are searched for in the store."""
        return now - self.length - _FOUND_LATE

    def asked_for(self, now: datetime) -> list[str]:
        """The ids of the known old orders that are asked for whatever the store lists: for twice the length."""
        return [hold.order_id for hold in self.known.values() if hold.placed_at > now - 2 * self.length]


def old_holds(orders: Iterable[Order], window: HoldWindow, now: datetime) -> dict[str, OldHold]:
    """Those of the orders in flight that need a person because of their age, by id.

    Args:
        orders: orders in flight.
        window: how long they hold their units.
        now: the moment.
    """
    return {
        order.order_id: _hold(order, window, now)
        for order in orders
        if now - order.placed_at >= window.length - window.notice
    }


def known_of(window: HoldWindow, orders: Iterable[Order | UnreadableOrder]) -> dict[str, OldHold]:
    """What is known of those of the orders that can't be read just now, by id: it stays as it is."""
    unreadable = {order.order_id for order in orders if isinstance(order, UnreadableOrder)}
    return {order_id: hold for order_id, hold in window.known.items() if order_id in unreadable}


def _hold(order: Order, window: HoldWindow, now: datetime) -> OldHold:
    known = window.known.get(order.order_id)
    noticed_at = known.noticed_at if known else now
    end = order.placed_at + window.length
    if known:
        offered_at = max(end, known.offered_at)
    else:
        offered_at = end if window.is_new and end <= now else max(end, now + window.notice)
    units: Counter[str] = Counter()
    for line in lines_to_ship(left_to_ship(order)):
        units[line.sku] += line.quantity
    held = ", ".join(f"{count} {sku}" for sku, count in sorted(units.items()))
    reason = (
        f"the order {order.order_id} of {order.placed_at:%Y-%m-%d} holds {held} and isn't on the platform; these units"
        f" are offered again from {offered_at:%Y-%m-%d %H:%M} UTC on (stock.in_flight_days)"
    )
    return OldHold(order.order_id, order.placed_at, noticed_at, offered_at, tuple(sorted(units)), reason)
