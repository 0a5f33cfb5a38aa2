"""Whether the store's shipments of orders with kits hold what was lodged, by plain counting.

Not here: orders without kits, and all other differences (agreement.py).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from npf_pipelines.platform.tables import orders, shipment_lines, shipments
from npf_pipelines.sandbox.store import SandboxStore

Parts = Mapping[str, Mapping[str, int]]
"""Units of each of the warehouse's codes in one of a store's code."""


def parts_of(sku: str, quantity: int, sku_map: Parts) -> Counter[str]:
    """The units of the warehouse's codes in some units of a store's code."""
    return Counter({part: each * quantity for part, each in sku_map.get(sku, {sku: 1}).items()})


def has_kits(store: SandboxStore, order_id: int, sku_map: Parts) -> bool:
    """Whether an order of the store has a code of the map."""
    return any(line.product_code in sku_map for line in store.orders[order_id].lines)


def kit_disagreements(client: str, store: SandboxStore, engine: sa.Engine, sku_map: Parts) -> Iterator[str]:
    """Units of orders with kits that are too many in the store, or missing although they were lodged whole."""
    for order_id, lodged in _lodged(client, engine).items() if sku_map else ():
        if not has_kits(store, order_id, sku_map):
            continue
        lines = {line.item_id: line for line in store.orders[order_id].lines}
        shipped, sent = store.shipped(order_id), Counter[str]()
        for item_id, units in shipped.items():
            sent += parts_of(lines[item_id].product_code, units, sku_map)
        if more := sent - lodged:
            yield f"the store has more of order {order_id} in shipments than was lodged: {dict(more)}"
        for item_id, line in lines.items():
            is_due = shipped.get(item_id, 0) < line.amount
            if is_due and parts_of(line.product_code, 1, sku_map) <= lodged - sent:
                yield f"{line.product_code} of order {order_id} was lodged whole, and the store doesn't have it"


def _lodged(client: str, engine: sa.Engine) -> Mapping[int, Counter[str]]:
    """The units in all parcels of each order, by the store's order id."""
    on_order = (orders.c.client == shipments.c.client) & (orders.c.order_number == shipments.c.order_number)
    query = (
        sa.select(orders.c.store_order_id, shipment_lines.c.sku, shipment_lines.c.quantity)
        .join_from(shipments, orders, on_order)
        .join(shipment_lines, shipment_lines.c.shipment_id == shipments.c.shipment_id)
        .where(shipments.c.client == client)
    )
    units: defaultdict[int, Counter[str]] = defaultdict(Counter)
    with engine.connect() as connection:
        for store_order_id, sku, quantity in connection.execute(query):
            units[int(store_order_id)][sku.strip()] += quantity
    return units
