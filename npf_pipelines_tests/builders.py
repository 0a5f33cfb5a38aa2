"""Plain data for tests: an order, a shipment, a product, each whole, with only what matters to a test named there.

Not here: what comes from a store or a database.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as arrow

from npf_pipelines.domain.platform_orders import LodgedShipment, PlatformLine, PlatformOrder
from npf_pipelines.domain.products import Product
from npf_pipelines.domain.store_orders import Address, Order, OrderLine, ShippingMethod
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines.lake.table import Table
from npf_pipelines.rules.orders import OrderFilter
from npf_pipelines.rules.status_meaning import StatusMeanings

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When everything happens that has no other time."""

ADDRESS = Address(
    name="Ann Lee",
    address_1="1 High St",
    address_2="",
    city="Sydney",
    county="",
    state="NSW",
    postcode="2000",
    country_code="AU",
    country="Australia",
    phone="0299999999",
)
NO_ADDRESS = Address(**dict.fromkeys(Address.model_fields, ""))


def line(item_id: str = "1", sku: str = "KITE", quantity: int = 1, **changes: Any) -> OrderLine:
    """A line of a store's order."""
    usual: dict[str, Any] = {
        "item_id": item_id,
        "product_id": "11",
        "sku": sku,
        "description": sku.title(),
        "quantity": quantity,
        "price": Decimal("12.50"),
        "is_download": False,
        "shipped": 0,
        "to_ship": quantity,
    }
    return OrderLine(**usual | changes)


def order(*lines: OrderLine, **changes: Any) -> Order:
    """A store's order for a kite, paid, to Sydney."""
    usual: dict[str, Any] = {
        "order_id": "1000012",
        "status": "P",
        "placed_at": NOON,
        "is_parent": False,
        "parent_order_id": None,
        "company_id": "1",
        "storefront_id": "1",
        "total": Decimal("12.50"),
        "email": "ann@example.com",
        "phone": "0288888888",
        "company": "",
        "notes": "",
        "ship_to": ADDRESS,
        "bill_to": ADDRESS,
        "shipping": (shipping(),),
        "shipment_ids": (),
        "lines": lines or (line(),),
    }
    return Order(**usual | changes)


def criteria(**changes: Any) -> OrderFilter:
    """A client's order rules: paid orders to everywhere."""
    meanings = StatusMeanings(wanted=frozenset("P"))
    usual: dict[str, Any] = {
        "start": NOON,
        "statuses": meanings.wanted,
        "countries": None,
        "status_names": {},
        "meanings": meanings,
    }
    return OrderFilter(**usual | changes)


def shipping(name: str = "Post", module: str = "") -> ShippingMethod:
    """A shipping method of an order."""
    return ShippingMethod(shipping_id="1", name=name, module=module, needs_shipment=True)


def shipment(shipment_id: str = "1", tracking_number: str = "T1", /, **quantities: int) -> Shipment:
    """A store's shipment; quantities by item_id, as `i1=2`, for an item_id is no name."""
    return Shipment(
        shipment_id=shipment_id,
        order_id="1000012",
        shipping_id="1",
        carrier="aup",
        tracking_number=tracking_number,
        comments="",
        tracking_url="",
        quantities=quantities,
    )


def lodged(shipment_id: str = "S1", tracking_number: str = "T1", **changes: Any) -> LodgedShipment:
    """A parcel of the platform with one kite in it."""
    usual: dict[str, Any] = {
        "shipment_id": shipment_id,
        "order_number": "CS1000012",
        "carrier": "Australia Post",
        "tracking_number": tracking_number,
        "tracking_url": f"https://track.example/{tracking_number}",
        "lodged_at": NOON,
        "quantities": {"KITE": 1},
    }
    return LodgedShipment(**usual | changes)


def product(product_id: str = "11", sku: str = "KITE", amount: int = 5, tracking: str | None = "B") -> Product:
    """A store's product."""
    return Product(product_id=product_id, sku=sku, amount=amount, tracking=tracking, status="A")


def platform_line(line_id: str = "1", sku: str = "KITE", quantity: int = 1) -> PlatformLine:
    """A line to pick."""
    return PlatformLine(line_id, sku, sku.title(), quantity, Decimal("12.50"))


def platform_order(number: str = "CS1", *lines: PlatformLine, **changes: Any) -> PlatformOrder:
    """An order as it is imported; the store's order id is the number without its letters."""
    usual: dict[str, Any] = {
        "order_number": number,
        "store_order_id": number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "placed_at": NOON,
        "is_test": False,
        "ship_to_name": "Ann Lee",
        "company": "",
        "address_1": "1 High St",
        "address_2": "",
        "city": "Sydney",
        "state": "NSW",
        "postcode": "2000",
        "country": "Australia",
        "country_code": "AU",
        "phone": "0299999999",
        "email": "ann@example.com",
        "notes": "",
        "shipping_method": "Post",
        "lines": lines or (platform_line(),),
    }
    return PlatformOrder(**usual | changes)


def row(table: Table, **changes: Any) -> dict[str, Any]:
    """A row of a table of the lake, without the partition's columns; every column filled."""
    usual = {
        name: _cell(name, column)
        for name, column in table.schema.columns.items()
        if name not in table.partition_columns
    }
    return usual | changes


def _cell(name: str, column: Any) -> Any:
    for check in column.checks:
        return min(check.statistics["allowed_values"])
    return _value(name, column.dtype.type.pyarrow_dtype)


def _value(name: str, kind: arrow.DataType) -> Any:
    values = {"string": f"some {name}", "int64": 3, "bool": True, "date32[day]": NOON.date()}
    values["timestamp[us, tz=UTC]"] = NOON
    if arrow.types.is_decimal(kind):
        return Decimal("12.5000")
    if arrow.types.is_struct(kind):
        return {field.name: _value(name, field.type) for field in kind}
    return [] if arrow.types.is_list(kind) else values[str(kind)]
