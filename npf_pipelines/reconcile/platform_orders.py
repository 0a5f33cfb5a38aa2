"""One day's orders of a client, brought onto the platform and kept in agreement with the store.

New ones are imported; those that are there follow the store's edits and cancellations while the warehouse has not
begun with them, and are told to a person afterwards. Not here: the decisions (rules/orders.py, rules/after_import.py).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderState, OrderStatus, PlatformOrder, PlatformRecord
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.platform.gateway import ImportOutcome, ImportResult, Platform
from npf_pipelines.rules.after_import import Action, UpdatePlan
from npf_pipelines.rules.changes import is_parent, plan_order_update
from npf_pipelines.rules.identity import imported_twice
from npf_pipelines.rules.imports import order_number, platform_order
from npf_pipelines.rules.mass_changes import is_old
from npf_pipelines.rules.orders import NotShippable, is_test, lines_to_ship
from npf_pipelines.rules.shipped_before import as_ordered_here, left_to_ship
from npf_pipelines.rules.status_meaning import StatusMeanings


@dataclass(frozen=True)
class OrderRow:
    """The outcome for one order, by its numbers in store and platform."""

    order_id: str
    order_number: str
    outcome: OrderOutcome
    reason: str
    imported_at: datetime | None


@dataclass(frozen=True)
class OrdersOfDay:
    """What store and platform have of one client's day.

    Attributes:
        client: the client's id.
        prefix: its order prefix.
        accepted: the orders that the rules accept.
        pulled: all orders that the store has, by its order id; those that its list hides but that were asked for, too.
        records: all that the platform has of them or of the day, by order number.
        now: what becomes `imported_at` and `updated_at`.
        meanings: what the statuses of the client's store mean.
        dry_run: whether the platform is only compared, and nothing written.
        children: the ids of a Multi-Vendor parent's child orders, by the parent's id.
        limit: what is held back for a person; None where nothing is.
    """

    client: str
    prefix: str
    accepted: Sequence[Order]
    pulled: Mapping[str, Order | UnreadableOrder]
    records: Mapping[str, PlatformRecord]
    now: datetime
    meanings: StatusMeanings
    dry_run: bool = False
    children: Mapping[str, Collection[str]] = field(default_factory=dict)
    limit: "Limit | None" = None


@dataclass(frozen=True)
class Limit:
    """What of a day a run that automation asked for leaves to the end of the client's days (held_back.py).

    Attributes:
        last_good_pull: when the client's orders were last pulled well.
        held: reads the orders that an earlier run has held: their reasons, by order number.
    """

    last_good_pull: datetime | None
    held: Callable[[], Mapping[str, str]]


@dataclass
class DayOutcome:
    """What became of a day's orders, and what of it is decided at the end of the client's days.

    Attributes:
        rows: a row for each accepted order and for each that the platform has, but for those left.
        imports: old orders that may be imported.
        cancellations: orders of the platform that may be cancelled, each with the reason.
    """

    rows: list[OrderRow]
    imports: list[PlatformOrder] = field(default_factory=list)
    cancellations: list[tuple[PlatformRecord, str]] = field(default_factory=list)


def reconcile_orders(platform: Platform, day: OrdersOfDay) -> DayOutcome:
    """Import what is new, let the rest follow the store.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    known = {record.order.store_order_id for record in day.records.values()}
    new = [order for order in day.accepted if order.order_id not in known]
    outcome = DayOutcome([])
    outcome.rows += _imported(platform, day, _to_import_now(new, day, outcome))
    followings = _followings(platform, day)
    resumed = _to_resume(day.records, followings)
    twice = imported_twice(day.records.values())
    # A number that was refused just now because another order of the store has it is no order that went missing.
    numbers = {order_number(day.prefix, order.order_id) for order in new}
    for number, record in sorted(day.records.items()):
        if record.order.store_order_id not in day.pulled and number in numbers:
            continue
        following = followings[number]
        if following.step is Action.CANCEL and day.limit:
            _leave_cancellation(record, following.differs, day.limit, outcome)
        else:
            said = _OTHER_NUMBER if _is_other_number(record, day.records, resumed) else twice.get(number, "")
            outcome.rows.append(_followed(platform, day, record, following, said))
    outcome.rows = _naming_unknown_skus(platform, day, outcome.rows)
    return outcome


def finish_imports(platform: Platform, day: OrdersOfDay, left: Sequence[PlatformOrder]) -> list[OrderRow]:
    """Import the old orders that were left."""
    return _imported(platform, day, left)


def finish_cancellations(
    platform: Platform, day: OrdersOfDay, left: Sequence[tuple[PlatformRecord, str]]
) -> list[OrderRow]:
    """Cancel the orders that were left."""
    return [_followed(platform, day, record, UpdatePlan(Action.CANCEL, reason), "") for record, reason in left]


def held_row(order: PlatformOrder, imported_at: datetime | None, reason: str) -> OrderRow:
    """The row of an order that waits for a person."""
    return OrderRow(order.store_order_id, order.order_number, OrderOutcome.HELD, reason, imported_at)


def _to_import_now(new: Sequence[Order], day: OrdersOfDay, outcome: DayOutcome) -> list[PlatformOrder]:
    """The new orders, without those that are left or held, and without those of which nothing can be made."""
    now: list[PlatformOrder] = []
    for order in new:
        try:
            translated = platform_order(left_to_ship(order), day.prefix)
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
    else:
        outcome.imports.append(left)
    return True


