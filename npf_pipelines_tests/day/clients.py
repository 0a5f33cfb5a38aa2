"""The clients of a day whose setups have more than the usual fields: buffers, and kits by a file and by the platform.

Not here: holds and shipping methods, which the setups get later (hold_events.py, events.py).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from npf_pipelines.config.sku_file import sku_file_path
from npf_pipelines.platform.tables import kits
from npf_pipelines.sandbox.model import Product
from npf_pipelines_tests.loop import Loop

_FIRST_KIT = 901
"""The product id of the first kit."""


def more_fields(loop: Loop, number: int, client: str) -> dict[str, dict[str, Any]]:
    """The further fields of a client's setup by section; brings what they name into the world."""
    match number:
        case 0:
            return {"stock": {"buffer": "10%", "maximum": 50}}
        case 1:
            return {"orders": {"skus": _sell_kits(loop, client, "file")}}
        case 2:
            skus = _sell_kits(loop, client, "platform")
            return {"orders": {"skus": skus}, "stock": {"buffer": {"*": "5%", "DAY-SET": 1}}}
    return {}


def _sell_kits(loop: Loop, client: str, source: str) -> str:
    """A kit, a pack and an alias of products that are sold alone, too; returns where their map is."""
    store = loop.stores[client]
    single, packed, other = _parts(store.products)
    sku_map = {"DAY-SET": {single: 1, packed: 2}, "DAY-PACK": {packed: 3}, "DAY-ALIAS": {other: 1}}
    loop.floor.count(client, store.skus(), datetime.now(UTC))  # A part that isn't counted makes a map wrong.
    loop.sku_maps[client] = sku_map
    for number, code in enumerate(sku_map, _FIRST_KIT):
        store.add_product(Product(number, code, code.title(), 2500, amount=0))
    rows = [(code, part, each) for code, parts in sku_map.items() for part, each in parts.items()]
    if source == "file":
        lines = ["store_sku,warehouse_sku,quantity", *(f"{code},{part},{each}" for code, part, each in rows), ""]
        sku_file_path(loop.settings.clients, client).write_text("\n".join(lines), encoding="utf-8")
    else:
        values = [{"client": client, "kit_sku": code, "part_sku": part, "quantity": each} for code, part, each in rows]
        with loop.services.platform_engine.begin() as connection:
            connection.execute(sa.insert(kits), values)
    return source


def _parts(products: Mapping[int, Product]) -> list[str]:
    """Three codes of products that the store counts, each of a single product."""
    codes = [product.product_code.casefold() for product in products.values()]
    fitting = [
        product.product_code
        for product in products.values()
        if product.tracked and product.product_code and codes.count(product.product_code.casefold()) == 1
    ]
    return [code for code in fitting if not code.startswith("Test")][:3]
