"""A generated store's past orders and shipments, drawn from dice, oddities of real shops included.

Not here: its products (generate_catalogue.py), the people who order (people.py).
"""

import random
from dataclasses import replace

from npf_pipelines.sandbox.generate_catalogue import TEST_ITEMS
from npf_pipelines.sandbox.model import Customer, Line, Order, Product, Shipment, ShippingMethod
from npf_pipelines.sandbox.people import NOTES, draw_customer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_orders import item_id

_GIFTS = ("Happy birthday!", "Alles Gute, Oma & Opa", "생일 축하해요")
_DETAILS = ("Called the customer on Monday.", "VIP: check twice")
FIRST_ORDER_ID = 1_000_000

_STATUS_WEIGHTS = {"P": 34, "C": 30, "O": 12, "F": 4, "D": 4, "B": 4, "I": 6, "A": 3, "E": 2, "H": 1}

METHODS = (
    ShippingMethod(1, "Custom shipping method", None, 995),
    ShippingMethod(2, "Express post", "auspost", 1450),
    ShippingMethod(3, "International", "dhl", 3900),
)
PICK_UP = ShippingMethod(7, "Pick up in store", "store_locator")
_FREE = ShippingMethod(None, "Free shipping")

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
    29: "wrong sum",
}
"""The odd ones of each thirty-one orders."""


class PastOrders:
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
            shipping=(METHODS[2] if abroad else dice.choice(METHODS[:2]),),
            notes=dice.choice(NOTES) if dice.random() < 0.1 else "",  # noqa: PLR2004 - one in ten
        )
        products = self._products(oddity)
        order.lines = [self._line(order_id, place, product) for place, product in enumerate(products)]
        match oddity:
            case "incomplete":
                order.status = "N"
            case "pick-up":
                order.shipping = (PICK_UP,)
            case "no method":
                order.shipping = (_FREE,)
            case "download":
                order.shipping = ()
            case "wrong sum":
                order.documented = {"shipping_cost": "1.23"}
            case "twice":
                order.lines[0].options = (("Engraving", "none"),)
                order.lines[1].options = (("Engraving", "Für Zoë"),)
        _add_extras(order, number)
        return order

    def _products(self, oddity: str | None) -> list[Product]:
        """The products in the cart; oddities only where the catalogue has what they need."""
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


def _add_extras(order: Order, number: int) -> None:
    """Discount, tax, message and note of some orders, by their number: the dice of the others stay as they were."""
    order.tax_included = number % 4 != 0
    order.tax = order.subtotal // (11 if order.tax_included else 10) if number % 2 == 0 else 0
    order.discount = order.subtotal // 20 if number % 6 == 0 else 0
    order.gift_message = _GIFTS[number % 3] if number % 9 == 0 else ""
    order.details = _DETAILS[number % 2] if number % 7 == 0 else ""
    if number % 10 == 0:
        order.payment = "Phone ordering"
