"""Orders of a store as plain data: the allow-list of the fields that are kept.

An order detail carries other people's secrets: the merchant's carrier accounts and passwords, payment data, the
customer's IP address. A field that isn't named here is never kept.
Not here: how an order is parsed (cscart/order_parser.py).
"""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

PICK_UP = "store_locator"
"""The module of a shipping method by which the shopper fetches the goods from the shop (documented)."""


class StoreRecord(BaseModel):
    """The kept fields of a record of the store: its class names them."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OrderLine(StoreRecord):
    """One line of an order; a SKU can be on several.

    Attributes:
        item_id: the line's key in the store, a cart hash; it can change when the merchant edits the order (inferred).
        sku: the product code without blanks around it; empty if the product has none.
        is_download: nothing to ship.
        shipped: units in the store's shipments so far.
        to_ship: units the store still has to ship; None if it doesn't say.
        options: the shopper's choices and texts, "Size: L; Engraving: With love"; None where it was not kept.
        is_pick_up: the shopper fetches it from the shop: the shipping of its group is a pick-up.
    """

    item_id: str
    product_id: str
    sku: str
    description: str
    quantity: int
    price: Decimal
    is_download: bool
    shipped: int
    to_ship: int | None
    options: str | None = None
    is_pick_up: bool = False


class Address(StoreRecord):
    """Where goods or a bill go.

    Attributes:
        state: the store's code of the state, or its name where there is no code.
        country_code: ISO 3166, two letters.
        country: the store's own name of the country.
    """

    name: str
    address_1: str
    address_2: str
    city: str
    county: str
    state: str
    postcode: str
    country_code: str
    country: str
    phone: str


class ShippingMethod(StoreRecord):
    """A shipping method chosen for an order, or for a part of it.

    Attributes:
        shipping_id: None where the store doesn't name it (documented).
        module: what computes the rate; `store_locator` is a pick-up (documented). Empty for a plain method.
    """

    shipping_id: str | None
    name: str
    module: str
    needs_shipment: bool


class Order(StoreRecord):
    """One order.

    Attributes:
        status: the store's letter.
        placed_at: when it was created, UTC.
        updated_at: when it was last changed, UTC; None where the store doesn't say.
        is_parent: only holds other orders together, never to be shipped (Multi-Vendor).
        notes: the customer's.
    """

    order_id: str
    status: str
    placed_at: datetime
    updated_at: datetime | None = None
    is_parent: bool
    parent_order_id: str | None
    company_id: str
    storefront_id: str
    total: Decimal
    email: str
    phone: str
    company: str
    notes: str
    ship_to: Address
    bill_to: Address
    shipping: tuple[ShippingMethod, ...]
    shipment_ids: tuple[str, ...]
    lines: tuple[OrderLine, ...]


class UnreadableOrder(StoreRecord):
    """An order that can't be read, with as much of it as could be.

    Attributes:
        status: the store's letter; empty if even that isn't readable.
        reason: the field and what is wrong with it.
    """

    order_id: str | None
    status: str
    placed_at: datetime | None
    reason: str


class OrderStub(StoreRecord):
    """The fields of an order that every list has.

    Attributes:
        status: the store's letter.
        placed_at: when it was created, UTC.
    """

    order_id: str
    status: str
    placed_at: datetime
