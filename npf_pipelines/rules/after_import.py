"""Updates of the platform when an imported order is edited, cancelled or deleted in the store.

Not here: whether an order is imported at all (orders.py), edits that the import rules object to (unfit_edits.py), the
writing (platform/gateway.py).
"""

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from npf_pipelines.domain.keys import as_stored
from npf_pipelines.domain.platform_orders import CANCELLED_BY_STORE, OrderStatus, PlatformOrder, PlatformRecord
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.addresses import address_of_earlier_releases
from npf_pipelines.rules.after_shipping import SHORT_AFTER, is_short, lacking
from npf_pipelines.rules.alike import alike
from npf_pipelines.rules.imports import platform_order
from npf_pipelines.rules.orders import NotShippable
from npf_pipelines.rules.status_meaning import Meaning, StatusMeanings

_CHANGEABLE = frozenset({OrderStatus.IMPORTED, OrderStatus.READY_FOR_PROCESS, OrderStatus.BACK_ORDER})
"""The stages before anything is picked."""

UNREADABLE_ON_PLATFORM = "the platform's row of the order can't be read"

_COMPARED = (
    "ship_to_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country_code",
    "phone",
    "email",
    "notes",
    "shipping_method",
    "gift_message",
)
_COMPARED_BEFORE_PICKING = (
    "bill_to_name",
    "bill_to_company",
    "bill_to_address_1",
    "bill_to_address_2",
    "bill_to_city",
    "bill_to_state",
    "bill_to_postcode",
    "bill_to_country_code",
    "currency",
    "total",
    "subtotal",
    "shipping_cost",
    "tax",
    "discount",
    "payment_method",
    "internal_note",
    "storefront_id",
    "language",
)
"""The columns for the office, where an edit is everyday work: it reaches the platform before picking. Later it is no
exception: nobody in the warehouse could do anything about it. The despatch method has a rule of its own
(despatch_updates.py)."""
_COMPARED_ON_LINES = ("options",)
_COMPARED_ON_LINES_BEFORE_PICKING = ("tax", "discount")


class Action(enum.StrEnum):
    """The change to make on the platform."""

    NOTHING = "nothing"
    UPDATE = "update"
    CANCEL = "cancel"
    RESUME = "resume"
    """Cancelled for the store, where it goes on again: it is imported again under its number."""
    REPORT = "tell"
    """It is too late for an automatic update: a person has to decide."""


@dataclass(frozen=True)
class UpdatePlan:
    """The action, and the differences between store and platform; `order` is written by an update or a resumption.

    Where there is nothing to do, `differs` may give the reason.
    """

    step: Action
    differs: str
    order: PlatformOrder | None = None


def plan_update(
    order: Order | UnreadableOrder | None,
    record: PlatformRecord,
    prefix: str,
    meanings: StatusMeanings,
    now: datetime,
) -> UpdatePlan:
    """Compare an order of the store with the platform's record of it.

    Args:
        order: the store's present order; None when the store no longer has it.
        record: the platform's.
        prefix: the client's order prefix.
        meanings: the meanings of the store's statuses.
        now: the present time.
    """
    if record.unreadable:
        return UpdatePlan(
            Action.REPORT, f"{UNREADABLE_ON_PLATFORM}: {record.unreadable}. Ask the warehouse to correct it"
        )
    if not isinstance(order, Order):
        said = f"can't be read in the store: {order.reason}" if order else "is gone from the store"
        return _report_if_open(record, f"the order {said}")
    meaning, status = meanings.of(order.status), meanings.label(order.status)
    if meaning is Meaning.STOP:
        return stop(record, f"cancelled in the store (status {status})")
    if meaning is Meaning.OUT_OF_STOCK and record.status is not OrderStatus.CANCELLED:
        return _report_if_open(
            record,
            f"in the store it has the status {status}, which gives its stock back: stock may have run out there. "
            "Give it a status in which it goes on or stops",
        )
    match record.status:
        case OrderStatus.CANCELLED:
            plan = _cancelled(order, record, prefix, meanings)
        case OrderStatus.SHIPPED:
            plan = _shipped(order, record, now)
        case _:
            plan = _edited(order, record, prefix)
    return plan


def _report_if_open(record: PlatformRecord, differs: str) -> UpdatePlan:
    is_over = record.status in {OrderStatus.SHIPPED, OrderStatus.CANCELLED}
    return UpdatePlan(Action.NOTHING if is_over else Action.REPORT, differs)


