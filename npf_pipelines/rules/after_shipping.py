"""What a shipped order lacks, compared with what the store has of it: shipped short, or added to since.

Not here: which order status follows (order_status.py).
"""

from collections import Counter
from datetime import datetime, timedelta

from npf_pipelines.domain.platform_orders import PlatformRecord
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.orders import lines_to_ship

SHORT_AFTER = timedelta(hours=1)
"""How long an order may be shipped before what it lacks counts as short: its other parcels may still be lodged."""


def lacking(order: Order, record: PlatformRecord, now: datetime) -> str:
    """What of the store's order was not shipped and will not be, by SKU, with what to do; empty if nothing.

    Units that the merchant has shipped count, too: the store has more of a SKU in shipments than the warehouse.

    Args:
        order: as the store has it now.
        record: as the platform has it, shipped.
        now: the present.
    """
    imported: Counter[str] = Counter()
    for line in record.order.lines:
        imported[line.sku] += line.quantity
    ordered: Counter[str] = Counter()
    in_store: Counter[str] = Counter()
    for item in lines_to_ship(order):
        ordered[item.sku] += item.quantity
        in_store[item.sku] += item.shipped
    is_due = now - record.updated_at > SHORT_AFTER
    short: list[str] = []
    added: list[str] = []
    for sku in sorted(ordered):
        shipped = max(imported[sku] - record.open_units.get(sku, 0), in_store[sku])
        if ordered[sku] <= shipped:
            continue
        if ordered[sku] > imported[sku]:
            added.append(f"{ordered[sku]} of {sku} ordered, {shipped} shipped")
        elif is_due:
            short.append(f"{shipped} of {sku} shipped, {ordered[sku]} ordered")
    found = []
    if short:
        found.append(
            f"shipped short: {', '.join(short)}. Lower the quantity in the store to what was shipped, "
            "or have the warehouse send the rest"
        )
    if added:
        found.append(
            f"added to in the store after shipping: {', '.join(added)}. Place another order for it, or take it off"
        )
    return "; ".join(found)


def is_short(record: PlatformRecord) -> bool:
    """Whether fewer units were shipped than were imported."""
    return any(units > 0 for units in record.open_units.values())
