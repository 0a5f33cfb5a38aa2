"""A client's day of orders as it is reconciled: what store and platform have of it, and its outcome.

Not here: the reconciliation (platform_orders.py), what is decided at the end of all days (held_back.py).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.platform_orders import PlatformOrder, PlatformRecord
from npf_pipelines.domain.sku_map import NO_MAP, SkuMap
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.domain.writes import Writes
from npf_pipelines.rules.orders import OrderFilter

AGREES = "on the platform as in the store"
"""The reason of an order on which both sides agree, and of which nothing else is to be said."""


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
    """One client's day of orders, as store and platform have it.

    Attributes:
        client: the client's id.
        prefix: its order prefix.
        accepted: the orders that the rules accept.
        pulled: all orders that the store has, by its order id; also orders that its list hides but that were asked for.
        records: all that the platform has of them or of the day, by order number.
        now: what becomes `imported_at` and `updated_at`.
        criteria: the client's order rules.
        writes: which orders may be written to the platform; the others are only compared.
        check_write: called before each write to the platform; raises an exception if it must not be made.
        children: the ids of a Multi-Vendor parent's child orders, by the parent's id.
        limit: what is held back for a person; None where nothing is.
        note_import: called for each order that the platform has got just now.
        held: the store's ids of the orders that are held: one that it has cancelled on the platform stays so for now.
        held_now: reads which orders a person holds at this moment, by the store's order id: they are not imported
            or taken up again.
        sku_map: what the store's codes are in the warehouse. Orders here and `records` are in the store's codes.
        own: the numbers of the store's orders; None if the client has no other cart.
    """

    client: str
    prefix: str
    accepted: Sequence[Order]
    pulled: Mapping[str, Order | UnreadableOrder]
    records: Mapping[str, PlatformRecord]
    now: datetime
    criteria: OrderFilter
    check_write: Callable[[], None]
    writes: Writes = Writes.ALL
    children: Mapping[str, Collection[str]] = field(default_factory=dict)
    limit: "Limit | None" = None
    note_import: Callable[[PlatformOrder], None] = lambda _: None
    held: Collection[str] = ()
    held_now: Callable[[], Collection[str]] = frozenset
    sku_map: SkuMap = NO_MAP
    own: OwnNumbers | None = None


@dataclass(frozen=True)
class Limit:
    """The limit on old imports and cancellations of a run that automation asked for (held_back.py).

    Attributes:
        last_good_pull: when the client's orders were last pulled well.
        held: reads the orders that an earlier run has held: their reasons, by order number.
        planned: reads the numbers of the orders that were planned in trial: a person has seen them and gone live.
        released: reads the numbers of the orders that were held until now: their age is that of the hold.
    """

    last_good_pull: datetime | None
    held: Callable[[], Mapping[str, str]]
    planned: Callable[[], Collection[str]]
    released: Callable[[], Collection[str]] = frozenset


@dataclass
class DayOutcome:
    """The outcome of a day's orders, and the orders that are decided on at the end of the client's days.

    Attributes:
        rows: a row for each accepted order and for each that the platform has, but for those left.
        imports: old orders that may be imported.
        cancellations: orders of the platform that may be cancelled, each with the reason.
    """

    rows: list[OrderRow]
    imports: list[PlatformOrder] = field(default_factory=list)
    cancellations: list[tuple[PlatformRecord, str]] = field(default_factory=list)


def held_row(order: PlatformOrder, imported_at: datetime | None, reason: str) -> OrderRow:
    """The row of an order that waits for a person."""
    return OrderRow(order.store_order_id, order.order_number, OrderOutcome.HELD, reason, imported_at)
