"""Which order of the store an order of the platform is: the client's store order id decides, never the order number.

A new shop under an old client id counts its orders from 1 again. Such an order has an id that the platform knows, but
another time of placement and another shopper. An order that was only re-dated, or only edited, is the same order.
Not here: which orders of the platform are of other carts (own_orders.py), what is compared of two that are the same
(after_import.py), the other rules of import (orders.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderStatus, PlatformRecord
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.addresses import IncompleteAddress, address_of_earlier_releases, deliver_to
from npf_pipelines.rules.orders import OrderFilter, Verdict, decide, lines_to_ship, verdict_of
from npf_pipelines.rules.shipped_before import is_shipped, left_to_ship


class Imported(Protocol):
    """An order of the platform, by the fields that say which order of the store it is."""

    @property
    def placed_at(self) -> datetime:
        """When the order was placed."""
        ...

    @property
    def email(self) -> str:
        """The shopper's e-mail address; empty if the store had none."""
        ...

    @property
    def ship_to_name(self) -> str:
        """Who gets the goods."""
        ...

    @property
    def address_1(self) -> str:
        """The street."""
        ...

    @property
    def postcode(self) -> str:
        """The postcode."""
        ...


def is_same_order(order: Order | UnreadableOrder, imported: Imported) -> bool:
    """Whether an order of the store is the order that the platform has with the same store order id."""
    if isinstance(order, UnreadableOrder) or order.placed_at == imported.placed_at:
        return True
    return is_same_shopper(order, imported)


def is_same_shopper(order: Order, imported: Imported) -> bool:
    """Whether two orders have the same e-mail address; where one lacks it, the same name, street and postcode."""
    if order.email and imported.email:
        return _plain(order.email) == _plain(imported.email)
    try:
        address = deliver_to(order)
    except IncompleteAddress:
        address = address_of_earlier_releases(order)
    return [_plain(text) for text in (address.name, address.address_1, address.postcode)] == [
        _plain(text) for text in (imported.ship_to_name, imported.address_1, imported.postcode)
    ]


def judge(order: Order | UnreadableOrder, criteria: OrderFilter, imported: Sequence[Imported]) -> Verdict:
    """Decide on an order of the store by the client's rules and by the platform's orders with its id.

    Args:
        order: the order.
        criteria: the client's order rules.
        imported: the platform's orders with the same store order id; none of the client's other carts.
    """
    is_known = any(is_same_order(order, record) for record in imported)
    if imported and not is_known:
        reason = (
            "the warehouse has another order with this id, placed at another time by another shopper: "
            "if a new shop has begun its numbers again, give it a client id of its own"
        )
        return verdict_of(Rule.ID_USED_AGAIN, reason)
    verdict = decide(order, criteria, imported=is_known)
    if is_known or not isinstance(order, Order) or verdict.decision is Decision.REJECTED:
        return verdict
    if is_shipped(order):
        return verdict_of(Rule.ALREADY_SHIPPED, "already shipped in the store: nothing is left to ship")
    if verdict.decision is Decision.ACCEPTED and not lines_to_ship(left_to_ship(order)):
        reason = "already shipped in the store, but for lines without a product code, which the setup leaves out"
        return verdict_of(Rule.ALREADY_SHIPPED, reason)
    return verdict


def imported_twice(records: Iterable[PlatformRecord]) -> Mapping[str, str]:
    """The sentence about each order that the platform has under several numbers, by order number.

    None once nothing can be shipped twice any more: no number is open, or all others are cancelled.
    """
    by_id: dict[str, list[PlatformRecord]] = {}
    for record in records:
        if record.status is not OrderStatus.CANCELLED:
            by_id.setdefault(record.order.store_order_id, []).append(record)
    found: dict[str, str] = {}
    for same in by_id.values():
        if len(same) > 1 and any(record.status in OPEN_STATUSES for record in same):
            stages = ", ".join(
                f"{record.order.order_number} ({record.status.replace('_', ' ')})"
                for record in sorted(same, key=lambda record: (record.imported_at, record.order.order_number))
            )
            for record in same:
                found[record.order.order_number] = (
                    f"the platform has the store's order more than once: {stages}; cancel all but one in the warehouse"
                )
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
