"""What follows on the platform when an order that it has is edited, cancelled or gone in the store.

Not here: whether an order is imported at all (orders.py), the writing (platform/gateway.py).
"""

import enum
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from npf_pipelines.domain.entities import without_entities
from npf_pipelines.domain.keys import as_stored
from npf_pipelines.domain.platform_orders import CANCELLED_BY_STORE, OrderStatus, PlatformOrder, PlatformRecord
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.addresses import address_of_earlier_releases
from npf_pipelines.rules.after_shipping import SHORT_AFTER, is_short, lacking
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
)


class Action(enum.StrEnum):
    """What is to be done on the platform."""

    NOTHING = "nothing"
    UPDATE = "update"
    CANCEL = "cancel"
    RESUME = "resume"
    """Cancelled for the store, which has it going on again: it is imported anew under its number."""
    REPORT = "tell"
    """It is too late for the platform to follow by itself: a person has to see it."""


@dataclass(frozen=True)
class UpdatePlan:
    """The step, and what differs between store and platform; `order` is what an update or a resumption writes.

    Where there is nothing to do, `differs` may say why that is so.
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
    """Compare an order of the store with what the platform has of it.

    Args:
        order: as the store has it now; None when the store has it no more.
        record: as the platform has it.
        prefix: the client's order prefix.
        meanings: what the store's statuses mean.
        now: the present.
    """
    if record.unreadable:
        return UpdatePlan(
            Action.REPORT, f"{UNREADABLE_ON_PLATFORM}: {record.unreadable}. Ask the warehouse to correct it"
        )
    if not isinstance(order, Order):
        said = f"can't be read in the store: {order.reason}" if order else "is gone from the store"
        return _told(record, f"the order {said}")
    meaning, status = meanings.of(order.status), meanings.label(order.status)
    if meaning is Meaning.STOP:
        return stop(record, f"cancelled in the store (status {status})")
    if meaning is Meaning.OUT_OF_STOCK and record.status is not OrderStatus.CANCELLED:
        return _told(
            record,
            f"in the store it has the status {status}, which gives its stock back: stock may have run out there. "
            "Give it a status in which it goes on or stops",
        )
    match record.status:
        case OrderStatus.CANCELLED:
            following = _cancelled(order, record, prefix, meanings)
        case OrderStatus.SHIPPED:
            following = _shipped(order, record, now)
        case _:
            following = _edited(order, record, prefix)
    return following


def _told(record: PlatformRecord, differs: str) -> UpdatePlan:
    is_over = record.status in {OrderStatus.SHIPPED, OrderStatus.CANCELLED}
    return UpdatePlan(Action.NOTHING if is_over else Action.REPORT, differs)


def stop(record: PlatformRecord, because: str) -> UpdatePlan:
    """Cancel an order before picking; after it, a person decides.

    Args:
        record: as the platform has it.
        because: what happened in the store.
    """
    if record.status is OrderStatus.CANCELLED:
        return UpdatePlan(Action.NOTHING, "")
    if _is_changeable(record):
        return UpdatePlan(Action.CANCEL, because)
    stage = "shipped" if record.units_shipped else record.status.replace("_", " ")
    return UpdatePlan(Action.REPORT, f"{because}, but {stage} on the platform")


def _cancelled(order: Order, record: PlatformRecord, prefix: str, meanings: StatusMeanings) -> UpdatePlan:
    """An order that the platform has as cancelled and the store doesn't: it goes on if the store had cancelled it."""
    differs = f"cancelled on the platform, but the store has it with the status {meanings.label(order.status)}"
    if order.status not in meanings.going_on or record.cancelled_by != CANCELLED_BY_STORE:
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
        wanted = platform_order(order, prefix)
    except NotShippable as error:
        if _is_as_an_earlier_release_imported_it(order, record, prefix):
            return UpdatePlan(Action.NOTHING, "")
        return UpdatePlan(Action.REPORT, f"edited in the store: {error}")
    differs = "; ".join(_differences(wanted, record.order))
    if not differs or _is_as_an_earlier_release_imported_it(order, record, prefix):
        return UpdatePlan(Action.NOTHING, "")
    if _is_changeable(record):
        return UpdatePlan(Action.UPDATE, differs, wanted)
    return UpdatePlan(
        Action.REPORT, f"edited in the store, but in {record.status.replace('_', ' ')} already: {differs}"
    )


def _differences(wanted: PlatformOrder, has: PlatformOrder) -> list[str]:
    """Which fields differ, without their personal content; and which SKUs."""
    fields = [name.replace("_", " ") for name in _COMPARED if not _alike(getattr(wanted, name), getattr(has, name))]
    wanted_units, units = _units(wanted), _units(has)
    skus = [
        f"{units[sku]} of {sku} on the platform, {wanted_units[sku]} in the store"
        for sku in sorted(wanted_units.keys() | units.keys())
        if wanted_units[sku] != units[sku]
    ]
    if not skus and {line.line_id for line in wanted.lines} != {line.line_id for line in has.lines}:
        skus = ["the lines have other numbers"]
    others = [f"other {', '.join(fields)}"] if fields else []
    return others + skus + [f"other options of {sku}" for sku in _other_options(wanted, has)]


def _alike(wanted: str, has: str) -> bool:
    """Whether two texts are the same, or one is the other as earlier releases wrote it, its HTML entities left in."""
    # What an earlier release let through is no edit.
    wanted, has = as_stored(wanted), as_stored(has)
    return wanted == has or without_entities(wanted) == has or wanted == without_entities(has)


def _other_options(wanted: PlatformOrder, has: PlatformOrder) -> list[str]:
    """The SKUs of the lines on which the shopper's choice is another.

    Where one side doesn't say, nothing can be compared: a platform without the column, an order imported before it.
    """
    known = {line.line_id: line.options for line in has.lines}
    choices = ((line.sku, line.options, known.get(line.line_id)) for line in wanted.lines)
    return sorted({sku for sku, now, before in choices if None not in (now, before) and now != before})


def _is_as_an_earlier_release_imported_it(order: Order, record: PlatformRecord, prefix: str) -> bool:
    try:
        earlier = platform_order(order, prefix, address=address_of_earlier_releases(order))
    except NotShippable:
        return False
    return not _differences(earlier, record.order)


def _units(order: PlatformOrder) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in order.lines:
        units[as_stored(line.sku)] += line.quantity
    return units


def _is_changeable(record: PlatformRecord) -> bool:
    return record.status in _CHANGEABLE and not record.units_shipped
