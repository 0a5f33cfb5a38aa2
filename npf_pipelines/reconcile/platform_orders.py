"""One day's orders of a client, brought onto the platform and kept in agreement with the store.

New orders are imported; others follow the store's edits and cancellations until the warehouse begins with them, and
later differences are reported to a person. Not here: the decisions (rules/orders.py, rules/after_import.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderState, OrderStatus, PlatformOrder, PlatformRecord
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.order_imports import ImportOutcome, ImportResult
from npf_pipelines.reconcile.orders_of_day import AGREES, DayOutcome, Limit, OrderRow, OrdersOfDay, held_row
from npf_pipelines.rules.after_import import Action, UpdatePlan
from npf_pipelines.rules.changes import is_parent, plan_order_update
from npf_pipelines.rules.despatch_updates import despatched, despatched_update
from npf_pipelines.rules.identity import imported_twice
from npf_pipelines.rules.imports import order_number, platform_order
from npf_pipelines.rules.kits import in_parts, map_at_import
from npf_pipelines.rules.mass_changes import is_old
from npf_pipelines.rules.orders import NotShippable, is_test, lines_to_ship
from npf_pipelines.rules.shipped_before import as_ordered_here, left_to_ship

_IMPORTS_PER_CHECK = 100
"""Orders that are imported between two checks whether the platform may be written: a fraction of a second's work."""


