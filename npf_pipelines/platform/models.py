"""What the gateway takes and gives, as plain data.

Not here: the tables behind it (tables.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from npf_pipelines.platform.tables import OrderStatus
from npf_pipelines.rules.keys import as_label, units_by_key


@dataclass(frozen=True)
class PlatformLine:
    """One line to pick. `line_id` is the store's item_id."""

    line_id: str
    sku: str
    description: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True)
class PlatformOrder:
    """An order as it is imported. `order_number` has the prefix, `country` is the full English name."""

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


@dataclass(frozen=True)
class OrderState:
    """Where an imported order stands."""

    order_number: str
    store_order_id: str
    status: OrderStatus
    is_test: bool
    imported_at: datetime


@dataclass(frozen=True)
class PlatformRecord:
    """An imported order as the platform has it now; `open_units` are those still to ship, by SKU."""

    order: PlatformOrder
    status: OrderStatus
    units_shipped: int
    imported_at: datetime
    updated_at: datetime
    open_units: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LodgedShipment:
    """A parcel handed to the carrier, its quantities by SKU.

    Attributes:
        as_written: the parcel as the platform has it, where that isn't normalised: an earlier release pushed it so.
    """

    shipment_id: str
    order_number: str
    carrier: str
    tracking_number: str
    tracking_url: str
    lodged_at: datetime
    quantities: Mapping[str, int]
    as_written: "LodgedShipment | None" = None


def normalised(shipment: LodgedShipment) -> LodgedShipment:
    """The parcel with carrier, tracking number, URL and SKUs as they are compared; lines without units are left out."""
    clean = replace(
        shipment,
        carrier=as_label(shipment.carrier),
        tracking_number=as_label(shipment.tracking_number),
        tracking_url=as_label(shipment.tracking_url),
        quantities=units_by_key(shipment.quantities.items()),
    )
    return clean if clean == shipment else replace(clean, as_written=shipment)


@dataclass(frozen=True, slots=True)
class StockFigure:
    """One SKU's count, and what open orders still take from it; test orders are left out."""

    sku: str
    on_hand: int
    in_process: int
    back_orders: int
