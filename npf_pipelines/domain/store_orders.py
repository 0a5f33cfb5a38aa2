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
        tax: on all units of the line, in the price or on top; None where the store doesn't say.
        discount: off all units of the line, taken off the price already; None where the store doesn't say.
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
    tax: Decimal | None = None
    discount: Decimal | None = None


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


class OrderMoney(StoreRecord):
    """The sums of an order beside its total; None for a sum that the store doesn't give, or not readably.

    Attributes:
        currency: ISO 4217.
        subtotal: the goods at the prices of their lines.
        discount: off the order as a whole, not off single lines.
        shipping_cost: without a tax on top.
        tax: all of it, whether the prices include it or not.
        tax_on_top: the part of it that the prices don't include.
        surcharge: for the way of payment.
        certificates: gift certificates that were bought; the subtotal includes them, and they have no line.
        credit: paid by gift certificates and reward points.
        unreadable: which sums can't be read, and what is wrong with them.
    """

    currency: str | None = None
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    shipping_cost: Decimal | None = None
    tax: Decimal | None = None
    tax_on_top: Decimal | None = None
    surcharge: Decimal | None = None
    certificates: Decimal | None = None
    credit: Decimal | None = None
    unreadable: tuple[str, ...] = ()


class Order(StoreRecord):
    """One order.

    Attributes:
        status: the store's letter.
        placed_at: when it was created, UTC.
        updated_at: when it was last changed, UTC; None where the store doesn't say.
        is_parent: only holds other orders together, never to be shipped (Multi-Vendor).
        notes: the customer's.
        money: the sums beside the total; None where they were not kept.
        payment_method: its name; None where the store doesn't say, as in the fields after it.
        gift_message: the shopper's, for the recipient.
        internal_note: the merchant's, which the customer doesn't see.
        language: the shopper's, as the store's code for it: `en`.
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
    money: OrderMoney | None = None
    payment_method: str | None = None
    gift_message: str | None = None
    internal_note: str | None = None
    language: str | None = None


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
