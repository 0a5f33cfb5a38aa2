"""The client whose stock is pushed: its master setup, and how its products are named.

Light to import, as every life of a pusher does it. Not here: its orders and its warehouse (stock_world.py).
"""

from collections.abc import Mapping
from typing import Any

from npf_pipelines_tests.faults.tracking_client import DESPATCH_CODES
from npf_pipelines_tests.faults.tracking_client import SETUP as TRACKING_SETUP

KITS = {101: {1: 2}, 102: {2: 3}, 103: {3: 1}, 104: {1: 1, 4: 1}, 105: {5: 2, 6: 1}}
"""The products that are packs, an alias and kits of other products: how many of each are in one."""
HELD_ABOVE = 40
"""The total above which an order is held: that of two kits."""

SETUP: Mapping[str, Any] = TRACKING_SETUP | {
    "orders": {
        "start_date": "2020-01-01",
        "prefix": "CS",
        "statuses": ("P", "O"),
        "countries": ("Australia",),
        "skus": "platform",
        "shipping_methods": DESPATCH_CODES,
        "hold": {"total_above": HELD_ABOVE},
    },
    "tracking": {"shipped_status": "C"},
    "stock": {"quantity": "available", "negative_as_zero": True},
}
"""The master setup; each life gets the store's address and key by itself."""


def sku_of(product_id: int) -> str:
    """The code of a product."""
    return f"SKU-{product_id}"


def product_id_of(sku: str) -> int:
    """The product of a code, known without asking the store."""
    return int(sku.removeprefix("SKU-"))


WITH_BUFFERS: Mapping[str, Any] = {
    **SETUP,
    "stock": SETUP["stock"] | {"buffer": {sku_of(part): "3" for parts in KITS.values() for part in parts}},
}
"""The same with a buffer of each part that several products share."""
