"""Stores made of dice: the same seed gives the same store, oddities of real shops included.

Not here: the documented orders (samples.py), and what people and places are drawn from (people.py).
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from npf_pipelines.sandbox.model import (
    Combination,
    Customer,
    Line,
    Order,
    Product,
    Shipment,
    ShippingMethod,
    Status,
)
from npf_pipelines.sandbox.people import NOTES, draw_customer
from npf_pipelines.sandbox.store import SandboxStore, item_id

TEST_ITEMS = ("Test001", "Test002", "Test003")
"""The product codes of orders that only prove an integration; every generated store has them."""

FIRST_ORDER_ID = 1_000_000

_CUSTOM_STATUSES = (
    Status("B", "Back Ordered", "I"),
    Status("A", "Ready to pack", "D", notify=False),
    Status("E", "On hold", "D"),
    Status("H", "Returned", "I"),
)
"""One renamed status and three of the merchant's own."""

_STATUS_WEIGHTS = {"P": 34, "C": 30, "O": 12, "F": 4, "D": 4, "B": 4, "I": 6, "A": 3, "E": 2, "H": 1}

_METHODS = (
    ShippingMethod(1, "Custom shipping method", None, 995),
    ShippingMethod(2, "Express post", "auspost", 1450),
    ShippingMethod(3, "International", "dhl", 3900),
)
_PICK_UP = ShippingMethod(7, "Pick up in store", "store_locator")
_FREE = ShippingMethod(None, "Free shipping")

_THINGS = ("Robot", "Kite", "Puzzle", "Teddy bear", "Train set", "Yo-yo", "Doll's house", "Drum", "Marbles")
_COLOURS = ("Red", "Blue", "Green", "Yellow")
_SIZES = ("S", "M", "L")

_PRODUCT_ODDITIES = {
    4: "variations",
    6: "combinations",
    7: "not tracked",
    9: "default tracking",
    11: "no code",
    13: "same code",
    15: "other case",
    17: "download",
}
"""Which of each twenty products is odd."""

_VARIATIONS_ONLY = (4, 12, 0)
"""The version from which on there is no tracking by option combination any more; 4.12 is an assumption."""

_ORDER_ODDITIES = {
    2: "incomplete",
    5: "parent",
    8: "test",
    11: "pick-up",
    14: "no code",
    17: "download",
    20: "mixed",
    23: "twice",
    26: "no method",
}
"""Which of each thirty-one orders is odd."""


def generate_store(
    store_id: str,
    *,
    seed: int,
    orders: int,
    products: int,
    days: int,
    today: date,
    time_zone: str = "Australia/Sydney",
    version: tuple[int, int, int] = (4, 18, 1),
    api_user: str = "api@store.example",
    api_key: str = "sandbox-api-key",
    currency: str = "AUD",
    clock: Callable[[], float] = time.time,
) -> SandboxStore:
    """A store with a past.

    Args:
        store_id: its name in addresses.
        seed: of the dice; the same arguments give the same store.
        orders: how many, parents and incomplete ones included.
        products: how many besides the test items; 1 or more.
        days: how many days the orders are spread over, `today` included.
        today: the last day, in the store's zone, or the last moment as a datetime with a zone. A whole day
            is cut at the clock, so that no order lies in the future.
        time_zone: the store's zone.
        version: of CS-Cart.
        api_user: the administrator's e-mail.
        api_key: the API key.
        currency: of the prices.
        clock: unix seconds; the store goes on with it.
    """
    store = SandboxStore(
        store_id,
        version=version,
        api_user=api_user,
        api_key=api_key,
        currency=currency,
        time_zone=time_zone,
        clock=clock,
    )
    dice = random.Random(seed)
    store.statuses |= {status.letter: status for status in _CUSTOM_STATUSES}
    store.shippings = {number: way for way in (*_METHODS, _PICK_UP) if (number := way.shipping_id)}
    for number, code in enumerate(TEST_ITEMS, 1):
        store.add_product(Product(number, code, f"Test item {number}", 100, amount=1000))
    for product in _catalogue(dice, products, with_combinations=version < _VARIATIONS_ONLY):
        store.add_product(product)
    start, end = _span(today, days, ZoneInfo(time_zone), clock)
    _Past(store, dice, orders).write(start, end)
    return store