def _leave_cancellation(record: PlatformRecord, differs: str, limit: Limit, outcome: DayOutcome) -> None:
    if reason := limit.held().get(record.order.order_number):
        outcome.rows.append(held_row(record.order, record.imported_at, reason))
    else:
        outcome.cancellations.append((record, differs))


def _children(platform: Platform, day: OrdersOfDay) -> Mapping[str, Sequence[OrderState]]:
    """What the platform has of the children of parents that it has, by the parent's store order id."""
    parents = [
        record.order.store_order_id
        for record in day.records.values()
        if is_parent(day.pulled.get(record.order.store_order_id))
    ]
    ids = {child for parent in parents for child in day.children.get(parent, ())}
    states = platform.states_of(day.client, ids) if ids else {}
    return {
        parent: [state for child in day.children.get(parent, ()) for state in states.get(child, ())]
        for parent in parents
    }


def _followings(platform: Platform, day: OrdersOfDay) -> Mapping[str, UpdatePlan]:
    """What follows for each order of the platform, by its number."""
    children = _children(platform, day)
    return {
        number: plan_order_update(
            day.pulled.get(record.order.store_order_id),
            record,
            day.prefix,
            day.meanings,
            day.now,
            children=children.get(record.order.store_order_id, ()),
        )
        for number, record in day.records.items()
    }


def _to_resume(records: Mapping[str, PlatformRecord], followings: Mapping[str, UpdatePlan]) -> Mapping[str, str]:
    """The one number under which each order that goes on again is taken up, by the store order id.

    Of several numbers it is the one imported first; none where the order is on the platform under a number that isn't
    cancelled.
    """
    going_on = {one.order.store_order_id for one in records.values() if one.status is not OrderStatus.CANCELLED}
    resumed: dict[str, str] = {}
    for number, record in sorted(records.items(), key=lambda one: (one[1].imported_at, one[0])):
        if followings[number].step is Action.RESUME and record.order.store_order_id not in going_on:
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


def _imported(platform: Platform, day: OrdersOfDay, new: Sequence[PlatformOrder]) -> list[OrderRow]:
    results = {} if day.dry_run else platform.import_orders(day.client, new, day.now)
    return [_import_row(order, results.get(order.order_number)) for order in new]


def _import_row(order: PlatformOrder, result: ImportResult | None) -> OrderRow:
    order_id = order.store_order_id
    if result is None:
        return OrderRow(order_id, order.order_number, OrderOutcome.PLANNED, "would be imported", None)
    if result.outcome is ImportOutcome.REFUSED:
        return OrderRow(order_id, order.order_number, OrderOutcome.REFUSED, result.reason, None)
    return OrderRow(order_id, result.order_number, OrderOutcome.IMPORTED, AGREES, result.imported_at)


def _followed(
    platform: Platform, day: OrdersOfDay, record: PlatformRecord, following: UpdatePlan, other_numbers: str
) -> OrderRow:
    order_id, number = record.order.store_order_id, record.order.order_number
    if other_numbers and following.step in {Action.NOTHING, Action.REPORT, Action.RESUME}:
        outcome = OrderOutcome.CANCELLED if record.status is OrderStatus.CANCELLED else OrderOutcome.DIFFERS
        return OrderRow(order_id, number, outcome, other_numbers, record.imported_at)
    outcome, reason = _carried_out(platform, day, record, following)
    return OrderRow(order_id, number, outcome, reason, record.imported_at)


def _carried_out(
    platform: Platform, day: OrdersOfDay, record: PlatformRecord, following: UpdatePlan
) -> tuple[OrderOutcome, str]:
    if following.step is Action.REPORT:
        return OrderOutcome.DIFFERS, following.differs
    if following.step is Action.NOTHING:
        outcome, agrees = _AGREED[record.status is OrderStatus.CANCELLED]
        if record.order.store_order_id not in day.pulled:
            return outcome, "gone from the store"
        return outcome, following.differs or agrees
    if day.dry_run:
        return OrderOutcome.PLANNED, f"would be {_WOULD_BE[following.step]}: {following.differs}"
    if _write(platform, day, record, following):
        return _AGREED[following.step is Action.CANCEL]
    return OrderOutcome.DIFFERS, f"{following.differs}; the warehouse has just gone on with it"


def _write(platform: Platform, day: OrdersOfDay, record: PlatformRecord, following: UpdatePlan) -> bool:
    """Whether the platform still had the order as it was seen, so that the write was made."""
    match following.step:
        case Action.UPDATE if following.order:
            return platform.update_order(day.client, following.order, record, day.now)
        case Action.RESUME if following.order:
            return platform.resume_order(day.client, following.order, record, day.now)
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
            skus[row.order_number] = {line.sku for line in lines_to_ship(asked_for)}
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
_OTHER_NUMBER = "cancelled on the platform; it has the store's order under another number, too"
AGREES = "on the platform as in the store"
"""The reason of an order on which both sides agree, and of which nothing else is to be said."""
_AGREED = {
    False: (OrderOutcome.IMPORTED, AGREES),
    True: (OrderOutcome.CANCELLED, "cancelled in the store and on the platform"),
}
