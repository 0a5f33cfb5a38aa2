"""Which of a store's orders come to the warehouse, and why the others don't.

Not here: where an order is sent (addresses.py), the platform's form of an accepted order (imports.py).
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from npf_pipelines.config.countries import UnknownCountry, country_code, country_name
from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.store_orders import Address, Order, OrderLine, UnreadableOrder
from npf_pipelines.rules.addresses import IncompleteAddress, deliver_to
from npf_pipelines.rules.despatch import DespatchMap, NoDespatchCode
from npf_pipelines.rules.status_meaning import INCOMPLETE, PARENT, StatusMeanings

TEST_SKUS = frozenset({"Test001", "Test002", "Test003"})
"""The test items: orders made only of these prove an integration and are never dispatched."""


_CODE_LETTERS = 2
"""Letters of a country code (ISO 3166)."""


class NotShippable(ValueError):
    """An order that the platform can't take; the text says why."""


@dataclass(frozen=True)
class OrderFilter:
    """A master setup's order rules, its names resolved against the store."""

    start: datetime
    """00:00 of the order start date in the client's zone."""
    statuses: frozenset[str]
    """The letters of the statuses to import."""
    countries: frozenset[str] | None
    """Two-letter codes; None for all."""
    status_names: Mapping[str, str]
    """The store's name of each letter, for the reasons."""
    leaves_out_lines_without_code: bool = False
    """Whether an order is imported without its lines that have no product code, instead of being set aside."""
    meanings: StatusMeanings = field(default_factory=StatusMeanings)
    """The meaning of each status for an imported order."""
    despatch: DespatchMap | None = None
    """The despatch codes by shipping method; None where the client maps none."""
    storefronts: frozenset[str] = frozenset()
    """The ids of the storefronts whose orders are the client's; empty for all."""
    vendor: str = ""
    """The id of the vendor whose orders are the client's; empty for the whole store."""


@dataclass(frozen=True)
class Verdict:
    """The decision on one order, the rule behind it, and the reason in words."""

    decision: Decision
    rule: Rule
    reason: str


def verdict_of(rule: Rule, reason: str) -> Verdict:
    """The verdict by a rule."""
    return Verdict(rule.decision, rule, reason)


def decide(order: Order | UnreadableOrder, criteria: OrderFilter, *, imported: bool) -> Verdict:
    """Decide on one order of the store. Every order gets a verdict; the first rule that objects decides.

    An order that never comes to the warehouse is rejected before a person is asked to correct it.

    Args:
        order: the order.
        criteria: the client's order rules.
        imported: whether the platform has the order. An imported order stays accepted, whatever its status is now.
    """
    if isinstance(order, UnreadableOrder):
        return verdict_of(Rule.UNREADABLE, f"the order can't be read: {order.reason}")
    objection = (
        _by_nature(order, criteria.start)
        or _by_company(order, criteria)
        or _by_status(order, criteria)
        or next(_to_content(order, criteria), None)
        or (None if imported else _by_despatch(order, criteria.despatch))
    )
    if objection and imported:
        return verdict_of(Rule.ALREADY_IMPORTED, f"imported before; now: {objection.reason}")
    return objection or verdict_of(Rule.ALL_PASSED, _acceptance(order))


def objections_to_content(order: Order, criteria: OrderFilter) -> list[Verdict]:
    """Every objection to whose order it is, what is shipped, and where it goes.

    Its age and its status are left out: an imported order outlives them. So is the despatch code, which an imported
    order keeps.
    """
    by_company = _by_company(order, criteria)
    return [*([by_company] if by_company else []), *_to_content(order, criteria)]


def is_test(order: Order) -> bool:
    """Whether everything there is to ship is test items."""
    skus = {line.sku for line in lines_to_ship(order)}
    return bool(skus) and skus <= TEST_SKUS


def lines_to_ship(order: Order) -> list[OrderLine]:
    """The lines the warehouse can pick: goods, not downloads, with a product code and a quantity."""
    return [line for line in _goods(order) if line.sku]


def lines_without_code(order: Order) -> list[OrderLine]:
    """The lines of goods that have no product code, so that the warehouse can't know what to pick."""
    return [line for line in _goods(order) if not line.sku]


def country_of(address: Address) -> str:
    """The address's two-letter country code, by the store's code or else its name.

    Raises:
        UnknownCountry: neither names a country; the text quotes nothing but a code.
    """
    for written in (address.country_code, address.country):
        try:
            return country_code(written)
        except UnknownCountry:
            continue
    raise UnknownCountry(_unknown_country(address.country_code or address.country))


def _by_nature(order: Order, start: datetime) -> Verdict | None:
    if order.placed_at < start:
        return verdict_of(Rule.START_DATE, f"placed before the order start date ({start:%Y-%m-%d %H:%M} UTC)")
    if order.is_parent or order.status == PARENT:
        return verdict_of(Rule.PARENT, "a Multi-Vendor parent order: its child orders are shipped instead")
    if order.status == INCOMPLETE:
        return verdict_of(Rule.INCOMPLETE, "the shopper has not finished the order")
    return None


