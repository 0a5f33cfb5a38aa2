"""The despatch code of an order that is imported, or that an edit overwrites.

An imported order keeps its code while the store keeps its shipping method: a changed map holds for new orders.
Not here: the map itself (despatch.py), which edits there are (after_import.py).
"""

from dataclasses import replace

from npf_pipelines.domain.platform_orders import PlatformOrder, PlatformRecord
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.after_import import Action, UpdatePlan
from npf_pipelines.rules.despatch import DespatchMap, NoDespatchCode
from npf_pipelines.rules.orders import NotShippable


def despatched(translated: PlatformOrder, order: Order, despatch: DespatchMap | None) -> PlatformOrder:
    """A new order of the platform with its despatch code.

    Raises:
        NotShippable: the client's map has none for it.
    """
    if despatch is None:
        return translated
    try:
        return replace(translated, despatch_method=despatch.code_of(order.shipping))
    except NoDespatchCode as error:
        raise NotShippable(str(error)) from None


def despatched_update(
    plan: UpdatePlan, order: Order | UnreadableOrder | None, record: PlatformRecord, despatch: DespatchMap | None
) -> UpdatePlan:
    """A plan whose order has its despatch code; a report where the client's map has none for a changed method.

    Args:
        plan: what to do with the order.
        order: the store's present order.
        record: the platform's.
        despatch: the client's map; None if it has none.
    """
    if plan.order is None or not isinstance(order, Order):
        return plan
    before = record.order
    is_unchanged = plan.order.shipping_method == before.shipping_method
    if is_unchanged and (before.despatch_method or plan.step is Action.UPDATE):
        return plan
    if despatch is None:  # A code of a map that is gone doesn't fit another method.
        return replace(plan, order=replace(plan.order, despatch_method="" if before.despatch_method else None))
    try:
        return replace(plan, order=despatched(plan.order, order, despatch))
    except NotShippable as error:
        return UpdatePlan(Action.REPORT, f"{plan.differs}: {error}")
