"""Shipments out of the store's answers. Not here: how a single value is read (fields.py)."""

from npf_pipelines.cscart.fields import Row
from npf_pipelines.domain.store_shipments import Shipment


def parse_shipment(raw: object) -> Shipment:
    """A row of `GET /shipments`.

    Raises:
        Unreadable: naming the field.
    """
    row = Row(raw)
    products = row.row("products")
    return Shipment(
        shipment_id=row.number_id("shipment_id"),
        order_id=row.number_id("order_id"),
        shipping_id=row.optional_id("shipping_id"),
        carrier=row.text("carrier"),
        tracking_number=row.text("tracking_number"),
        comments=row.text("comments"),
        tracking_url=row.row("carrier_info").text("tracking_url"),
        quantities={item_id: products.quantity(item_id) for item_id in products.names()},
    )