def _span(today: date, days: int, zone: ZoneInfo, clock: Callable[[], float]) -> tuple[int, int]:
    """The first and the last second of the orders, the last never after the clock."""
    if isinstance(today, datetime):
        last = int(today.timestamp())
        today = today.astimezone(zone).date()
    else:
        midnight = datetime.combine(today + timedelta(days=1), time_of_day.min, tzinfo=zone)
        last = int(midnight.timestamp()) - 1
    first = datetime.combine(today - timedelta(days=days - 1), time_of_day.min, tzinfo=zone)
    last = min(last, int(clock()))
    return min(int(first.timestamp()), last), last


def _catalogue(dice: random.Random, count: int, *, with_combinations: bool) -> Iterator[Product]:
    """`count` products, the odd ones among them."""
    previous = TEST_ITEMS[0]
    for number in range(count):
        name = dice.choice(_THINGS)
        code = f"{''.join(filter(str.isalpha, name))[:3].upper()}-{number:05d}"
        product = Product(
            product_id=number + 11,
            product_code=code,
            name=f"{name} no. {number}",
            cents=dice.randrange(250, 30_000, 5),
            amount=dice.choice((0, dice.randrange(1, 20), dice.randrange(20, 500))),
        )
        match _PRODUCT_ODDITIES.get(number % 20):
            case "variations":
                colour, size = dice.choice(_COLOURS), dice.choice(_SIZES)
                product.product_code = f"{code}-{colour.upper()}-{size}"
                product.name += f", {colour}, {size}"
            case "combinations" if with_combinations:
                product.tracking = "O"
                product.combinations = {one.combination_hash: one for one in _combinations(dice, product)}
            case "not tracked":
                product.tracking = "D"
            case "default tracking":
                product.tracking = None
            case "no code":
                product.product_code = ""
            case "same code":
                product.product_code = previous
            case "other case":
                product.product_code = previous.swapcase()
            case "download":
                product.is_edp = True
                product.name += " (PDF)"
            case _:
                previous = code
        yield product


def _combinations(dice: random.Random, product: Product) -> Iterator[Combination]:
    """A colour in all sizes, the last without a code of its own."""
    colour = dice.randrange(len(_COLOURS))
    for number, size in enumerate(_SIZES):
        choices = {1: colour + 1, 2: number + 1}
        code = f"{product.product_code}/{_COLOURS[colour].upper()}/{size}" if size != _SIZES[-1] else ""
        # The hash is made as a cart's is (inferred).
        yield Combination(int(item_id(product.product_id, choices)), code, choices, amount=dice.randrange(60))