def _by_company(order: Order, criteria: OrderFilter) -> Verdict | None:
    """An order of a part of the store that isn't the client's: another client may import it."""
    for noun, found, allowed in (
        ("storefront", order.storefront_id, criteria.storefronts),
        ("vendor", order.company_id, {criteria.vendor} if criteria.vendor else set()),
    ):
        if allowed and not found:
            return verdict_of(Rule.NO_STOREFRONT, f"the store doesn't say of which {noun} the order is")
        if allowed and found not in allowed:
            return verdict_of(Rule.STOREFRONT, f"of the {noun} {found}, which isn't the client's")
    return None


def _by_status(order: Order, criteria: OrderFilter) -> Verdict | None:
    if order.status in criteria.statuses:
        return None
    name = criteria.status_names.get(order.status, f"letter {order.status}")
    return verdict_of(Rule.STATUS, f"the status {name} is not one of the wanted ones")


def _to_content(order: Order, criteria: OrderFilter) -> Iterator[Verdict]:
    yield from filter(None, (_by_goods(order), _by_address(order, criteria.countries)))
    yield from _by_codes(order, criteria)


def _by_goods(order: Order) -> Verdict | None:
    goods = _goods(order)
    is_picked_up = order.shipping and all(method.module == "store_locator" for method in order.shipping)
    if (goods and is_picked_up) or (not goods and any(line.is_pick_up for line in order.lines)):
        return verdict_of(Rule.NOTHING_TO_SHIP, "picked up in the store: nothing to ship")
    if not goods:
        return verdict_of(Rule.NOTHING_TO_SHIP, "only downloads, or no line at all: nothing to ship")
    return None


def _by_address(order: Order, countries: frozenset[str] | None) -> Verdict | None:
    try:
        address = deliver_to(order)
    except IncompleteAddress as error:
        return verdict_of(Rule.ADDRESS_INCOMPLETE, f"{error}: complete it in the store")
    try:
        code = country_of(address)
    except UnknownCountry as error:
        return verdict_of(Rule.COUNTRY_UNREADABLE, f"{error}: correct the address in the store")
    if countries is not None and code not in countries:
        return verdict_of(Rule.COUNTRY, f"goes to {country_name(code)}, which the master setup doesn't ship to")
    return None


def _unknown_country(written: str) -> str:
    """The sentence about it. Only a code is quoted: other text may be another part of the shopper's address."""
    if not written:
        return "the order names no country"
    is_code = len(written) == _CODE_LETTERS and written.isalpha()
    return f"{written!r} is no country" if is_code else "the address has a country that isn't known"


def _by_codes(order: Order, criteria: OrderFilter) -> Iterator[Verdict]:
    skus = {line.sku for line in lines_to_ship(order)}
    without_code = lines_without_code(order)
    if without_code and not skus:
        yield verdict_of(Rule.NO_PRODUCT_CODE, "no line has a product code: give the products codes in the store")
    elif without_code and not criteria.leaves_out_lines_without_code:
        todo = "give the products codes in the store, or let the setup leave such lines out (orders.lines_without_code)"
        yield verdict_of(Rule.NO_PRODUCT_CODE, f"no product code on the lines {_names(without_code)}: {todo}")
    probable = {sku: test_item for sku in skus if (test_item := _test_item_like(sku))}
    if probable:
        written = ", ".join(f"{sku!r} for {test_item}" for sku, test_item in sorted(probable.items()))
        todo = "correct the code in the store, where letter case and blanks count"
        yield verdict_of(Rule.PROBABLE_TEST_ITEM, f"probably a test item in other letters, {written}: {todo}")
    if skus & TEST_SKUS and not skus <= TEST_SKUS:
        mixed = ", ".join(sorted(skus & TEST_SKUS))
        yield verdict_of(
            Rule.TEST_ITEM_IN_REAL_ORDER, f"a real order with the test item {mixed}: take it off the order"
        )


def _by_despatch(order: Order, despatch: DespatchMap | None) -> Verdict | None:
    if despatch:
        try:
            despatch.code_of(order.shipping)
        except NoDespatchCode as error:
            return verdict_of(Rule.NO_DESPATCH_CODE, f"held: {error}")
    return None


def _test_item_like(sku: str) -> str | None:
    """The test item with this code apart from letter case and blanks; None for its exact code and all others."""
    return None if sku in TEST_SKUS else _TEST_ITEMS.get(_without_blanks(sku))


def _without_blanks(sku: str) -> str:
    # Blanks that can't be seen are separators and format characters to Unicode.
    return "".join(letter for letter in sku if unicodedata.category(letter)[0] not in "ZC").casefold()


_TEST_ITEMS = {_without_blanks(sku): sku for sku in TEST_SKUS}


def _acceptance(order: Order) -> str:
    without_code = lines_without_code(order)
    if without_code:
        return f"accepted without the lines that have no product code: {_names(without_code)}"
    return (
        "a test order: its lodgement is played, nothing is dispatched"
        if is_test(order)
        else "passes every rule of the master setup"
    )


def _names(lines: list[OrderLine]) -> str:
    """The products' names in the store; what the shopper chose is not among them."""
    return ", ".join(line.description or line.item_id for line in lines)[:200]


def _goods(order: Order) -> list[OrderLine]:
    return [line for line in order.lines if line.quantity > 0 and not line.is_download and not line.is_pick_up]
