"""Which of a store's orders come to the warehouse, and why the others don't.

Not here: what an accepted order looks like on the platform (imports.py).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from npf_pipelines.countries import UnknownCountry, country_code, country_name
from npf_pipelines.cscart.models import Address, Order, OrderLine, UnreadableOrder
from npf_pipelines.rules.status_meaning import INCOMPLETE, PARENT, StatusMeanings

TEST_SKUS = frozenset({"Test001", "Test002", "Test003"})
"""The test items: orders made only of these prove an integration and are never dispatched."""


class Decision(enum.StrEnum):
    """What becomes of an order of the store."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """The master setup, or the order's nature, keeps it out: nobody has to do anything."""
    SET_ASIDE = "set_aside"
    """It can't be judged or shipped as it is: a person has to look."""


class Rule(enum.StrEnum):
    """The rule that decided, one for each reason."""

    ALL_PASSED = "all_passed"
    ALREADY_IMPORTED = "already_imported"
    UNREADABLE = "unreadable"
    START_DATE = "start_date"
    PARENT = "parent"
    INCOMPLETE = "incomplete"
    STATUS = "status"
    NOTHING_TO_SHIP = "nothing_to_ship"
    NO_PRODUCT_CODE = "no_product_code"
    TEST_ITEM_IN_REAL_ORDER = "test_item_in_real_order"
    COUNTRY_UNREADABLE = "country_unreadable"
    COUNTRY = "country"


class NotShippable(ValueError):
    """An order of which the platform can make nothing; the text says why."""


@dataclass(frozen=True)
class OrderFilter:
    """A master setup's order rules, its names resolved against the store."""

    start: datetime
    """00:00 of the order start date in the client's zone."""
    statuses: frozenset[str]
    """The letters of the wanted statuses."""
    countries: frozenset[str] | None
    """Two-letter codes; None for all."""
    status_names: Mapping[str, str]
    """The store's name of each letter, for the reasons."""
    meanings: StatusMeanings = field(default_factory=StatusMeanings)
    """What each status means for an order that was imported."""


@dataclass(frozen=True)
class Verdict:
    """The decision on one order, the rule behind it, and the reason in words."""

    decision: Decision
    rule: Rule
    reason: str


def decide(order: Order | UnreadableOrder, wanted: OrderFilter, *, imported: bool) -> Verdict:
    """Judge one order of the store. Every order gets a verdict; the first rule that speaks decides.

    What never comes to the warehouse is rejected before a person is asked to mend anything.

    Args:
        order: the order.
        wanted: the client's order rules.
        imported: whether the platform has the order. What was accepted once stays so: its status goes on.
    """
    if isinstance(order, UnreadableOrder):
        return _aside(Rule.UNREADABLE, f"the order can't be read: {order.reason}")
    objection = (
        _by_nature(order, wanted.start)
        or _by_status(order, wanted)
        or _by_goods(order)
        or _by_country(order, wanted.countries)
        or _by_codes(order)
    )
    if objection and imported:
        return Verdict(Decision.ACCEPTED, Rule.ALREADY_IMPORTED, f"imported before; now: {objection.reason}")
    return objection or Verdict(Decision.ACCEPTED, Rule.ALL_PASSED, _acceptance(order))


def is_test(order: Order) -> bool:
    """Whether everything there is to ship is test items."""
    skus = {line.sku for line in lines_to_ship(order)}
    return bool(skus) and skus <= TEST_SKUS


def lines_to_ship(order: Order) -> list[OrderLine]:
    """The lines the warehouse can pick: goods, not downloads, with a product code and a quantity."""
    return [line for line in _goods(order) if line.sku]


def deliver_to(order: Order) -> Address:
    """The ship-to address, or the bill-to one where the store leaves ship-to empty."""
    ship_to = order.ship_to
    is_given = ship_to.address_1 or ship_to.city or ship_to.postcode or ship_to.country_code
    return ship_to if is_given else order.bill_to


def country_of(address: Address) -> str:
    """The address's two-letter country code, by the store's code or else its name.

    Raises:
        UnknownCountry: neither names a country.
    """
    try:
        return country_code(address.country_code)
    except UnknownCountry:
        return country_code(address.country)


def _by_nature(order: Order, start: datetime) -> Verdict | None:
    if order.placed_at < start:
        return _no(Rule.START_DATE, f"placed before the order start date ({start:%Y-%m-%d %H:%M} UTC)")
    if order.is_parent or order.status == PARENT:
        return _no(Rule.PARENT, "a Multi-Vendor parent order: its child orders are shipped instead")
    if order.status == INCOMPLETE:
        return _no(Rule.INCOMPLETE, "the shopper has not finished the order")
    return None


def _by_status(order: Order, wanted: OrderFilter) -> Verdict | None:
    if order.status in wanted.statuses:
        return None
    name = wanted.status_names.get(order.status, f"letter {order.status}")
    return _no(Rule.STATUS, f"the status {name} is not one of the wanted ones")


def _by_goods(order: Order) -> Verdict | None:
    if not _goods(order):
        return _no(Rule.NOTHING_TO_SHIP, "only downloads, or no line at all: nothing to ship")
    if order.shipping and all(method.module == "store_locator" for method in order.shipping):
        return _no(Rule.NOTHING_TO_SHIP, "picked up in the store: nothing to ship")
    return None


def _by_country(order: Order, countries: frozenset[str] | None) -> Verdict | None:
    address = deliver_to(order)
    try:
        code = country_of(address)
    except UnknownCountry:
        written = address.country_code or address.country
        said = f"{written[:60]!r} is no country" if written else "the order names no country"
        return _aside(Rule.COUNTRY_UNREADABLE, f"{said}: correct the address in the store")
    if countries is not None and code not in countries:
        return _no(Rule.COUNTRY, f"goes to {country_name(code)}, which the master setup doesn't ship to")
    return None


def _by_codes(order: Order) -> Verdict | None:
    skus = {line.sku for line in lines_to_ship(order)}
    if not skus:
        return _aside(Rule.NO_PRODUCT_CODE, "no line has a product code: give the products codes in the store")
    if skus & TEST_SKUS and not skus <= TEST_SKUS:
        mixed = ", ".join(sorted(skus & TEST_SKUS))
        return _aside(Rule.TEST_ITEM_IN_REAL_ORDER, f"a real order with the test item {mixed}: take it off the order")
    return None


def _acceptance(order: Order) -> str:
    without_code = [line.description or line.item_id for line in _goods(order) if not line.sku]
    if without_code:
        return f"accepted without the lines that have no product code: {', '.join(without_code)[:200]}"
    return "a test order: never dispatched" if is_test(order) else "passes every rule of the master setup"


def _goods(order: Order) -> list[OrderLine]:
    return [line for line in order.lines if line.quantity > 0 and not line.is_download]


def _no(rule: Rule, reason: str) -> Verdict:
    return Verdict(Decision.REJECTED, rule, reason)


def _aside(rule: Rule, reason: str) -> Verdict:
    return Verdict(Decision.SET_ASIDE, rule, reason)
