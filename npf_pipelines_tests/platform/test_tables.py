"""Tests of npf_pipelines.platform.tables."""

from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderStatus
from npf_pipelines.platform.tables import metadata


def test_every_key_begins_with_the_client() -> None:
    keys = {table.name: [column.name for column in table.primary_key] for table in metadata.sorted_tables}
    assert keys == {
        "orders": ["client", "order_number"],
        "order_lines": ["client", "order_number", "line_id"],
        # A shipment's number is the platform's own, unique over all clients.
        "shipments": ["shipment_id"],
        "shipment_lines": ["shipment_id", "sku"],
        "stock": ["client", "sku"],
    }


def test_an_order_takes_stock_until_it_is_shipped_or_cancelled() -> None:
    assert set(OrderStatus) - OPEN_STATUSES == {OrderStatus.SHIPPED, OrderStatus.CANCELLED}
