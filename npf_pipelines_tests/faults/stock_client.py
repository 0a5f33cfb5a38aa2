"""The client whose stock is pushed: its master setup, and how its products are named.

Light to import, as every life of a pusher does it. Not here: its orders and its warehouse (stock_world.py).
"""

from npf_pipelines_tests.faults.tracking_client import SETUP as TRACKING_SETUP

SETUP = TRACKING_SETUP | {
    "orders": {
        "start_date": "2020-01-01",
        "prefix": "CS",
        "statuses": ("P", "O"),
        "countries": ("Australia",),
        "skus": "platform",
    },
    "tracking": {"shipped_status": "C"},
    "stock": {"quantity": "available", "negative_as_zero": True},
}
"""The master setup; each life gets the store's address and key by itself."""


KITS = {101: {1: 2}, 102: {2: 3}, 103: {3: 1}, 104: {1: 1, 4: 1}, 105: {5: 2, 6: 1}}
"""The products that are packs, an alias and kits of other products: how many of each are in one."""


def sku_of(product_id: int) -> str:
    """The code of a product."""
    return f"SKU-{product_id}"


def product_id_of(sku: str) -> int:
    """The product of a code, known without asking the store."""
    return int(sku.removeprefix("SKU-"))
