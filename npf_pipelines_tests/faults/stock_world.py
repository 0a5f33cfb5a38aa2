"""A store that sells while it is pushed to, and the warehouse behind it.

It is made to bite: a few products sell out again and again, and the platform learns late of what is sold. Many of the
writes meet a shopper on their way to the store, and another behind them.

Whatever is oversold was so because of an amount that was pushed, for nothing else in this world makes the store's
amount more than what truly is there:

- a sale takes its units from both at one stroke, a cancellation gives them back to both, a shipment changes neither;
- of what more is promised than there is, nothing is cancelled: the store would offer what others wait for;
- the warehouse counts upwards only (goods received, units found again): what it loses may be sold before any push;
- a few products are packs, kits and an alias of others: a sale of one lowers no other's amount until the next push, and
  what is oversold meanwhile is counted apart;
- a few orders are held before their import, by their total or a shipping method without a despatch code;
- what goes to a country that is never shipped to is taken off the store's amount only, and is never cancelled: once
  a push has given the units back, the store would give them back once more.

Not here: the books of it (stock_books.py), the client itself (stock_client.py), what the figures are compared with in
the end (stock_campaign.py).
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.platform_orders import OrderStatus, PlatformOrder
from npf_pipelines.domain.sku_map import SkuMap
from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import kits, order_lines, orders, stock
from npf_pipelines.rules.kits import in_parts
from npf_pipelines.sandbox.model import Order, Product, ShippingMethod
from npf_pipelines.sandbox.stock_agreement import expected_amount
from npf_pipelines.sandbox.store_defaults import SOMEBODY
from npf_pipelines.sandbox.store_orders import OutOfStockError
from npf_pipelines_tests.builders import platform_line, platform_order
from npf_pipelines_tests.faults.proxy import Moment
from npf_pipelines_tests.faults.stock_books import BookedStore, Books, Sale
from npf_pipelines_tests.faults.stock_client import HELD_ABOVE, KITS, sku_of
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER, CLIENT, DESPATCH_CODES

PRODUCTS = 80
_HOT = 10
"""The products that nearly everybody wants."""
_WANTS_HOT = 0.8
"""The share of the shoppers who want one of them."""
_WANTS_KIT = 0.15
"""The share of the shoppers who want a pack, a kit or the alias."""
_RECEIVES_HOT = 0.4
_MOST_AT_FIRST = 6
_MOST_RECEIVED = 3
"""Units that come in at a time."""
_SHOPPERS_A_MOMENT = 0.5
_SHOPPERS_A_RECEIPT = 2
"""Between two lives, for each product received."""
_IN_THE_GAP = 0.3
"""How often somebody buys a product while its amount is on the way to the store, and again how often just after."""
_WORK_A_MOMENT = 0.1
"""How often, at a moment, an order is shipped, and (a tenth as often) one cancelled."""
_IMPORTS = 0.005
"""How often, when something is received between two lives, all new orders come to the platform."""
_RELEASED = 0.5
"""The share of the held orders that are released at each import."""
_NO_CODE = 0.1
"""The share of the orders whose shipping method has no despatch code."""
_EXPRESS = ShippingMethod(2, "Express")
_ELSEWHERE = 0.15
"""The share of the orders that never come to the warehouse."""

_MAP = SkuMap({sku_of(kit): {sku_of(part): each for part, each in parts.items()} for kit, parts in KITS.items()})
_WRITTEN = re.compile(r"/products/(\d+)$")

_ABROAD = replace(SOMEBODY.ship_to, country="US", country_descr="United States", city="Austin")
_SOMEBODY_ABROAD = replace(SOMEBODY, ship_to=_ABROAD, bill_to=_ABROAD)


class World:
    """The two ends of the push, and the books.

    Attributes:
        setup: the client's master setup.
        store: the store.
        books: the books.
        platform_url: the platform's database.
        moments: for `World` of lives.py.
    """

    last_lives = 1
    """The very next run without disturbance brings everything right."""

    def __init__(self, folder: Path, seed: int, receipts: int, setup: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.setup = MasterSetup.model_validate(setup)
        self.platform_url = f"sqlite:///{folder / 'platform.sqlite'}"
        self.books = Books(KITS)
        self.store = BookedStore(CLIENT, self.books, api_user=API_USER, api_key=API_KEY.get_secret_value())
        self.moments = receipts
        self._dice = random.Random(seed)
        self._engine = open_platform(self.platform_url)
        self._platform = Platform(self._engine)
        self._receipts = receipts
        now = datetime.now(UTC)
        with self._engine.begin() as connection:
            for number in range(1, PRODUCTS + 1):
                self.books.on_hand[number] = self._dice.randint(0, _MOST_AT_FIRST)
                self.store.add_product(Product(number, sku_of(number), f"Product {number}", 1250, amount=0))
                on_hand = self.books.on_hand[number]
                row = {"client": CLIENT, "sku": sku_of(number), "on_hand": on_hand, "updated_at": now}
                connection.execute(sa.insert(stock).values(row))
            for number, parts in KITS.items():
                self.store.add_product(Product(number, sku_of(number), f"Kit {number}", 2500, amount=0))
                for part, each in parts.items():
                    row = {"client": CLIENT, "kit_sku": sku_of(number), "part_sku": sku_of(part), "quantity": each}
                    connection.execute(sa.insert(kits).values(row))
        for number, amount in self.amounts().items():
            self.store.products[number].amount = amount

    @property
    def changes(self) -> Sequence[Callable[[], None]]:
        """The steps between two lives."""
        return [self._receive_and_sell] * self._receipts

    def pass_time(self, moment: Moment) -> bool:
        """Act at one moment while a push is under way; a kill strikes worst when a write gave sales back."""
        written = _WRITTEN.search(moment.path) if moment.is_write else None
        product_id = int(written[1]) if written else None
        with self.store.lock:  # The pusher's requests wait meanwhile: store and books agree whenever they come through.
            strikes = moment.is_answer and product_id in self.store.was_given_back
            if product_id and self._dice.random() < _IN_THE_GAP:
                self._shop(product_id)
            if self._dice.random() < _SHOPPERS_A_MOMENT:
                self._shop(self._any_purchase())
            self._work(_WORK_A_MOMENT)
        return strikes

    def amounts(self) -> Mapping[int, int]:
        """The amount that each product should have.

        On hand, less what is in process and on back order at the platform, less what is in flight, held or not; of a
        kit, what its scarcest part allows. Not below 0, and without the buffer.
        """
        promised: Counter[int] = Counter()
        for sale in self.books.sales.values():
            promised.update({part: each * sale.left for part, each in self.books.parts(sale.product_id).items()})
        figures = {sku_of(part): on_hand - promised[part] for part, on_hand in self.books.on_hand.items()}
        return {
            number: expected_amount(
                sku_of(number),
                {sku_of(part): each for part, each in self.books.parts(number).items()},
                figures,
                self.setup.stock,
            )
            for number in self.store.products
        }

    def close(self) -> None:
        """Let the platform go."""
        self._engine.dispose()

    def _receive_and_sell(self) -> None:
        self._receive()
        for _ in range(_SHOPPERS_A_RECEIPT):
            self._shop(self._any_purchase())
        self._work(1.0)
        if self._dice.random() < _IMPORTS:
            self._import()

    def _work(self, likelihood: float) -> None:
        for do, share in ((self._ship, 1.0), (self._cancel, 0.1)):
            if self._dice.random() < likelihood * share:
                do()

    def _any_product(self, hot: float) -> int:
        return self._dice.randint(1, _HOT if self._dice.random() < hot else PRODUCTS)

    def _any_purchase(self) -> int:
        return self._dice.choice(list(KITS)) if self._dice.random() < _WANTS_KIT else self._any_product(_WANTS_HOT)

    def _shop(self, product_id: int) -> None:
        units = self._dice.randint(1, 2)
        is_ours = self._dice.random() >= _ELSEWHERE
        try:
            order_id = self.store.place_order(
                [(product_id, units)],
                customer=SOMEBODY if is_ours else _SOMEBODY_ABROAD,
                status=self._dice.choice("PO"),
            )
        except OutOfStockError:
            return
        if not is_ours:
            return
        self.books.sell(order_id, product_id, units)
        order = self.store.orders[order_id]
        if self._dice.random() < _NO_CODE:
            self.store.edit_order(order_id, shipping=(_EXPRESS,))
        self.books.sales[order_id].is_held = _EXPRESS in order.shipping or order.total > 100 * HELD_ABOVE

    def _import(self) -> None:
        """Bring all orders to the platform that it doesn't have and that aren't held; some are released."""
        for sale in self.books.sales.values():
            sale.is_held = sale.is_held and self._dice.random() >= _RELEASED
        new = {
            order_id: sale for order_id, sale in self.books.sales.items() if not sale.is_imported and not sale.is_held
        }
        translated = [in_parts(_translated(self.store.orders[order_id]), _MAP) for order_id in new]
        self._platform.import_orders(CLIENT, translated, datetime.now(UTC))
        for sale in new.values():
            sale.is_imported = True

    def _ship(self) -> None:
        """Ship an order, or a part of it: the rest is on back order."""
        order_id = self._any(lambda sale: sale.is_imported and self._on_hand(sale.product_id) > 0)
        if order_id is None:
            return
        sale, number = self.books.sales[order_id], f"CS{order_id}"
        units = min(sale.left, self._on_hand(sale.product_id), self._dice.randint(1, 2))
        status = OrderStatus.SHIPPED if units == sale.left else OrderStatus.BACK_ORDER
        with self._engine.begin() as connection:
            for part, each in self.books.parts(sale.product_id).items():
                here = (order_lines.c.order_number == number) & (order_lines.c.sku == sku_of(part))
                shipped = order_lines.c.quantity_shipped + units * each
                connection.execute(sa.update(order_lines).where(here).values(quantity_shipped=shipped))
                self._count(connection, part, -units * each)
            connection.execute(sa.update(orders).where(orders.c.order_number == number).values(status=status))
        sale.left -= units
        if not sale.left:
            del self.books.sales[order_id]
            self.store.change_status(order_id, "C")

    def _on_hand(self, product_id: int) -> int:
        """How many of a product are in the warehouse, promised or not."""
        return min(self.books.on_hand[part] // each for part, each in self.books.parts(product_id).items())

    def _cancel(self) -> None:
        """Cancel an order of which nothing has shipped, in the store, and on the platform if it has come so far."""
        order_id = self._any(lambda sale: sale.left == sale.units and self.books.free(sale.product_id) >= 0)
        if order_id is None:
            return
        self.store.change_status(order_id, "I")
        del self.books.sales[order_id]
        here = orders.c.order_number == f"CS{order_id}"
        with self._engine.begin() as connection:
            connection.execute(sa.update(orders).where(here).values(status=OrderStatus.CANCELLED))

    def _receive(self) -> None:
        with self._engine.begin() as connection:
            self._count(connection, self._any_product(_RECEIVES_HOT), self._dice.randint(1, _MOST_RECEIVED))

    def _count(self, connection: sa.Connection, product_id: int, units: int) -> None:
        self.books.on_hand[product_id] += units
        values = {"on_hand": stock.c.on_hand + units, "updated_at": datetime.now(UTC)}
        connection.execute(sa.update(stock).where(stock.c.sku == sku_of(product_id)).values(values))

    def _any(self, fits: Callable[[Sale], bool]) -> int | None:
        fitting = [order_id for order_id, sale in self.books.sales.items() if fits(sale)]
        return self._dice.choice(fitting) if fitting else None


def _translated(order: Order) -> PlatformOrder:
    """An order for the platform, placed when the store says: otherwise it is another one with the same number."""
    (line,) = order.lines
    return platform_order(
        f"CS{order.order_id}",
        platform_line(line.item_id, line.product_code, line.amount),
        placed_at=datetime.fromtimestamp(order.timestamp, UTC),
        despatch_method=next(iter(DESPATCH_CODES.values())),
    )
