"""A store that sells while it is pushed to, the warehouse behind it, and the books of what truly is there to be sold.

A unit counts as oversold when it is bought by an order that comes to the warehouse, and the warehouse's units were
all promised to others before: the store offered more than there was. It can only have done so because of an amount
that was pushed, for nothing else in this world makes the two differ:

- a sale takes its units from the store's amount and from what is truly there at one stroke, a cancellation gives them
  back to both, a shipment changes neither;
- the warehouse counts upwards only (goods received, units found again): what it loses may be sold before any push;
- what goes to a country that is never shipped to is taken off the store's amount only, and is never cancelled: once
  a push has given the units back, the store would give them back once more.

Not here: the client itself (stock_client.py), what the figures are compared with in the end (stock_campaign.py).
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import OrderStatus, open_platform, order_lines, orders, stock
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.store import SOMEBODY, OutOfStockError, SandboxStore
from npf_pipelines_tests.builders import platform_line, platform_order
from npf_pipelines_tests.faults.stock_client import sku_of
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER, CLIENT

PRODUCTS = 80
_MOST_AT_FIRST = 6
_RECEIVED = (1, 4)
"""Units that come in at a time, at least and at most."""
_SHOPPERS_A_MOMENT = 0.1
_SHOPPERS_A_RECEIPT = 2
"""Between two lives, for each product received."""
_WORK_A_MOMENT = 0.1
"""How often, at a moment, an order is shipped, and (a tenth as often) one cancelled, and all new ones imported."""
_ELSEWHERE = 0.15
"""The share of the orders that never come to the warehouse."""

_ABROAD = replace(SOMEBODY.ship_to, country="US", country_descr="United States", city="Austin")
_SOMEBODY_ABROAD = replace(SOMEBODY, ship_to=_ABROAD, bill_to=_ABROAD)


@dataclass
class Sale:
    """An order that comes to the warehouse, of one product.

    Attributes:
        product_id: what was bought.
        units: how many.
        left: those of them that are still to be shipped.
        is_imported: whether the platform has it.
    """

    product_id: int
    units: int
    left: int
    is_imported: bool = False


class World:
    """The two ends of the push, and the books.

    Attributes:
        store: the store.
        platform_url: the platform's database.
        moments: for `World` of lives.py.
        on_hand: what truly lies in the warehouse, by product id.
        sales: what is promised, by the store's order id: neither cancelled nor shipped in full.
        sold: units bought.
        oversold: units bought that were not there.
    """

    last_lives = 1
    """The very next run without disturbance brings everything right."""

    def __init__(self, folder: Path, seed: int, receipts: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.platform_url = f"sqlite:///{folder / 'platform.sqlite'}"
        self.store = SandboxStore(CLIENT, api_user=API_USER, api_key=API_KEY.get_secret_value())
        self.moments = 2 * receipts
        self.sales: dict[int, Sale] = {}
        self.sold = self.oversold = 0
        self._dice = random.Random(seed)
        self._engine = open_platform(self.platform_url)
        self._platform = Platform(self._engine)
        self._receipts = receipts
        self.on_hand = Counter({number: self._dice.randint(0, _MOST_AT_FIRST) for number in range(1, PRODUCTS + 1)})
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            for number, amount in self.on_hand.items():
                self.store.add_product(Product(number, sku_of(number), f"Product {number}", 1250, amount=amount))
                row = {"client": CLIENT, "sku": sku_of(number), "on_hand": amount, "updated_at": now}
                connection.execute(sa.insert(stock).values(row))

    @property
    def changes(self) -> Sequence[Callable[[], None]]:
        """What happens between two lives."""
        return [self._receive_and_sell] * self._receipts

    def pass_time(self) -> None:
        """What happens at one moment while a push is under way."""
        if self._dice.random() < _SHOPPERS_A_MOMENT:
            self._shop()
        self._work(_WORK_A_MOMENT)

    def free(self, product_id: int) -> int:
        """What is truly there to be sold: on hand, and promised to nobody."""
        promised = sum(sale.left for sale in self.sales.values() if sale.product_id == product_id)
        return self.on_hand[product_id] - promised

    def close(self) -> None:
        """Let the platform go."""
        self._engine.dispose()

    def _receive_and_sell(self) -> None:
        self._receive()
        for _ in range(_SHOPPERS_A_RECEIPT):
            self._shop()
        self._work(1.0)

    def _work(self, likelihood: float) -> None:
        for do, share in ((self._ship, 1.0), (self._cancel, 0.1), (self._import, 0.1)):
            if self._dice.random() < likelihood * share:
                do()

    def _shop(self) -> None:
        product_id, units = self._dice.randint(1, PRODUCTS), self._dice.randint(1, 2)
        is_ours = self._dice.random() >= _ELSEWHERE
        try:
            order_id = self.store.place_order(
                [(product_id, units)],
                customer=SOMEBODY if is_ours else _SOMEBODY_ABROAD,
                status=self._dice.choice("PO"),
            )
        except OutOfStockError:
            return
        if is_ours:
            self.sold += units
            self.oversold += max(0, units - max(0, self.free(product_id)))
            self.sales[order_id] = Sale(product_id, units, units)

    def _import(self) -> None:
        """Bring all orders to the platform that it doesn't have."""
        new = {order_id: sale for order_id, sale in self.sales.items() if not sale.is_imported}
        lines = {order_id: self.store.orders[order_id].lines[0] for order_id in new}
        self._platform.import_orders(
            CLIENT,
            [
                platform_order(f"CS{order_id}", platform_line(line.item_id, line.product_code, line.amount))
                for order_id, line in lines.items()
            ],
            datetime.now(UTC),
        )
        for sale in new.values():
            sale.is_imported = True

    def _ship(self) -> None:
        """Ship an order, or a part of it: the rest is on back order."""
        order_id = self._any(sale.is_imported and self.on_hand[sale.product_id] > 0 for sale in self.sales.values())
        if order_id is None:
            return
        sale, number = self.sales[order_id], f"CS{order_id}"
        units = min(sale.left, self.on_hand[sale.product_id], self._dice.randint(1, 2))
        status = OrderStatus.SHIPPED if units == sale.left else OrderStatus.BACK_ORDER
        here = order_lines.c.order_number == number
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(order_lines).where(here).values(quantity_shipped=order_lines.c.quantity_shipped + units)
            )
            connection.execute(sa.update(orders).where(orders.c.order_number == number).values(status=status))
            self._count(connection, sale.product_id, -units)
        sale.left -= units
        if not sale.left:
            del self.sales[order_id]
            self.store.change_status(order_id, "C")

    def _cancel(self) -> None:
        """Cancel an order of which nothing has shipped, in the store, and on the platform if it has come so far."""
        order_id = self._any(sale.left == sale.units for sale in self.sales.values())
        if order_id is None:
            return
        self.store.change_status(order_id, "I")
        del self.sales[order_id]
        here = orders.c.order_number == f"CS{order_id}"
        with self._engine.begin() as connection:
            connection.execute(sa.update(orders).where(here).values(status=OrderStatus.CANCELLED))

    def _receive(self) -> None:
        with self._engine.begin() as connection:
            self._count(connection, self._dice.randint(1, PRODUCTS), self._dice.randint(*_RECEIVED))

    def _count(self, connection: sa.Connection, product_id: int, units: int) -> None:
        self.on_hand[product_id] += units
        values = {"on_hand": stock.c.on_hand + units, "updated_at": datetime.now(UTC)}
        connection.execute(sa.update(stock).where(stock.c.sku == sku_of(product_id)).values(values))

    def _any(self, choice: Iterator[bool]) -> int | None:
        fitting = [order_id for order_id, fits in zip(self.sales, choice, strict=True) if fits]
        return self._dice.choice(fitting) if fitting else None