def stop(record: PlatformRecord, because: str) -> UpdatePlan:
    """Cancel an order before picking; afterwards, a person decides.

    Args:
        record: the platform's.
        because: the event in the store.
    """
    if record.status is OrderStatus.CANCELLED:
        return UpdatePlan(Action.NOTHING, "")
    if _is_changeable(record):
        return UpdatePlan(Action.CANCEL, because)
    stage = "shipped" if record.units_shipped else record.status.replace("_", " ")
    return UpdatePlan(Action.REPORT, f"{because}, but {stage} on the platform")


def is_cancelled_by_store(record: PlatformRecord) -> bool:
    """Whether the order was cancelled for the store, so that it is taken up again if it goes on there."""
    return record.status is OrderStatus.CANCELLED and record.cancelled_by == CANCELLED_BY_STORE


def _cancelled(order: Order, record: PlatformRecord, prefix: str, meanings: StatusMeanings) -> UpdatePlan:
    """An order that is cancelled on the platform only: it goes on if it was cancelled for the store."""
    differs = f"cancelled on the platform, but the store has it with the status {meanings.label(order.status)}"
    if order.status not in meanings.going_on or not is_cancelled_by_store(record):
        return UpdatePlan(Action.REPORT, differs)
    try:
        return UpdatePlan(Action.RESUME, differs, platform_order(order, prefix))
    except NotShippable as error:
        return UpdatePlan(Action.REPORT, f"{differs}: {error}")


def _shipped(order: Order, record: PlatformRecord, now: datetime) -> UpdatePlan:
    if differs := lacking(order, record, now):
        return UpdatePlan(Action.REPORT, differs)
    is_judged = is_short(record) and now - record.updated_at > SHORT_AFTER
    return UpdatePlan(Action.NOTHING, "shipped short, and the store has it so" if is_judged else "")


def _edited(order: Order, record: PlatformRecord, prefix: str) -> UpdatePlan:
    try:
        in_store = platform_order(order, prefix)
    except NotShippable as error:
        if _is_as_an_earlier_release_imported_it(order, record, prefix):
            return UpdatePlan(Action.NOTHING, "")
        return UpdatePlan(Action.REPORT, f"edited in the store: {error}")
    differs = "; ".join(_differences(in_store, record))
    if not differs or _is_as_an_earlier_release_imported_it(order, record, prefix):
        return UpdatePlan(Action.NOTHING, "")
    if _is_changeable(record):
        return UpdatePlan(Action.UPDATE, differs, in_store)
    return UpdatePlan(
        Action.REPORT, f"edited in the store, but in {record.status.replace('_', ' ')} already: {differs}"
    )


def _differences(in_store: PlatformOrder, record: PlatformRecord) -> list[str]:
    """The fields that differ, without their personal content; and the SKUs."""
    on_platform = record.order
    compared: Sequence[str] = _COMPARED
    on_lines: Sequence[str] = _COMPARED_ON_LINES
    if _is_changeable(record):
        compared = (*compared, *_COMPARED_BEFORE_PICKING)
        on_lines = (*on_lines, *_COMPARED_ON_LINES_BEFORE_PICKING)
    fields = [
        name.replace("_", " ") for name in compared if not alike(getattr(in_store, name), getattr(on_platform, name))
    ]
    ordered, imported = _units(in_store), _units(on_platform)
    skus = [
        f"{imported[sku]} of {sku} on the platform, {ordered[sku]} in the store"
        for sku in sorted(ordered.keys() | imported.keys())
        if ordered[sku] != imported[sku]
    ]
    if not skus and {line.line_id for line in in_store.lines} != {line.line_id for line in on_platform.lines}:
        skus = ["the lines have other numbers"]
    others = [f"other {', '.join(fields)}"] if fields else []
    return others + skus + _other_on_lines(in_store, on_platform, on_lines)


def _other_on_lines(in_store: PlatformOrder, on_platform: PlatformOrder, compared: Sequence[str]) -> list[str]:
    """The optional columns in which lines differ, with the SKUs of the lines."""
    known = {line.line_id: line for line in on_platform.lines}
    pairs = [(line, before) for line in in_store.lines if (before := known.get(line.line_id))]
    return [
        f"other {name} of {sku}"
        for name in compared
        for sku in sorted({now.sku for now, before in pairs if not alike(getattr(now, name), getattr(before, name))})
    ]


def _is_as_an_earlier_release_imported_it(order: Order, record: PlatformRecord, prefix: str) -> bool:
    try:
        earlier = platform_order(order, prefix, address=address_of_earlier_releases(order))
    except NotShippable:
        return False
    return not _differences(earlier, record)


def _units(order: PlatformOrder) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in order.lines:
        units[as_stored(line.sku)] += line.quantity
    return units


def _is_changeable(record: PlatformRecord) -> bool:
    return record.status in _CHANGEABLE and not record.units_shipped