def reconcile_orders(platform: Platform, day: OrdersOfDay) -> DayOutcome:
    """Import new orders, and update the others from the store.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    known = {record.order.store_order_id for record in day.records.values()}
    new = [order for order in day.accepted if order.order_id not in known]
    outcome = DayOutcome([])
    outcome.rows += import_orders(platform, day, _to_import_now(new, day, outcome))
    plans = _update_plans(platform, day)
    resumed = _to_resume(day.records, plans)
    twice = imported_twice(day.records.values())
    # A number that was refused just now because another order of the store has it is no order that went missing.
    numbers = {order_number(day.prefix, order.order_id) for order in new}
    for number, record in sorted(day.records.items()):
        if record.order.store_order_id not in day.pulled and number in numbers:
            continue
        plan = plans[number]
        if plan.step is Action.CANCEL and day.limit:
            _leave_cancellation(record, plan.differs, day.limit, outcome)
        else:
            said = _OTHER_NUMBER if _is_other_number(record, day.records, resumed) else twice.get(number, "")
            outcome.rows.append(_updated(platform, day, record, plan, said))
    outcome.rows = _naming_unknown_skus(platform, day, outcome.rows)
    return outcome


def import_orders(platform: Platform, day: OrdersOfDay, new: Sequence[PlatformOrder]) -> list[OrderRow]:
    """Import orders that are new, also old ones that were left."""
    to_write = [order for order in new if day.writes.allow(is_test=order.is_test)]
    results: dict[str, ImportResult] = {}
    held: set[str] = set()
    for batch in chunked(to_write, _IMPORTS_PER_CHECK):
        day.check_write()
        held.update(day.held_now())
        may_go = [order for order in batch if order.store_order_id not in held]
        results |= platform.import_orders(day.client, may_go, day.now, day.own)
        for order in may_go:
            if results[order.order_number].outcome is ImportOutcome.IMPORTED:
                day.note_import(order)
    # An order held since it was accepted gets no row: the next run decides on it again.
    return [_import_row(order, results.get(order.order_number)) for order in new if order.store_order_id not in held]


def finish_cancellations(
    platform: Platform, day: OrdersOfDay, left: Sequence[tuple[PlatformRecord, str]]
) -> list[OrderRow]:
    """Cancel the orders that were left."""
    return [_updated(platform, day, record, UpdatePlan(Action.CANCEL, reason), "") for record, reason in left]


def _to_import_now(new: Sequence[Order], day: OrdersOfDay, outcome: DayOutcome) -> list[PlatformOrder]:
    """The new orders to import now: neither left nor held, and fit for the platform."""
    now: list[PlatformOrder] = []
    for order in new:
        try:
            whole = despatched(platform_order(left_to_ship(order), day.prefix), order, day.criteria.despatch)
            translated = in_parts(whole, day.sku_map)
        except NotShippable as error:
            number = order_number(day.prefix, order.order_id)
            outcome.rows.append(OrderRow(order.order_id, number, OrderOutcome.REFUSED, str(error), None))
            continue
        if not _is_left(order, translated, day, outcome):
            now.append(translated)
    return now


def _is_left(order: Order, left: PlatformOrder, day: OrdersOfDay, outcome: DayOutcome) -> bool:
    """Whether a new order is old enough to be left, or held, and noted so."""
    if day.limit is None or not is_old(order, day.limit.last_good_pull):
        return False
    if reason := day.limit.held().get(left.order_number):
        outcome.rows.append(held_row(left, None, reason))
        return True
    if left.order_number in day.limit.released() or left.order_number in day.limit.planned():
        return False
    outcome.imports.append(left)
    return True


def _leave_cancellation(record: PlatformRecord, differs: str, limit: Limit, outcome: DayOutcome) -> None:
    if reason := limit.held().get(record.order.order_number):
        outcome.rows.append(held_row(record.order, record.imported_at, reason))
    else:
        outcome.cancellations.append((record, differs))


def _children(platform: Platform, day: OrdersOfDay) -> Mapping[str, Sequence[OrderState]]:
    """The platform's child orders of the parents that it has, by the parent's store order id."""
    parents = [
        record.order.store_order_id
        for record in day.records.values()
        if is_parent(day.pulled.get(record.order.store_order_id))
    ]
    ids = {child for parent in parents for child in day.children.get(parent, ())}
    states = platform.states_of(day.client, ids, day.own) if ids else {}
    return {
        parent: [state for child in day.children.get(parent, ()) for state in states.get(child, ())]
        for parent in parents
    }


def _update_plans(platform: Platform, day: OrdersOfDay) -> Mapping[str, UpdatePlan]:
    """The update plan of each order of the platform, by its number."""
    children = _children(platform, day)
    plans: dict[str, UpdatePlan] = {}
    for number, record in day.records.items():
        order_id = record.order.store_order_id
        order = day.pulled.get(order_id)
        plan = plan_order_update(order, record, day.prefix, day.criteria, day.now, children=children.get(order_id, ()))
        plans[number] = despatched_update(plan, order, record, day.criteria.despatch)
    return plans


def _to_resume(records: Mapping[str, PlatformRecord], plans: Mapping[str, UpdatePlan]) -> Mapping[str, str]:
    """The one number under which each order that goes on again is taken up, by the store order id.

    Of several numbers it is the one imported first; none where the order is on the platform under a number that isn't
    cancelled.
    """
    going_on = {
        record.order.store_order_id for record in records.values() if record.status is not OrderStatus.CANCELLED
    }
    resumed: dict[str, str] = {}
    for number, record in sorted(records.items(), key=lambda item: (item[1].imported_at, item[0])):
        if plans[number].step is Action.RESUME and record.order.store_order_id not in going_on:
            resumed.setdefault(record.order.store_order_id, number)
    return resumed


def _is_other_number(record: PlatformRecord, records: Mapping[str, PlatformRecord], resumed: Mapping[str, str]) -> bool:
    """Whether a cancelled order is on the platform under another number, too, or is taken up under it now."""
    order_id, number = record.order.store_order_id, record.order.order_number
    return record.status is OrderStatus.CANCELLED and (
        resumed.get(order_id, number) != number
        or any(
            other.order.store_order_id == order_id and other.status is not OrderStatus.CANCELLED
            for other in records.values()
        )
    )


def _import_row(order: PlatformOrder, result: ImportResult | None) -> OrderRow:
    order_id = order.store_order_id
    if result is None:
        return OrderRow(order_id, order.order_number, OrderOutcome.PLANNED, "would be imported", None)
    if result.outcome is ImportOutcome.REFUSED:
        return OrderRow(order_id, order.order_number, OrderOutcome.REFUSED, result.reason, None)
    return OrderRow(order_id, result.order_number, OrderOutcome.IMPORTED, AGREES, result.imported_at)


def _updated(
    platform: Platform, day: OrdersOfDay, record: PlatformRecord, plan: UpdatePlan, other_numbers: str
) -> OrderRow:
    order_id, number = record.order.store_order_id, record.order.order_number
    if other_numbers and plan.step in {Action.NOTHING, Action.REPORT, Action.RESUME}:
        outcome = OrderOutcome.CANCELLED if record.status is OrderStatus.CANCELLED else OrderOutcome.DIFFERS
        return OrderRow(order_id, number, outcome, other_numbers, record.imported_at)
    if plan.step is Action.RESUME and (order_id in day.held or order_id in day.held_now()):
        return OrderRow(order_id, number, OrderOutcome.CANCELLED, _HELD_CANCELLED, record.imported_at)
    outcome, reason = _carried_out(platform, day, record, plan)
    return OrderRow(order_id, number, outcome, reason, record.imported_at)


def _carried_out(
    platform: Platform, day: OrdersOfDay, record: PlatformRecord, plan: UpdatePlan
) -> tuple[OrderOutcome, str]:
    if plan.step is Action.REPORT:
        return OrderOutcome.DIFFERS, plan.differs
    if plan.step is Action.NOTHING:
        outcome, agrees = _AGREED[record.status is OrderStatus.CANCELLED]
        if record.order.store_order_id not in day.pulled:
            return outcome, "gone from the store"
        return outcome, plan.differs or agrees
    becomes_real = plan.order is not None and not plan.order.is_test
    if not day.writes.allow(is_test=record.order.is_test and not becomes_real):
        return OrderOutcome.PLANNED, f"would be {_WOULD_BE[plan.step]}: {plan.differs}"
    if _write(platform, day, record, plan):
        return _AGREED[plan.step is Action.CANCEL]
    return OrderOutcome.DIFFERS, f"{plan.differs}; the warehouse has just gone on with it"


def _write(platform: Platform, day: OrdersOfDay, record: PlatformRecord, plan: UpdatePlan) -> bool:
    """Whether the platform still had the order as it was seen, so that the write was made."""
    day.check_write()
    order = plan.order and in_parts(
        plan.order, map_at_import(record, day.sku_map, {line.sku for line in plan.order.lines})
    )
    match plan.step:
        case Action.UPDATE if order:
            return platform.update_order(day.client, order, record, day.now)
        case Action.RESUME if order:
            return platform.resume_order(day.client, order, record, day.now)
        case _:
            return platform.cancel_order(day.client, record, day.now)


_WOULD_BE = {Action.CANCEL: "cancelled", Action.UPDATE: "updated", Action.RESUME: "taken up again"}


def _naming_unknown_skus(platform: Platform, day: OrdersOfDay, rows: list[OrderRow]) -> list[OrderRow]:
    """The rows, each saying which SKUs of its order the warehouse can't pick because it doesn't know them."""
    skus: dict[str, set[str]] = {}
    for row in rows:
        order, record = day.pulled.get(row.order_id), day.records.get(row.order_number)
        is_open = row.outcome in _TO_BE_PICKED and (record is None or record.status in OPEN_STATUSES)
        if is_open and isinstance(order, Order) and not is_test(order):
            asked_for = as_ordered_here(order, record) if record else left_to_ship(order)
            sold = {line.sku for line in lines_to_ship(asked_for)}
            known = map_at_import(record, day.sku_map, sold) if record else day.sku_map
            skus[row.order_number] = {part for sku in sold for part in known.parts_of(sku)}
    unknown = platform.skus_not_counted(day.client, set[str]().union(*skus.values())) if skus else set()
    named = {number: ", ".join(sorted(found)) for number, all_skus in skus.items() if (found := all_skus & unknown)}
    return [
        replace(row, reason=f"{row.reason}; {_UNKNOWN_TO_THE_WAREHOUSE} {named[row.order_number]}")
        if row.order_number in named
        else row
        for row in rows
    ]


_TO_BE_PICKED = frozenset({OrderOutcome.IMPORTED, OrderOutcome.PLANNED})
_UNKNOWN_TO_THE_WAREHOUSE = "the warehouse has no stock row of"
_HELD_CANCELLED = "cancelled on the platform, and held before it is taken up again"
_OTHER_NUMBER = "cancelled on the platform; it has the store's order under another number, too"
_AGREED = {
    False: (OrderOutcome.IMPORTED, AGREES),
    True: (OrderOutcome.CANCELLED, "cancelled in the store and on the platform"),
}
