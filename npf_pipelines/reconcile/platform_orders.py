"""One day's orders of a client, brought onto the platform and kept in agreement with the store.

New ones are imported; those that are there follow the store's edits and cancellations while the warehouse has not
begun with them, and are told to a person afterwards. Not here: the decisions (rules/orders.py, rules/after_import.py).
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from npf_pipelines.cscart.models import Order, UnreadableOrder
from npf_pipelines.platform.gateway import ImportOutcome, ImportResult, Platform
from npf_pipelines.platform.models import PlatformRecord
from npf_pipelines.platform.tables import OrderStatus
from npf_pipelines.rules.after_import import Step, follow
from npf_pipelines.rules.imports import order_number, platform_order
from npf_pipelines.rules.status_meaning import StatusMeanings


class OrderOutcome(enum.StrEnum):
    """Where an accepted order stands between store and platform."""

    IMPORTED = "imported"
    """On the platform, in agreement with the store."""
    CANCELLED = "cancelled"
    """Cancelled on both sides."""
    DIFFERS = "differs"
    """Store and platform differ, and it is too late for the platform to follow: a person has to see it."""
    REFUSED = "refused"
    """The platform doesn't take it."""
    PLANNED = "planned"
    """A dry run: it would be imported, updated or cancelled."""


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
        pulled: all orders that the store has, by its order id.
        records: all that the platform has, by order number.
        now: what becomes `imported_at` and `updated_at`.
        meanings: what the statuses of the client's store mean.
        dry_run: whether the platform is only compared, and nothing written.
    """

    client: str
    prefix: str
    accepted: Sequence[Order]
    pulled: Mapping[str, Order | UnreadableOrder]
    records: Mapping[str, PlatformRecord]
    now: datetime
    meanings: StatusMeanings
    dry_run: bool = False


def reconcile_orders(platform: Platform, day: OrdersOfDay) -> list[OrderRow]:
    """Import what is new, let the rest follow the store.

    Returns:
        A row for each accepted order and for each that the platform has.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the platform can't be reached.
    """
    ours = {number: record for number, record in day.records.items() if record.order.store_order_id in day.pulled}
    accepted = {order_number(day.prefix, order.order_id): order for order in day.accepted}
    new = [platform_order(order, day.prefix) for number, order in accepted.items() if number not in ours]
    results = {} if day.dry_run else platform.import_orders(day.client, new, day.now)
    rows = [_imported(order.store_order_id, order.order_number, results.get(order.order_number)) for order in new]
    rows += [_followed(platform, day, number, record) for number, record in ours.items()]
    # A number that was refused just now because another order of the store has it is no order that went missing.
    gone = day.records.keys() - ours.keys() - {order.order_number for order in new}
    return rows + [_gone(day, number, day.records[number]) for number in sorted(gone)]


def _imported(order_id: str, number: str, result: ImportResult | None) -> OrderRow:
    if result is None:
        return OrderRow(order_id, number, OrderOutcome.PLANNED, "would be imported", None)
    if result.outcome is ImportOutcome.REFUSED:
        return OrderRow(order_id, number, OrderOutcome.REFUSED, result.reason, None)
    return OrderRow(order_id, number, OrderOutcome.IMPORTED, AGREES, result.imported_at)


def _followed(platform: Platform, day: OrdersOfDay, number: str, record: PlatformRecord) -> OrderRow:
    order_id = record.order.store_order_id
    following = follow(day.pulled[order_id], record, day.prefix, day.meanings, day.now)
    outcome, reason = _AGREED[record.status is OrderStatus.CANCELLED]
    reason = following.differs or reason
    match following.step:
        case Step.TELL:
            outcome, reason = OrderOutcome.DIFFERS, following.differs
        case Step.CANCEL if day.dry_run:
            outcome, reason = OrderOutcome.PLANNED, f"would be cancelled: {following.differs}"
        case Step.UPDATE if day.dry_run:
            outcome, reason = OrderOutcome.PLANNED, f"would be updated: {following.differs}"
        case Step.RESUME if day.dry_run:
            outcome, reason = OrderOutcome.PLANNED, f"would be taken up again: {following.differs}"
        case Step.CANCEL if platform.cancel_order(day.client, record, day.now):
            outcome, reason = _AGREED[True]
        case Step.UPDATE if following.order and platform.update_order(day.client, following.order, record, day.now):
            outcome, reason = _AGREED[False]
        case Step.RESUME if following.order and platform.resume_order(day.client, following.order, record, day.now):
            outcome, reason = _AGREED[False]
        case Step.CANCEL | Step.UPDATE | Step.RESUME:
            outcome, reason = OrderOutcome.DIFFERS, f"{following.differs}; the warehouse has just gone on with it"
    return OrderRow(order_id, number, outcome, reason, record.imported_at)


def _gone(day: OrdersOfDay, number: str, record: PlatformRecord) -> OrderRow:
    following = follow(None, record, day.prefix, day.meanings, day.now)
    outcome, reason = _AGREED[record.status is OrderStatus.CANCELLED][0], "gone from the store"
    if following.step is Step.TELL:
        outcome, reason = OrderOutcome.DIFFERS, following.differs
    return OrderRow(record.order.store_order_id, number, outcome, reason, record.imported_at)


AGREES = "on the platform as in the store"
"""The reason of an order on which both sides agree, and of which nothing else is to be said."""
_AGREED = {
    False: (OrderOutcome.IMPORTED, AGREES),
    True: (OrderOutcome.CANCELLED, "cancelled in the store and on the platform"),
}
