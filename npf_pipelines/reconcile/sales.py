"""What a store has sold that the warehouse doesn't know: by the time of the count, and since.

Not here: which orders count (rules/in_flight.py).
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from npf_pipelines.cscart.models import Order, OrderStub, UnreadableOrder
from npf_pipelines.cscart.store import Store
from npf_pipelines.rules.in_flight import InFlightRule, is_in_flight, units_by_sku, units_taken
from npf_pipelines.rules.order_age import HoldWindow, OldHold, old_holds

_SKEW = timedelta(minutes=15)
"""How far a store's clock may be off ours."""
_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Sold:
    """What the store has sold since the count.

    Attributes:
        taken: units that it has taken off its own amounts, by product_id and SKU.
        in_flight: units of orders that will come to the warehouse, by SKU.
    """

    taken: Counter[tuple[str, str]]
    in_flight: Counter[str]


class Sales:
    """The orders of one store that may hold stock, listed once before the count and looked at again after it.

    Attributes:
        unreadable: orders that can't be read, so that what they hold is not taken off.
        old_holds: orders in flight that need a person because of their age, by id.
    """

    def __init__(self, store: Store, rule: InFlightRule, window: HoldWindow, now: datetime) -> None:
        """Ask nothing yet.

        Args:
            store: the client's store, open.
            rule: which orders count.
            window: how long an order in flight holds its units.
            now: the present, before anything of the store was read.
        """
        self.unreadable: list[UnreadableOrder] = []
        self.old_holds: dict[str, OldHold] = {}
        self._store, self._rule, self._window, self._now = store, rule, window, now
        self._since, self._begun, self._until = now - window.length, now - _SKEW, now + _AHEAD
        self._seen: set[str] = set()
        self._sold = Sold(Counter(), Counter())

    async def listed(self) -> list[str]:
        """The ids of the store's orders that may hold stock, to be compared with those that the platform has.

        Raises:
            StoreError: the store can't be asked.
        """
        found = await self._unseen(self._window.listed_since(self._now))
        # Of those older than the window only the open ones can hold anything.
        may_hold = self._rule.orders.statuses
        listed = [stub.order_id for stub in found if stub.placed_at >= self._since or stub.status in may_hold]
        asked_for = [order_id for order_id in self._window.asked_for(self._now) if order_id not in self._seen]
        self._seen |= set(asked_for)
        return listed + asked_for

    async def in_flight(self, unknown: Collection[str]) -> Counter[str]:
        """What the orders in flight hold by SKU, at the time of the count.

        Args:
            unknown: those of the listed orders that the platform doesn't have.

        Raises:
            StoreError: the store can't be asked.
        """
        orders = await self._store.orders_by_id(unknown)
        self.unreadable = [order for order in orders.values() if isinstance(order, UnreadableOrder)]
        in_flight = [order for order in orders.values() if isinstance(order, Order) and is_in_flight(order, self._rule)]
        self.old_holds = old_holds(in_flight, self._window, self._now)
        offered = {order_id for order_id, hold in self.old_holds.items() if hold.offered_at <= self._now}
        return units_by_sku([order for order in in_flight if order.order_id not in offered], self._rule)

    async def sold(self) -> Sold:
        """What was sold since the orders were listed.

        Raises:
            StoreError: the store can't be asked.
        """
        new = await self._unseen(max(self._since, self._begun))
        if new:
            orders = (await self._store.orders_by_id([stub.order_id for stub in new])).values()
            self._sold.taken.update(units_taken(orders, self._rule))
            self._sold.in_flight.update(units_by_sku(orders, self._rule))
        return self._sold

    async def _unseen(self, start: datetime) -> list[OrderStub]:
        listed = self._store.order_stubs(start, self._until, statuses=self._rule.listed)
        stubs = [stub async for stub in listed if stub.order_id not in self._seen]
        self._seen |= {stub.order_id for stub in stubs}
        return stubs
