"""What a store has sold that the warehouse doesn't know: by the time of the count, and since.

Not here: which orders count (rules/in_flight.py).
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from npf_pipelines.cscart.models import Order, UnreadableOrder
from npf_pipelines.cscart.store import Store
from npf_pipelines.rules.in_flight import InFlightRule, units_by_sku, units_taken

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
    """

    def __init__(self, store: Store, rule: InFlightRule, since: datetime, now: datetime) -> None:
        """Ask nothing yet.

        Args:
            store: the client's store, open.
            rule: which orders count.
            since: the time from which on orders count.
            now: the present, before anything of the store was read.
        """
        self.unreadable: list[UnreadableOrder] = []
        self._store, self._rule = store, rule
        self._since, self._begun, self._until = since, now - _SKEW, now + _AHEAD
        self._seen: set[str] = set()
        self._new: list[Order | UnreadableOrder] = []

    async def listed(self) -> list[str]:
        """The ids of the store's orders that may hold stock, to be compared with those that the platform has.

        Raises:
            StoreError: the store can't be asked.
        """
        return await self._unseen(self._since)

    async def in_flight(self, unknown: Collection[str]) -> Counter[str]:
        """What the orders in flight hold by SKU, at the time of the count.

        Args:
            unknown: those of the listed orders that the platform doesn't have.

        Raises:
            StoreError: the store can't be asked.
        """
        orders = await self._store.orders_by_id(unknown)
        self.unreadable += [order for order in orders.values() if isinstance(order, UnreadableOrder)]
        return units_by_sku(orders.values(), self._rule)

    async def sold(self) -> Sold:
        """What was sold since the orders were listed.

        Raises:
            StoreError: the store can't be asked.
        """
        new = await self._unseen(max(self._since, self._begun))
        if new:
            self._new += (await self._store.orders_by_id(new)).values()
        return Sold(units_taken(self._new, self._rule), units_by_sku(self._new, self._rule))

    async def _unseen(self, start: datetime) -> list[str]:
        """The ids of the orders that weren't listed before, also where nothing else of the row can be read."""
        ids = []
        async for stub in self._store.order_stubs(start, self._until, statuses=self._rule.listed):
            if stub.order_id is not None:
                ids.append(stub.order_id)
            elif isinstance(stub, UnreadableOrder) and stub not in self.unreadable:
                self.unreadable.append(stub)
        new = [order_id for order_id in ids if order_id not in self._seen]
        self._seen |= set(new)
        return new
