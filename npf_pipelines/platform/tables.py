"""The tables of the platform's contract: columns, keys and indexes.

Times are UTC, quantities whole numbers, and every key but a shipment's begins with `client`.
Not here: how the database is opened and checked (database.py), reads and writes (gateway.py), the pipeline's own tables
(state/tables.py).
"""

import sqlalchemy as sa

from npf_pipelines.database import integer_column, text_column, time_column
from npf_pipelines.platform.additions import addition

metadata = sa.MetaData()
_SUM = sa.Numeric(16, 4)
"""A sum of money. No order is refused because a sum is too large: the store's are below a million millions."""

orders = sa.Table(
    "orders",
    metadata,
    text_column("client", primary_key=True),
    text_column("order_number", primary_key=True),
    text_column("store_order_id"),
    time_column("placed_at"),
    text_column("status"),
    sa.Column("is_test", sa.Boolean, nullable=False),
    text_column("ship_to_name"),
    text_column("company"),
    text_column("address_1"),
    text_column("address_2"),
    text_column("city"),
    text_column("state"),
    text_column("postcode"),
    text_column("country"),
    text_column("country_code"),
    text_column("phone"),
    text_column("email"),
    text_column("notes"),
    text_column("shipping_method"),
    time_column("imported_at"),
    time_column("updated_at"),
    addition("cancelled_by", sa.Text),
    addition("bill_to_name", sa.Text),
    addition("bill_to_company", sa.Text),
    addition("bill_to_address_1", sa.Text),
    addition("bill_to_address_2", sa.Text),
    addition("bill_to_city", sa.Text),
    addition("bill_to_state", sa.Text),
    addition("bill_to_postcode", sa.Text),
    addition("bill_to_country", sa.Text),
    addition("bill_to_country_code", sa.Text),
    addition("currency", sa.Text),
    addition("total", _SUM),
    addition("subtotal", _SUM),
    addition("shipping_cost", _SUM),
    addition("tax", _SUM),
    addition("discount", _SUM),
    addition("payment_method", sa.Text),
    addition("gift_message", sa.Text),
    addition("internal_note", sa.Text),
    addition("storefront_id", sa.Text),
    addition("language", sa.Text),
    addition("despatch_method", sa.Text),
    sa.Index("orders_by_status", "client", "status"),
    sa.Index("orders_by_change", "client", "updated_at"),
    sa.Index("orders_by_store_order", "client", "store_order_id"),
)

order_lines = sa.Table(
    "order_lines",
    metadata,
    text_column("client", primary_key=True),
    text_column("order_number", primary_key=True),
    text_column("line_id", primary_key=True),
    text_column("sku"),
    text_column("description"),
    integer_column("quantity"),
    integer_column("quantity_shipped"),
    sa.Column("unit_price", sa.Numeric(14, 4), nullable=False),
    addition("options", sa.Text),
    addition("tax", _SUM),
    addition("discount", _SUM),
    addition("kit_sku", sa.Text),
    addition("kit_quantity", sa.Integer),
)

shipments = sa.Table(
    "shipments",
    metadata,
    text_column("shipment_id", primary_key=True),
    text_column("client"),
    text_column("order_number"),
    text_column("carrier"),
    text_column("tracking_number"),
    text_column("tracking_url"),
    time_column("lodged_at"),
    sa.Index("shipments_by_lodgement", "client", "lodged_at"),
    sa.Index("shipments_by_order", "client", "order_number"),
)

shipment_lines = sa.Table(
    "shipment_lines",
    metadata,
    text_column("shipment_id", primary_key=True),
    text_column("sku", primary_key=True),
    integer_column("quantity"),
)

stock = sa.Table(
    "stock",
    metadata,
    text_column("client", primary_key=True),
    text_column("sku", primary_key=True),
    integer_column("on_hand"),
    time_column("updated_at"),
    sa.Index("stock_by_change", "client", "updated_at"),
)

optional_metadata = sa.MetaData()
"""Tables that a platform may lack."""

kits = sa.Table(
    "kits",
    optional_metadata,
    text_column("client", primary_key=True),
    text_column("kit_sku", primary_key=True),
    text_column("part_sku", primary_key=True),
    integer_column("quantity"),
)