class _Past:
    """Writes the orders of a store's past, oldest first."""

    def __init__(self, store: SandboxStore, dice: random.Random, count: int) -> None:
        self._store = store
        self._dice = dice
        self._count = count
        products = list(store.products.values())
        self._test = [product for product in products if product.product_code in TEST_ITEMS]
        goods = [product for product in products if product.product_code not in TEST_ITEMS]
        self._downloads = [product for product in goods if product.is_edp]
        self._codeless = [product for product in goods if not product.product_code]
        self._goods = [product for product in goods if product.product_code and not product.is_edp] or goods
        self._customers = [draw_customer(dice, number) for number in range(1, max(2, count // 3))]

    def write(self, start: int, end: int) -> None:
        """Spread the orders between two moments; now and then, several share a second."""
        moments = sorted(self._dice.randint(start, end) for _ in range(self._count))
        for number in range(1, len(moments)):
            if self._dice.random() < 0.02:  # noqa: PLR2004 - two in a hundred
                moments[number] = moments[number - 1]
        number = 0
        while number < self._count:
            oddity = _ORDER_ODDITIES.get(number % 31)
            if oddity == "parent" and number + 2 < self._count:
                self._write_family(number, moments[number], end)
                number += 3
            else:
                self._write(self._draw(number, moments[number], end, oddity))
                number += 1

    def _write_family(self, number: int, moment: int, end: int) -> None:
        """A parent that is never to be shipped, and the two children that it was split into."""
        first, second = (self._draw(number + child, moment, end, None) for child in (1, 2))
        for company, child in enumerate((first, second), 2):
            child.parent_order_id = FIRST_ORDER_ID + number
            child.company_id = company
            child.customer = first.customer
            for line in child.lines:
                line.company_id = company
        parent = replace(
            first,
            order_id=FIRST_ORDER_ID + number,
            status="T",
            is_parent=True,
            parent_order_id=0,
            company_id=0,
            lines=[replace(line) for line in (*first.lines, *second.lines)],
        )
        for order in (parent, first, second):
            self._write(order)

    def _draw(self, number: int, moment: int, end: int, oddity: str | None) -> Order:
        dice = self._dice
        order_id = FIRST_ORDER_ID + number
        customer: Customer = dice.choice(self._customers)
        abroad = customer.ship_to.country not in {"AU", "NZ"}
        order = Order(
            order_id=order_id,
            timestamp=moment,
            updated_at=dice.randint(moment, min(end, moment + 200_000)),
            status=dice.choices(list(_STATUS_WEIGHTS), _STATUS_WEIGHTS.values())[0],  # type: ignore[arg-type]
            customer=customer,
            lines=[],
            shipping=(_METHODS[2] if abroad else dice.choice(_METHODS[:2]),),
            notes=dice.choice(NOTES) if dice.random() < 0.1 else "",  # noqa: PLR2004 - one in ten
        )
        products = self._products(oddity)
        order.lines = [self._line(order_id, place, product) for place, product in enumerate(products)]
        match oddity:
            case "incomplete":
                order.status = "N"
            case "pick-up":
                order.shipping = (_PICK_UP,)
            case "no method":
                order.shipping = (_FREE,)
            case "download":
                order.shipping = ()
            case "twice":
                order.lines[0].options = (("Engraving", "none"),)
                order.lines[1].options = (("Engraving", "Für Zoë"),)
        return order

    def _products(self, oddity: str | None) -> list[Product]:
        """What is in the cart; the oddities where the catalogue has what they need."""
        dice = self._dice
        usual = dice.sample(self._goods, min(len(self._goods), dice.choice((1, 1, 1, 2, 2, 3, 5))))
        match oddity:
            case "test":
                return dice.sample(self._test, dice.randint(1, 3))
            case "no code" if self._codeless:
                return [dice.choice(self._codeless), *usual]
            case "download" if self._downloads:
                return [dice.choice(self._downloads)]
            case "mixed" if self._downloads:
                return [dice.choice(self._downloads), *usual]
            case "twice":
                return [usual[0], *usual]
            case _:
                return usual

    def _line(self, order_id: int, place: int, product: Product) -> Line:
        dice = self._dice
        options = (("Gift wrap", dice.choice(("Yes", "No"))),) if dice.random() < 0.1 else ()  # noqa: PLR2004
        combination = dice.choice(list(product.combinations)) if product.combinations else None
        return Line(
            item_id=item_id(product.product_id, order_id, place),
            product_id=product.product_id,
            product_code=product.code_of(combination),
            name=product.name,
            cents=product.cents,
            amount=dice.choice((1, 1, 1, 2, 3, 12)),
            options=options,
            is_edp=product.is_edp,
            combination=combination,
        )

    def _write(self, order: Order) -> None:
        """Into the store, and most complete orders with the shipment that completed them."""
        self._store.add_order(order)
        sent = {line.item_id: line.amount for line in order.lines if line.ships}
        if order.status == "C" and sent and self._dice.random() < 0.8:  # noqa: PLR2004 - four in five
            number = self._store.next_shipment_id
            self._store.add_shipment(
                Shipment(
                    shipment_id=number,
                    order_id=order.order_id,
                    timestamp=order.updated_at,
                    shipping_id=order.shipping[0].shipping_id or 1 if order.shipping else 1,
                    carrier=self._dice.choice(("aup", "dhl", "Sendle")),
                    tracking_number=f"SBX{number:09d}",
                    comments="",
                    products=sent,
                )
            )
