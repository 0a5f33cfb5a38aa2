"""The books of a store that sells: what truly is there to be sold, what was sold beyond it, and how that came.

A unit counts as oversold when it is bought by an order that comes to the warehouse, and the warehouse's units were
all promised to others before: the store offered more than there was. It came through the gap if the amount that
offered it was right by the last list of orders that the pusher was given before its write, and only what was sold
between the two was given back: a store without compare-and-set leaves that gap to every pusher. It came between two
pushes if the amount was right when it was written, and another product that shares a part was sold since: the store
doesn't know of kits. All else is a pusher's own fault, everything of a pusher that never reads the orders included.

Not here: who sells, and when (stock_world.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

from npf_pipelines.sandbox.store import SandboxStore


@dataclass
class Sale:
    """An order that comes to the warehouse, of one product.

    Attributes:
        product_id: what was bought.
        units: how many.
        left: the units that are still to be shipped.
        is_imported: whether the platform has it.
        is_held: whether it is held before its import.
    """

    product_id: int
    units: int
    left: int
    is_imported: bool = False
    is_held: bool = False


class Books:
    """The books.

    Attributes:
        on_hand: the true stock of the warehouse, by product id.
        sales: what is promised, by the store's order id: neither cancelled nor shipped in full.
        orders: how many have bought something.
        sold: units bought.
        given_back: units sold in the gap before a write, and offered again by it.
        through_the_gap: units oversold because of that.
        between_pushes: units oversold because a product with the same part was sold since the last write.
        sold_twice: units of parts in them.
        most_at_once: the most units of one part that were promised by them beyond what there was.
        oversold: all other units oversold.
    """

    def __init__(self, kits: Mapping[int, Mapping[int, int]] = MappingProxyType({})) -> None:
        """`kits` are the products that are made of others: how many of each are in one."""
        self._kits = kits
        self.on_hand: Counter[int] = Counter()
        self.sales: dict[int, Sale] = {}
        self.orders = self.sold = self.given_back = self.through_the_gap = self.between_pushes = self.oversold = 0
        self.sold_twice = self.most_at_once = 0
        self._first_unlisted = inf
        self._too_many: Counter[int] = Counter()
        self._given_back: Counter[int] = Counter()

    def parts(self, product_id: int) -> Mapping[int, int]:
        """The parts of a product: itself, unless it is a kit."""
        return self._kits.get(product_id, {product_id: 1})

    def free(self, product_id: int, *, sold_before: float = inf) -> int:
        """The units that can truly be sold: on hand, and promised to no order, or to none before this one."""
        promised: Counter[int] = Counter()
        for order_id, sale in self.sales.items():
            if order_id < sold_before:
                promised.update({part: each * sale.left for part, each in self.parts(sale.product_id).items()})
        return min((self.on_hand[part] - promised[part]) // each for part, each in self.parts(product_id).items())

    def sell(self, order_id: int, product_id: int, units: int) -> None:
        """Promise units to an order."""
        beyond = max(0, units - max(0, self.free(product_id)))
        own_fault = min(beyond, self._too_many[product_id])
        self.orders += 1
        self.sold += units
        through = min(beyond - own_fault, self._given_back[product_id])
        self.oversold += own_fault
        self.through_the_gap += through
        if between := beyond - own_fault - through:
            self.between_pushes += between
            self._count_parts(product_id, units, between)
        self.sales[order_id] = Sale(product_id, units, units)

    def _count_parts(self, product_id: int, units: int, between: int) -> None:
        """Count the parts in units sold between two pushes, of which so many were not there."""
        for part, each in self.parts(product_id).items():
            free = self.free(part)
            self.sold_twice += min(between * each, max(0, units * each - max(0, free)))
            self.most_at_once = max(self.most_at_once, units * each - free)

    def list_orders(self, next_order_id: int) -> None:
        """The pusher is given all orders before this one."""
        self._first_unlisted = next_order_id

    def write(self, product_id: int, amount: int) -> bool:
        """An amount is written; whether it offers again what was sold in the gap."""
        too_many = max(0, amount - max(0, self.free(product_id)))
        own_fault = max(0, amount - max(0, self.free(product_id, sold_before=self._first_unlisted)))
        given_back = too_many - own_fault
        self.given_back += given_back
        self._too_many[product_id], self._given_back[product_id] = own_fault, given_back
        return given_back > 0


class BookedStore(SandboxStore):
    """A store that records in the books what a pusher asks and writes.

    Attributes:
        books: the books.
        was_given_back: products whose last write offered again what was sold in the gap before it.
    """

    def __init__(self, store_id: str, books: Books, *, api_user: str, api_key: str) -> None:
        super().__init__(store_id, api_user=api_user, api_key=api_key)
        self.books = books
        self.was_given_back: set[int] = set()

    def listed(self, start: int | None = None, end: int | None = None) -> Sequence[tuple[int, int]]:
        """As in a store; a list from some time on is how a pusher learns what was sold."""
        with self.lock:
            if start is not None:
                self.books.list_orders(self.next_order_id)
            return super().listed(start, end)

    def set_amount(self, product_id: int, amount: int) -> None:
        """As in a store."""
        with self.lock:
            super().set_amount(product_id, amount)
            self.was_given_back.discard(product_id)
            if self.books.write(product_id, amount):
                self.was_given_back.add(product_id)
