"""Orders in flight: sold by the store and not on the platform yet. Their units are not available to sell.

Not here: reading the orders of store and platform (reconcile/sales.py), the amount to push (stock.py).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from npf_pipelines.domain.outcomes import Decision
from npf_pipelines.domain.sku_map import NO_MAP, SkuMap
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.orders import OrderFilter, decide, is_test, lines_to_ship
from npf_pipelines.rules.shipped_before import left_to_ship


@dataclass(frozen=True)
class InFlightRule:
    """Which orders count as in flight while the platform doesn't have them, or has them as cancelled.

    Attributes:
        orders: the client's order rules, widened to every status that takes stock and isn't final.
        taking: the letters of the statuses in which the store has taken an order's stock.
        sku_map: what the store's codes are in the warehouse.
    """

    orders: OrderFilter
    taking: frozenset[str]
    sku_map: SkuMap = NO_MAP

    @property
    def listed(self) -> frozenset[str]:
        """The status letters of all orders that matter: in flight, or taken off the store's amounts."""
        return self.orders.statuses | self.taking


def in_flight_rule(orders: OrderFilter, sku_map: SkuMap = NO_MAP) -> InFlightRule:
    """The rule of a client, by its order rules and the meanings of its store's statuses."""
    taking = orders.meanings.taking
    return InFlightRule(replace(orders, statuses=orders.statuses | (taking - orders.meanings.final)), taking, sku_map)


def is_in_flight(order: Order | UnreadableOrder, rule: InFlightRule) -> bool:
    """Whether an order that the platform doesn't have will be imported, is held, or is set aside for review.

    Orders that are never imported (other countries, pick-ups, downloads, completed elsewhere) don't count: their
    number would grow for ever. An order that can't be read has no lines to count.
    """
    if isinstance(order, UnreadableOrder) or is_test(order):
        return False
    return decide(order, rule.orders, imported=False).decision is not Decision.REJECTED


def units_by_sku(orders: Iterable[Order | UnreadableOrder], rule: InFlightRule) -> Counter[str]:
    """The units that the orders in flight hold, by the warehouse's SKU; other orders are left out."""
    units: Counter[str] = Counter()
    for order in orders:
        if isinstance(order, Order) and is_in_flight(order, rule):
            for line in lines_to_ship(left_to_ship(order)):
                units.update(rule.sku_map.units_of(line.sku, line.quantity))
    return units


def units_taken(orders: Iterable[Order | UnreadableOrder], rule: InFlightRule) -> Counter[tuple[str, str]]:
    """The units that the store has taken off its own amounts for the orders, by product_id and SKU."""
    units: Counter[tuple[str, str]] = Counter()
    for order in orders:
        if isinstance(order, Order) and order.status in rule.taking:
            for line in order.lines:
                units[line.product_id, line.sku] += line.quantity
    return units
