"""Changes of the warehouse to parcels after their lodgement: corrected, repacked, withdrawn, lodged again.

Only changes after which it doesn't matter whether a push came before: whatever came in between, the store's orders
end the same.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import LodgedShipment, OrderStatus
from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.tables import shipment_lines, shipments
from npf_pipelines_tests.faults.tracking_client import CARRIERS, CLIENT

_SHARE = 0.25
"""The orders in which something changes."""

SURPLUS = "FLYER"
"""The SKU that is in some parcels and on no order."""


@dataclass(frozen=True)
class PackedOrder:
    """A store's order, its status on the platform, and its parcels; whether it has kits, so that no parcel changes."""

    order_id: int
    status: OrderStatus
    parcels: tuple[LodgedShipment, ...]
    has_kits: bool = False

    @property
    def number(self) -> str:
        """The number on the platform."""
        return f"CS{self.order_id}"


@dataclass(frozen=True)
class Changes:
    """The changes of the parcels.

    Attributes:
        steps: what the warehouse does, in its order; each once.
        changed: the orders that are concerned.
        withdrawn: the orders of the parcels that are withdrawn, one entry for each parcel.
        parcels: all parcels as they are lodged in the end, by our shipment_id.
    """

    steps: Sequence[Callable[[], None]]
    changed: frozenset[int]
    withdrawn: Sequence[int]
    parcels: Mapping[str, tuple[int, LodgedShipment]]


def plan_changes(dice: random.Random, platform_url: str, packed: Sequence[PackedOrder]) -> Changes:
    """Decide what happens to some of the orders' parcels, about in the order in which they are pushed."""
    parcels = {one.shipment_id: (order.order_id, one) for order in packed for one in order.parcels}
    steps: list[tuple[float, Callable[[], None]]] = []
    withdrawn: list[int] = []
    changed: set[int] = set()
    for place, order in enumerate(packed):
        if order.has_kits or dice.random() >= _SHARE:
            continue
        before = {one.shipment_id: one for one in order.parcels}
        after = {one.shipment_id: one for one in _changed(dice, order)}
        gone = before.keys() - after.keys()
        withdrawn += [order.order_id] * len(gone)
        changed.add(order.order_id)
        for shipment_id in gone:
            del parcels[shipment_id]
        parcels |= {one: (order.order_id, parcel) for one, parcel in after.items()}
        others = [one for shipment_id, one in after.items() if before.get(shipment_id) != one]
        step = partial(_do, platform_url, sorted({*gone, *(one.shipment_id for one in others)}), others)
        steps.append((place + dice.gauss(0, len(packed) / 20), step))
    steps.sort(key=lambda step: step[0])
    return Changes([step for _, step in steps], frozenset(changed), withdrawn, parcels)


def lodge(parcel: LodgedShipment) -> Iterator[sa.Executable]:
    """The statements by which a parcel comes onto the platform."""
    row = {column.name: getattr(parcel, column.name) for column in shipments.c if column.name != "client"}
    yield sa.insert(shipments).values(client=CLIENT, **row)
    lines: list[dict[str, Any]] = [
        {"shipment_id": parcel.shipment_id, "sku": sku, "quantity": quantity}
        for sku, quantity in parcel.quantities.items()
    ]
    yield sa.insert(shipment_lines).values(lines)


def _do(platform_url: str, gone: Sequence[str], lodged: Sequence[LodgedShipment]) -> None:
    """Take parcels off the platform and put others there, at one stroke."""
    engine = open_platform(platform_url)
    with engine.begin() as connection:
        for table in (shipment_lines, shipments):
            connection.execute(sa.delete(table).where(table.c.shipment_id.in_(gone)))
        for parcel in lodged:
            for statement in lodge(parcel):
                connection.execute(statement)
    engine.dispose()


def _changed(dice: random.Random, order: PackedOrder) -> tuple[LodgedShipment, ...]:
    """The order's parcels as they are in the end: one corrected, two repacked, or one withdrawn."""
    at = dice.randrange(len(order.parcels))
    one, others = order.parcels[at], [*order.parcels[:at], *order.parcels[at + 1 :]]
    kind = dice.choice(("number", "blanks", "carrier", "url", "quantities", "withdrawn"))
    if kind == "quantities" and others and sum(one.quantities.values()) - one.quantities.get(SURPLUS, 0) > 1:
        return (*_repacked(dice, one, others[0]), *others[1:])
    if kind == "carrier":
        return (replace(one, carrier=dice.choice([name for name in CARRIERS if name != one.carrier])), *others)
    if kind == "url":
        return (replace(one, tracking_url=f"{one.tracking_url}?corrected"), *others)
    if kind == "withdrawn":
        # A rest that is still to be lodged asks for no status, and one on back order for the same as long as
        # something of it has shipped.
        if order.status is OrderStatus.PICKING or (order.status is OrderStatus.BACK_ORDER and others):
            return tuple(others)
        return (replace(one, shipment_id=f"{one.shipment_id}-again", tracking_number=f"{one.shipment_id}A"), *others)
    # Blanks around a number are nothing that the store would show.
    number = f" {one.tracking_number} " if kind == "blanks" else f"{one.tracking_number}C"
    return (replace(one, tracking_number=number), *others)


def _repacked(dice: random.Random, one: LodgedShipment, other: LodgedShipment) -> tuple[LodgedShipment, LodgedShipment]:
    """A unit moves from one parcel to the other."""
    sku = dice.choice(sorted(one.quantities.keys() - {SURPLUS}))
    left = Counter(one.quantities) - Counter([sku])
    return replace(one, quantities=dict(left)), replace(other, quantities=Counter(other.quantities) + Counter([sku]))
