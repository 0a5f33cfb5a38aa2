"""The contents of a sandbox store: orders, products, shipments, statuses, mails.

Only data, kept small: a store of 100,000 orders fits in memory, and what the API prints around it is
added in answers.py. Money is in cents, times in unix seconds.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel or a bill goes."""

    firstname: str = ""
    lastname: str = ""
    address: str = ""
    address_2: str = ""
    city: str = ""
    county: str = ""
    state: str = ""
    state_descr: str = ""
    country: str = ""
    country_descr: str = ""
    zipcode: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """The person who orders; one object serves all orders of that person."""

    user_id: int
    email: str
    phone: str
    company: str
    ship_to: Address
    bill_to: Address


@dataclass(frozen=True, slots=True)
class ShippingMethod:
    """A way of shipping, of an order's group of lines. `shipping_id` is None for an entry that lost its method."""

    shipping_id: int | None
    name: str
    module: str | None = None
    cents: int = 0
    group: int = 0


@dataclass(slots=True)
class Line:
    """A line of an order.

    `options` are pairs of an option's name and its value. `combination` is the hash of the product's combination
    that was ordered, None where it has none. `group` is that of its shipping. `discount` is what is off each unit
    already, `tax` is on all units.
    """

    item_id: str
    product_id: int
    product_code: str
    name: str
    cents: int
    amount: int
    options: tuple[tuple[str, str], ...] = ()
    is_edp: bool = False
    edp_shipping: bool = False
    company_id: int = 1
    combination: int | None = None
    group: int = 0
    discount: int = 0
    tax: int = 0

    @property
    def ships(self) -> bool:
        """Whether there is anything to put into a parcel: not for a plain download."""
        return not self.is_edp or self.edp_shipping


@dataclass(slots=True)
class Order:
    """An order.

    `documented` holds what is printed otherwise than the store would, as by the vendor's documentation. `discount` is
    off the order as a whole, `details` the merchant's internal note, `gift_message` a field of an add-on (inferred).
    """

    order_id: int
    timestamp: int
    updated_at: int
    status: str
    customer: Customer
    lines: list[Line]
    shipping: tuple[ShippingMethod, ...] = ()
    company_id: int = 1
    storefront_id: int = 1
    is_parent: bool = False
    parent_order_id: int = 0
    notes: str = ""
    documented: dict[str, Any] | None = None
    discount: int = 0
    tax: int = 0
    tax_included: bool = True
    details: str = ""
    gift_message: str = ""
    payment: str = "Credit card"
    language: str = "en"

    @property
    def subtotal(self) -> int:
        """The goods, in cents."""
        return sum(line.cents * line.amount for line in self.lines)

    @property
    def total(self) -> int:
        """The customer's total, in cents."""
        on_top = 0 if self.tax_included else self.tax
        return self.subtotal - self.discount + sum(way.cents for way in self.shipping) + on_top


@dataclass(slots=True)
class Combination:
    """One combination of a product's options, `choices` by option id: with an amount and perhaps a code of its own."""

    combination_hash: int
    product_code: str
    choices: dict[int, int]
    amount: int


@dataclass(slots=True)
class Product:
    """A product of the catalogue.

    `tracking` is `B` (tracked), `D` (not tracked), `O` (by option combination, old stores) or None, the
    store's default. `warehouses` maps a store location to its amount where stock is split, `combinations` are
    by their hash.
    """

    product_id: int
    product_code: str
    name: str
    cents: int
    amount: int
    tracking: str | None = "B"
    status: str = "A"
    company_id: int = 1
    is_edp: bool = False
    warehouses: dict[int, int] = field(default_factory=dict)
    combinations: dict[int, Combination] = field(default_factory=dict)

    @property
    def tracked(self) -> bool:
        """Whether orders take from `amount`; the sandbox's default for null is to track."""
        return self.tracking in {"B", None}

    def shelf(self, combination: int | None) -> "Product | Combination | None":
        """The product or combination whose `amount` an order of it takes from; None where nothing is counted."""
        if self.tracking == "O":
            return self.combinations.get(combination or 0)
        return self if self.tracked else None

    def code_of(self, combination: int | None) -> str:
        """The code on an order's line: the combination's, or the product's where that has none (inferred)."""
        chosen = self.combinations.get(combination or 0)
        return (chosen.product_code if chosen else "") or self.product_code


@dataclass(slots=True)
class Shipment:
    """A shipment; `products` maps an item id to the quantity sent."""

    shipment_id: int
    order_id: int
    timestamp: int
    shipping_id: int
    carrier: str
    tracking_number: str
    comments: str
    products: dict[str, int]
    status: str = "P"


@dataclass(frozen=True, slots=True)
class User:
    """A user: `user_type` is `A` (administrator), `V` (of a vendor) or `C` (customer), `status` is `A` or `D`."""

    user_id: int
    email: str
    user_type: str = "A"
    status: str = "A"
    company_id: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """An order status. `inventory` is `D` where stock is taken, `I` where it is given back."""

    letter: str
    description: str
    inventory: str
    notify: bool = True


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that went out.

    `kind` is `order_status`, `order_status_department`, `order_status_vendor`, `shipment` or
    `back_in_stock`; the last has a product, the others an order.
    """

    kind: str
    order_id: int | None = None
    product_id: int | None = None
