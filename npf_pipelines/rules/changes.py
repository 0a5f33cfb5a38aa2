"""Updates of orders that the store's lists hide, or whose id another order of the store has.

The lists hide incomplete orders and Multi-Vendor parents (documented), so an order that isn't listed may still exist.
Not here: edits and cancellations of orders that it lists (after_import.py).
"""

from collections.abc import Sequence
from datetime import datetime

from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderState, OrderStatus, PlatformRecord
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.after_import import Action, UpdatePlan, plan_update, stop
from npf_pipelines.rules.identity import is_same_order
from npf_pipelines.rules.orders import OrderFilter
from npf_pipelines.rules.shipped_before import as_ordered_here
from npf_pipelines.rules.status_meaning import INCOMPLETE, PARENT
from npf_pipelines.rules.unfit_edits import unless_unfit


def plan_order_update(
    order: Order | UnreadableOrder | None,
    record: PlatformRecord,
    prefix: str,
    criteria: OrderFilter,
    now: datetime,
    *,
    children: Sequence[OrderState] = (),
) -> UpdatePlan:
    """Compare an order of the store, hidden orders included, with the platform's record of it.

    Args:
        order: the store's present order of this id; None when the store no longer has it.
        record: the platform's.
        prefix: the client's order prefix.
        criteria: the client's order rules.
        now: the present time.
        children: the platform's child orders of a Multi-Vendor parent.
    """
    if isinstance(order, Order) and not record.unreadable:
        if not is_same_order(order, record.order):
            differs = "the store has another order under this id now: use a client id of its own for a new shop"
            return UpdatePlan(Action.REPORT if record.status in OPEN_STATUSES else Action.NOTHING, differs)
        if is_parent(order):
            return _parent(record, children)
        if order.status == INCOMPLETE:
            return stop(record, "the order has become incomplete in the store")
        order = as_ordered_here(order, record)
        plan = plan_update(order, record, prefix, criteria.meanings, now)
        return unless_unfit(plan, order, record, criteria)
    return plan_update(order, record, prefix, criteria.meanings, now)


def is_parent(order: Order | UnreadableOrder | None) -> bool:
    """Whether it is a Multi-Vendor parent, of which only the children are shipped."""
    return isinstance(order, Order) and (order.is_parent or order.status == PARENT)


def _parent(record: PlatformRecord, children: Sequence[OrderState]) -> UpdatePlan:
    numbers = sorted(child.order_number for child in children if child.status is not OrderStatus.CANCELLED)
    if numbers:
        listed = ", ".join(numbers)
        return stop(record, f"the store has split the order, and its child orders are here as {listed}")
    differs = "the store has split the order, and none of its child orders is on the platform"
    return UpdatePlan(Action.REPORT if record.status in OPEN_STATUSES else Action.NOTHING, differs)
