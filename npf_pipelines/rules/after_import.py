"""What follows on the platform when an order that it has is edited, cancelled or gone in the store.

Not here: whether an order is imported at all (orders.py), the writing (platform/gateway.py).
"""

import enum
from collections import Counter
from dataclasses import dataclass

from npf_pipelines.cscart.models import Order, UnreadableOrder
from npf_pipelines.platform.models import PlatformOrder, PlatformRecord
from npf_pipelines.platform.tables import OrderStatus
from npf_pipelines.rules.imports import platform_order
from npf_pipelines.rules.orders import NotShippable
from npf_pipelines.text import clean_text

CANCELLED = frozenset("FDI")
"""The store's letters for failed, declined and cancelled (documented); merchants rename them, not their meaning."""

_CHANGEABLE = frozenset({OrderStatus.IMPORTED, OrderStatus.READY_FOR_PROCESS, OrderStatus.BACK_ORDER})
"""The stages before anything is picked."""

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


class Step(enum.StrEnum):
    """What is to be done on the platform."""

    NOTHING = "nothing"
    UPDATE = "update"
    CANCEL = "cancel"
    TELL = "tell"
    """It is too late for the platform to follow by itself: a person has to see it."""


@dataclass(frozen=True)
class Following:
    """The step, and what differs between store and platform; `order` is what an update writes."""

    step: Step
    differs: str
    order: PlatformOrder | None = None


def follow(order: Order | UnreadableOrder | None, record: PlatformRecord, prefix: str) -> Following:
    """Compare an order of the store with what the platform has of it.

    Args:
        order: as the store has it now; None when the store has it no more.
        record: as the platform has it.
        prefix: the client's order prefix.
    """
    if order is None:
        return _told(record, "the order is gone from the store")
    if isinstance(order, UnreadableOrder):
        return _told(record, f"the order can't be read in the store: {order.reason}")
    if order.status in CANCELLED:
        return _cancelled(order, record)
    if record.status is OrderStatus.CANCELLED:
        return Following(Step.TELL, f"cancelled on the platform, but the store has it with the status {order.status}")
    if record.status is OrderStatus.SHIPPED:
        return Following(Step.NOTHING, "")
    return _edited(order, record, prefix)


def _told(record: PlatformRecord, differs: str) -> Following:
    is_over = record.status in {OrderStatus.SHIPPED, OrderStatus.CANCELLED}
    return Following(Step.NOTHING, "") if is_over else Following(Step.TELL, differs)


def _cancelled(order: Order, record: PlatformRecord) -> Following:
    if record.status is OrderStatus.CANCELLED:
        return Following(Step.NOTHING, "")
    if _is_changeable(record):
        return Following(Step.CANCEL, f"cancelled in the store (status {order.status})")
    stage = "shipped" if record.units_shipped else record.status.replace("_", " ")
    return Following(Step.TELL, f"cancelled in the store (status {order.status}), but {stage} on the platform")


def _edited(order: Order, record: PlatformRecord, prefix: str) -> Following:
    try:
        wanted = platform_order(order, prefix)
    except NotShippable as error:
        return Following(Step.TELL, f"edited in the store: {error}")
    differs = "; ".join(_differences(wanted, record.order))
    if not differs:
        return Following(Step.NOTHING, "")
    if _is_changeable(record):
        return Following(Step.UPDATE, differs, wanted)
    return Following(Step.TELL, f"edited in the store, but in {record.status.replace('_', ' ')} already: {differs}")


def _differences(wanted: PlatformOrder, has: PlatformOrder) -> list[str]:
    """Which fields differ, without their personal content; and which SKUs."""
    fields = [
        name.replace("_", " ") for name in _COMPARED if _clean(getattr(wanted, name)) != _clean(getattr(has, name))
    ]
    wanted_units, units = _units(wanted), _units(has)
    skus = [
        f"{units[sku]} of {sku} on the platform, {wanted_units[sku]} in the store"
        for sku in sorted(wanted_units.keys() | units.keys())
        if wanted_units[sku] != units[sku]
    ]
    if not skus and {line.line_id for line in wanted.lines} != {line.line_id for line in has.lines}:
        skus = ["the lines have other numbers"]
    return ([f"other {', '.join(fields)}"] if fields else []) + skus


def _units(order: PlatformOrder) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in order.lines:
        units[_clean(line.sku)] += line.quantity
    return units


def _clean(text: str) -> str:
    """Text as it comes through the door today: what an earlier release let through is no edit."""
    return clean_text(text).strip()


def _is_changeable(record: PlatformRecord) -> bool:
    return record.status in _CHANGEABLE and not record.units_shipped
