"""What a store has sold that the warehouse doesn't know: by the time of the count, and since.

Not here: which orders count (rules/in_flight.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.platform_orders import OrderState
from npf_pipelines.domain.store_orders import Order, OrderStub, UnreadableOrder
from npf_pipelines.rules.identity import is_same_order
from npf_pipelines.rules.in_flight import InFlightRule, is_in_flight, units_by_sku, units_taken
from npf_pipelines.rules.order_age import HoldWindow, OldHold, known_of, old_holds

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

    async def listed(self) -> dict[str, datetime | None]:
        """When the store's orders that may hold stock were placed, by id; to be compared with what the platform has.

        None where the list doesn't say when in a readable way.

        Raises:
            StoreError: the store can't be asked.
        """
        found = await self._unseen(self._window.listed_since(self._now))
        # Of those older than the window only the open ones can hold anything.
        may_hold = self._rule.orders.statuses
        listed = {
            order_id: stub.placed_at
            for order_id, stub in found.items()
            if stub.placed_at is None or stub.placed_at >= self._since or stub.status in may_hold
        }
        asked_for = [order_id for order_id in self._window.asked_for(self._now) if order_id not in self._seen]
        self._seen |= set(asked_for)
        return listed | dict.fromkeys(asked_for)

    async def in_flight(
        self, listed: Mapping[str, datetime | None], known: Mapping[str, Sequence[OrderState]]
    ) -> Counter[str]:
        """What the orders in flight hold by SKU, at the time of the count.

        Args:
            listed: when the orders were placed, by id.
            known: what the platform has with these ids. A new shop's order may have the id of an older one.

        Raises:
            StoreError: the store can't be asked.
        """
        unsure = [
            order_id
            for order_id, placed_at in listed.items()
            if placed_at not in {state.placed_at for state in known.get(order_id, ())}
        ]
        orders = [
            order
            for order_id, order in (await self._store.orders_by_id(unsure)).items()
            if not any(is_same_order(order, state) for state in known.get(order_id, ()))
        ]
        self.unreadable += [order for order in orders if isinstance(order, UnreadableOrder)]
        in_flight = [order for order in orders if isinstance(order, Order) and is_in_flight(order, self._rule)]
        self.old_holds = old_holds(in_flight, self._window, self._now) | known_of(self._window, orders)
        offered = {order_id for order_id, hold in self.old_holds.items() if hold.offered_at <= self._now}
        return units_by_sku([order for order in in_flight if order.order_id not in offered], self._rule)

    async def sold(self) -> Sold:
        """What was sold since the orders were listed.

        Raises:
            StoreError: the store can't be asked.
        """
        new = await self._unseen(max(self._since, self._begun))
        if new:
            orders = (await self._store.orders_by_id(new)).values()
            self._sold.taken.update(units_taken(orders, self._rule))
            self._sold.in_flight.update(units_by_sku(orders, self._rule))
        return self._sold

    async def _unseen(self, start: datetime) -> dict[str, OrderStub | UnreadableOrder]:
        """The orders that weren't listed before, by id, also where nothing else of the row can be read."""
        new: dict[str, OrderStub | UnreadableOrder] = {}
        async for stub in self._store.order_stubs(start, self._until, statuses=self._rule.listed):
            if stub.order_id is None:
                if isinstance(stub, UnreadableOrder) and stub not in self.unreadable:
                    self.unreadable.append(stub)
            elif stub.order_id not in self._seen:
                new[stub.order_id] = stub
        self._seen |= new.keys()
        return new
