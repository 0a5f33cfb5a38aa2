"""Which of a client's orders on the platform are of its store: its other carts have orders there under other prefixes.

Ids of two carts overlap, so that an id alone proves nothing. Not here: whether two orders of the store with one id are
the same (identity.py).
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from npf_pipelines.domain.keys import units_by_key
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import PlatformOrder
from npf_pipelines.domain.sku_map import NO_MAP, SkuMap
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.identity import is_same_shopper
from npf_pipelines.rules.orders import lines_to_ship, lines_without_code

_APART = timedelta(days=1)
"""How far the times of one order may differ that was entered by hand with other goods."""
ORDERS_OF_A_PREFIX = 2
"""From how many orders on a prefix is the store's: one may have id and shopper of another cart's order by chance."""


def is_own(
    order: Order | UnreadableOrder | None, imported: PlatformOrder, own: OwnNumbers, sku_map: SkuMap = NO_MAP
) -> bool:
    """Whether an order of the platform is of the store.

    Its number is one of the store's, or it is the order that the store has under its id: of the same shopper, placed
    within a day or with the same goods. The latter finds a number that the warehouse gave by hand, maybe days later,
    and one with a prefix that is not kept.

    Args:
        order: the store's order with its store order id; None where it isn't known.
        imported: the platform's order.
        own: the numbers of the store's orders.
        sku_map: what the store's codes are in the warehouse, whose own an order entered by hand has.
    """
    if own.has(imported.order_number, imported.store_order_id):
        return True
    if not isinstance(order, Order) or not is_same_shopper(order, imported):
        return False
    return abs(order.placed_at - imported.placed_at) <= _APART or _has_same_goods(order, imported, sku_map)


def with_recognised(own: OwnNumbers, recognised: Collection[tuple[str, str]]) -> OwnNumbers:
    """The numbers, and the numbers of further orders of the store: as an earlier prefix where several orders have it.

    Args:
        own: the numbers known before.
        recognised: order number and store order id of orders that are the store's.
    """
    unknown = {(number, order_id) for number, order_id in recognised if not own.has(number, order_id)}
    counts = Counter(number.removesuffix(order_id) for number, order_id in unknown if _has_prefix(number, order_id))
    earlier = {prefix for prefix, orders in counts.items() if orders >= ORDERS_OF_A_PREFIX}
    known = replace(own, used=own.used | earlier)
    return replace(
        known, others=known.others | {number for number, order_id in unknown if not known.has(number, order_id)}
    )


def _has_same_goods(order: Order, imported: PlatformOrder, sku_map: SkuMap) -> bool:
    """Whether the platform has all units of the order, and no others; for its lines without a code it may have any."""
    sold = [(line.sku, line.quantity) for line in lines_to_ship(order)]
    in_parts = [part for sku, quantity in sold for part in sku_map.units_of(sku, quantity).items()]
    entered = units_by_key((line.sku, line.quantity) for line in imported.lines).items()

    def is_entered(units: Iterable[tuple[str, int]]) -> bool:
        ordered = units_by_key(units).items()
        return bool(ordered) and (ordered <= entered if lines_without_code(order) else ordered == entered)

    return is_entered(sold) or is_entered(in_parts)


def _has_prefix(number: str, order_id: str) -> bool:
    return bool(order_id) and number.endswith(order_id)
