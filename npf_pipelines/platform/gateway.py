"""The gateway to NPF's platform, put together from its parts.

Not here: the parts, a file for each purpose; the tables (tables.py); any decision on what is imported (rules/).
"""

from npf_pipelines.platform.kit_reads import KitReads
from npf_pipelines.platform.order_changes import OrderChanges
from npf_pipelines.platform.order_imports import OrderImports
from npf_pipelines.platform.order_reads import OrderReads
from npf_pipelines.platform.shipment_reads import ShipmentReads
from npf_pipelines.platform.stock_reads import StockReads
from npf_pipelines.platform.unknown_skus import UnknownSkus


class Platform(OrderImports, OrderChanges, OrderReads, ShipmentReads, StockReads, UnknownSkus, KitReads):
    """NPF's platform behind an SQLAlchemy engine."""
