"""Orders, parcels and stock counts of the warehouse's platform, as plain data.

Not here: the tables behind them (platform/tables.py), how they are read and written (platform/gateway.py).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from npf_pipelines.domain.keys import as_label, units_by_key
from npf_pipelines.domain.text import passable_address


class OrderStatus(enum.StrEnum):
    """The stage of an order on the platform."""

    IMPORTED = "imported"
    """The pipeline has imported it."""
    READY_FOR_PROCESS = "ready_for_process"
    """Accepted and committed against stock."""
    PICKING = "picking"
    """The warehouse is picking it."""
    BACK_ORDER = "back_order"
    """It, or the rest of it, waits for stock."""
    SHIPPED = "shipped"
    """The warehouse has shipped it, in full or short."""
    CANCELLED = "cancelled"
    """The store or the warehouse has cancelled it."""

    @classmethod
    def _missing_(cls, value: object) -> "OrderStatus":
        """A word that the contract doesn't name costs its order, not its client: see `is_known`."""
        unknown = str.__new__(cls, value if isinstance(value, str) else "")
        unknown._name_, unknown._value_ = "UNKNOWN", str(unknown)
        return unknown

    @property
    def is_known(self) -> bool:
        """Whether it is a word of the contract."""
        return self._name_ != "UNKNOWN"


OPEN_STATUSES = frozenset(
    {OrderStatus.IMPORTED, OrderStatus.READY_FOR_PROCESS, OrderStatus.PICKING, OrderStatus.BACK_ORDER}
)
"""The statuses in which an order still takes stock."""


@dataclass(frozen=True)
class PlatformLine:
    """One line to pick. `line_id` is the store's item_id.

    Attributes:
        options: the shopper's choice, empty if there was none; None where it isn't known.
        tax: on the whole line as ordered in the store; None where it isn't known.
        discount: off the whole line, taken off `unit_price` already; None where it isn't known.
        kit_sku: the store's code of a line that the map of codes has replaced; None elsewhere.
        kit_quantity: the store's quantity of such a line.
    """

    line_id: str
    sku: str
    description: str
    quantity: int
    unit_price: Decimal
    options: str | None = None
    tax: Decimal | None = None
    discount: Decimal | None = None
    kit_sku: str | None = None
    kit_quantity: int | None = None


@dataclass(frozen=True)
class PlatformOrder:
    """An order as it is imported. `order_number` has the prefix, `country` is the full English name.

    The fields after the lines are optional on the platform: None where the value isn't known, because the store doesn't
    give it, the platform lacks the column, or the order was imported before the column was written.
    """

    order_number: str
    store_order_id: str
    placed_at: datetime
    is_test: bool
    ship_to_name: str
    company: str
    address_1: str
    address_2: str
    city: str
    state: str
    postcode: str
    country: str
    country_code: str
    phone: str
    email: str
    notes: str
    shipping_method: str
    lines: tuple[PlatformLine, ...]
    bill_to_name: str | None = None
    bill_to_company: str | None = None
    bill_to_address_1: str | None = None
    bill_to_address_2: str | None = None
    bill_to_city: str | None = None
    bill_to_state: str | None = None
    bill_to_postcode: str | None = None
    bill_to_country: str | None = None
    bill_to_country_code: str | None = None
    currency: str | None = None
    total: Decimal | None = None
    subtotal: Decimal | None = None
    shipping_cost: Decimal | None = None
    tax: Decimal | None = None
    discount: Decimal | None = None
    payment_method: str | None = None
    gift_message: str | None = None
    internal_note: str | None = None
    storefront_id: str | None = None
    language: str | None = None
    despatch_method: str | None = None


@dataclass(frozen=True)
class OrderState:
    """The stage of an imported order.

    `placed_at` and the fields after it say which order of the store it is (rules/identity.py).
    """

    order_number: str
    store_order_id: str
    status: OrderStatus
    is_test: bool
    imported_at: datetime
    placed_at: datetime
    email: str = field(default="", repr=False)
    ship_to_name: str = field(default="", repr=False)
    address_1: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)


CANCELLED_BY_STORE = "store"
"""Who cancelled an order: the pipeline, for the store."""


@dataclass(frozen=True)
class PlatformRecord:
    """An imported order as the platform has it now; `open_units` are still to ship, by SKU.

    `unreadable` says how it breaks the contract, so that no change follows from it; empty otherwise.
    `cancelled_by` is empty where nobody cancelled it, or the platform doesn't say who did.
    `shipped` are units by line. `parts` are the warehouse's lines where `order` has the lines that the store sold
    (rules/kits.py); empty elsewhere.
    """

    order: PlatformOrder
    status: OrderStatus
    units_shipped: int
    imported_at: datetime
    updated_at: datetime
    open_units: Mapping[str, int] = field(default_factory=dict)
    unreadable: str = ""
    cancelled_by: str = ""
    shipped: Mapping[str, int] = field(default_factory=dict)
    parts: tuple[PlatformLine, ...] = ()


@dataclass(frozen=True)
class LodgedShipment:
    """A parcel handed to the carrier, its quantities by SKU.

    Attributes:
        unreadable: what of it isn't what the contract names, so that it isn't pushed; empty otherwise.
        as_written: the parcel as the platform has it, where that isn't normalised: an earlier release pushed it so.
        kit_note: the parts in it that make no whole kit by themselves, in words (rules/kit_parcels.py).
        is_kit_open: whether the rest of such a kit is in no parcel yet.
    """

    shipment_id: str
    order_number: str
    carrier: str
    tracking_number: str
    tracking_url: str
    lodged_at: datetime
    quantities: Mapping[str, int]
    unreadable: str = ""
    as_written: "LodgedShipment | None" = None
    kit_note: str = ""
    is_kit_open: bool = False


@dataclass(frozen=True, slots=True)
class Lodgement:
    """When a shipment was lodged, and of which order it is."""

    order_number: str
    lodged_at: datetime


def normalised(shipment: LodgedShipment) -> LodgedShipment:
    """The parcel with carrier, tracking number, URL and SKUs as they are compared; lines without units are left out."""
    clean = replace(
        shipment,
        carrier=as_label(shipment.carrier),
        tracking_number=as_label(shipment.tracking_number),
        tracking_url=passable_address(as_label(shipment.tracking_url)),
        quantities=units_by_key(shipment.quantities.items()),
    )
    return clean if clean == shipment else replace(clean, as_written=shipment)


@dataclass(frozen=True, slots=True)
class StockFigure:
    """One SKU's count, and what open orders still take from it; test orders are left out.

    `unreadable` says which figure isn't a whole number, so that none of them counts; empty otherwise.
    """

    sku: str
    on_hand: int
    in_process: int
    back_orders: int
    unreadable: str = ""
