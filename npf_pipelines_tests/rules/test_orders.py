"""Tests of npf_pipelines.rules.orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.config.countries import UnknownCountry
from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.store_orders import Order, OrderLine, UnreadableOrder
from npf_pipelines.rules.addresses import deliver_to
from npf_pipelines.rules.despatch import DespatchMap
from npf_pipelines.rules.orders import (
    TEST_SKUS,
    OrderFilter,
    Verdict,
    country_of,
    decide,
    is_test,
    lines_to_ship,
    lines_without_code,
)
from npf_pipelines_tests.builders import ADDRESS, NO_ADDRESS, NOON, line, order, shipping

START = datetime(2026, 10, 31, 13, tzinfo=UTC)
"""00:00 of 1 November in Sydney."""

WANTED = OrderFilter(
    start=START,
    statuses=frozenset("PO"),
    countries=frozenset({"AU", "NZ"}),
    status_names={"P": "Paid", "O": "Open", "C": "Complete"},
)

skus = st.sampled_from(["KITE", "DRUM", "kite", "", "Test001", "Test002", "TEST002"])
lines = st.builds(
    line,
    item_id=st.uuids().map(str),
    sku=skus,
    quantity=st.integers(0, 3),
    is_download=st.booleans(),
)
addresses = st.builds(
    lambda code, name, street, city: NO_ADDRESS.model_copy(
        update={"country_code": code, "country": name, "address_1": street, "city": city}
    ),
    st.sampled_from(["AU", "NZ", "US", "UK", "XX", "", "au"]),
    st.sampled_from(["Australia", "", "Atlantis", "Germany"]),
    st.sampled_from(["", "1 High St", "1 High St"]),
    st.sampled_from(["", "Sydney", "Sydney"]),
)


def _order(some: list[OrderLine], methods: list[str], changes: dict[str, Any]) -> Order:
    return order(**changes | {"lines": tuple(some), "shipping": tuple(shipping(module=module) for module in methods)})


readable_orders = st.builds(
    _order,
    st.lists(lines, max_size=4),
    st.lists(st.sampled_from(["", "dhl", "store_locator"]), max_size=2),
    st.fixed_dictionaries(
        {
            "status": st.sampled_from("POCFDBINTA"),
            "placed_at": st.integers(-2, 2).map(lambda second: START + timedelta(seconds=second)),
            "is_parent": st.booleans(),
            "ship_to": addresses,
            "bill_to": addresses,
        }
    ),
)
unreadable_orders = st.builds(
    UnreadableOrder,
    order_id=st.none() | st.just("7"),
    status=st.sampled_from(["", "P"]),
    placed_at=st.none() | st.just(NOON),
    reason=st.just("total: 'free' is not a number"),
)
filters = st.builds(
    OrderFilter,
    start=st.just(START),
    statuses=st.frozensets(st.sampled_from("POCTNA")),
    countries=st.none() | st.frozensets(st.sampled_from(["AU", "NZ", "GB"])),
    status_names=st.just({"P": "Paid"}),
    leaves_out_lines_without_code=st.booleans(),
    despatch=st.none() | st.just(DespatchMap({"Express": "EXP"})) | st.just(DespatchMap({"*": "STD"})),
)


def verdict(*some: OrderLine, imported: bool = False, wanted: OrderFilter = WANTED, **changes: Any) -> Verdict:
    return decide(order(*some, **changes), wanted, imported=imported)


# Laws


@given(one=readable_orders | unreadable_orders, wanted=filters, imported=st.booleans())
def test_any_order_gets_a_verdict_with_a_reason(
    one: Order | UnreadableOrder, wanted: OrderFilter, imported: bool
) -> None:
    said = decide(one, wanted, imported=imported)
    assert said.reason.strip()
    assert said.rule in Rule
    if said.decision is Decision.ACCEPTED and not imported:
        assert isinstance(one, Order)
        # An order that is new to the platform can be shipped, and is what the master setup asks for.
        assert one.placed_at >= wanted.start
        assert one.status in wanted.statuses
        assert not one.is_parent
        assert lines_to_ship(one)
        assert is_test(one) or not {line.sku for line in lines_to_ship(one)} & TEST_SKUS
        assert wanted.leaves_out_lines_without_code or not lines_without_code(one)
        assert wanted.countries is None or country_of(deliver_to(one)) in wanted.countries


@given(one=readable_orders, wanted=filters)
def test_what_was_imported_stays_accepted(one: Order, wanted: OrderFilter) -> None:
    assert decide(one, wanted, imported=True).decision is Decision.ACCEPTED


@given(one=readable_orders, wanted=filters)
def test_a_person_is_called_only_for_what_only_a_person_can_mend(one: Order, wanted: OrderFilter) -> None:
    said = decide(one, wanted, imported=False)
    needs_a_person = {
        Rule.NO_PRODUCT_CODE,
        Rule.TEST_ITEM_IN_REAL_ORDER,
        Rule.PROBABLE_TEST_ITEM,
        Rule.ADDRESS_INCOMPLETE,
        Rule.COUNTRY_UNREADABLE,
    }
    assert (said.decision is Decision.SET_ASIDE) == (said.rule in needs_a_person)
    assert (said.decision is Decision.HELD) == (said.rule is Rule.NO_DESPATCH_CODE)
    assert (said.decision is Decision.ACCEPTED) == (said.rule is Rule.ALL_PASSED)


@given(one=readable_orders, wanted=filters)
def test_the_order_of_the_lines_does_not_matter(one: Order, wanted: OrderFilter) -> None:
    turned = one.model_copy(update={"lines": one.lines[::-1]})
    first, second = (decide(each, wanted, imported=False) for each in (one, turned))
    assert (first.decision, first.rule) == (second.decision, second.rule)


# Each rule

TO_GERMANY = ADDRESS.model_copy(update={"country_code": "DE", "country": "Deutschland"})
TO_NOWHERE = ADDRESS.model_copy(update={"country_code": "XX", "country": "Atlantis"})
DOWNLOAD = line("2", "PDF", is_download=True)

EACH_RULE: dict[Rule, tuple[Decision, dict[str, Any], str]] = {
    Rule.ALL_PASSED: (Decision.ACCEPTED, {}, "passes every rule"),
    Rule.ALREADY_IMPORTED: (Decision.ACCEPTED, {"imported": True, "status": "C"}, "imported before"),
    Rule.START_DATE: (Decision.REJECTED, {"placed_at": START - timedelta(seconds=1)}, "2026-10-31 13:00 UTC"),
    Rule.PARENT: (Decision.REJECTED, {"is_parent": True}, "its child orders are shipped instead"),
    Rule.INCOMPLETE: (Decision.REJECTED, {"status": "N"}, "the shopper has not finished"),
    Rule.STOREFRONT: (
        Decision.REJECTED,
        {"storefront_id": "2", "wanted": replace(WANTED, storefronts=frozenset({"1", "3"}))},
        "of the storefront 2, which isn't the client's",
    ),
    Rule.NO_STOREFRONT: (
        Decision.SET_ASIDE,
        {"company_id": "", "wanted": replace(WANTED, vendor="5")},
        "the store doesn't say of which vendor the order is",
    ),
    Rule.STATUS: (Decision.REJECTED, {"status": "C"}, "the status Complete is not one of the wanted ones"),
    Rule.NOTHING_TO_SHIP: (Decision.REJECTED, {"lines": (DOWNLOAD,)}, "only downloads"),
    Rule.NO_PRODUCT_CODE: (Decision.SET_ASIDE, {"lines": (line(sku=""),)}, "no line has a product code"),
    Rule.TEST_ITEM_IN_REAL_ORDER: (
        Decision.SET_ASIDE,
        {"lines": (line("1"), line("2", "Test001"))},
        "a real order with the test item Test001",
    ),
    Rule.PROBABLE_TEST_ITEM: (Decision.SET_ASIDE, {"lines": (line(sku="TEST001"),)}, "'TEST001' for Test001"),
    Rule.ADDRESS_INCOMPLETE: (
        Decision.SET_ASIDE,
        {"ship_to": ADDRESS.model_copy(update={"address_1": ""})},
        "the delivery address has no street",
    ),
    Rule.COUNTRY_UNREADABLE: (Decision.SET_ASIDE, {"ship_to": TO_NOWHERE}, "'XX' is no country"),
    Rule.COUNTRY: (Decision.REJECTED, {"ship_to": TO_GERMANY}, "goes to Germany"),
    Rule.NO_DESPATCH_CODE: (
        Decision.HELD,
        {"wanted": replace(WANTED, despatch=DespatchMap({"Express": "EXP"}))},
        "held: no despatch code for the shipping method Post (1): map it",
    ),
}


@pytest.mark.parametrize("rule", EACH_RULE)
def test_each_rule_speaks(rule: Rule) -> None:
    decision, changes, reason = EACH_RULE[rule]
    said = verdict(**changes)
    assert (said.decision, said.rule) == (decision, rule)
    assert reason in said.reason


@pytest.mark.parametrize(
    "lines", [(line("1"), line("2", "Test001")), (line(sku=""),)], ids=["a test item in it", "without codes"]
)
def test_nobody_is_asked_to_mend_what_is_not_shipped_anyway(lines: tuple[OrderLine, ...]) -> None:
    assert verdict(lines=lines, ship_to=TO_GERMANY).rule is Rule.COUNTRY


def test_no_rule_is_left_out() -> None:
    of_identity = {Rule.ID_USED_AGAIN, Rule.ALREADY_SHIPPED}  # rules/identity.py
    of_holds = {rule for rule in Rule if rule.decision is Decision.HELD}  # rules/holds.py
    assert set(EACH_RULE) | {Rule.UNREADABLE} | of_identity | of_holds == set(Rule)


@pytest.mark.parametrize("imported", [False, True])
def test_an_order_that_cannot_be_read_is_set_aside(imported: bool) -> None:
    unreadable = UnreadableOrder(order_id="7", status="P", placed_at=None, reason="total: 'free' is not a number")
    said = decide(unreadable, WANTED, imported=imported)
    assert (said.decision, said.rule) == (Decision.SET_ASIDE, Rule.UNREADABLE)
    assert "total: 'free' is not a number" in said.reason


@pytest.mark.parametrize(("seconds", "rule"), [(-1, Rule.START_DATE), (0, Rule.ALL_PASSED), (1, Rule.ALL_PASSED)])
def test_a_second_around_the_order_start_date(seconds: int, rule: Rule) -> None:
    assert verdict(placed_at=START + timedelta(seconds=seconds)).rule is rule


def test_a_multi_vendor_parent_is_known_by_its_status_too() -> None:
    everything = OrderFilter(START, frozenset("PTN"), None, {})
    assert verdict(status="T", wanted=everything).rule is Rule.PARENT
    assert verdict(status="N", wanted=everything).rule is Rule.INCOMPLETE
    assert verdict(parent_order_id="1000011").rule is Rule.ALL_PASSED


def test_a_letter_without_a_name_is_called_a_letter() -> None:
    assert "the status letter Q is not" in verdict(status="Q").reason


def test_all_countries_where_none_is_named() -> None:
    everywhere = OrderFilter(START, frozenset("P"), None, {})
    assert verdict(ship_to=TO_GERMANY, wanted=everywhere).rule is Rule.ALL_PASSED
    assert verdict(ship_to=TO_NOWHERE, wanted=everywhere).rule is Rule.COUNTRY_UNREADABLE


def test_pick_ups_are_not_shipped() -> None:
    pick_up, post = shipping(module="store_locator"), shipping()
    assert verdict(shipping=(pick_up,)).rule is Rule.NOTHING_TO_SHIP
    assert verdict(shipping=(pick_up, pick_up)).rule is Rule.NOTHING_TO_SHIP
    assert verdict(shipping=(pick_up, post)).rule is Rule.ALL_PASSED
    assert verdict(shipping=()).rule is Rule.ALL_PASSED


def test_downloads_beside_goods_stay_in_the_store() -> None:
    mixed = order(line("1", "KITE"), DOWNLOAD, line("3", "DRUM", quantity=0))
    assert decide(mixed, WANTED, imported=False).rule is Rule.ALL_PASSED
    assert [one.sku for one in lines_to_ship(mixed)] == ["KITE"]


LEAVES_OUT = replace(WANTED, leaves_out_lines_without_code=True)


def test_an_order_with_a_line_without_a_code_is_set_aside_and_the_line_named() -> None:
    some = (line("1", "KITE"), line("2", "", description="Gift card", options="Text: For Ann"))
    said = verdict(*some)
    assert (said.decision, said.rule) == (Decision.SET_ASIDE, Rule.NO_PRODUCT_CODE)
    assert "no product code on the lines Gift card:" in said.reason
    assert "Ann" not in said.reason
    assert verdict(*some, imported=True).decision is Decision.ACCEPTED


def test_a_line_without_a_code_is_left_out_and_named_where_the_setup_says_so() -> None:
    said = verdict(line("1", "KITE"), line("2", "", description="Gift card"), wanted=LEAVES_OUT)
    assert said.rule is Rule.ALL_PASSED
    assert "without the lines that have no product code: Gift card" in said.reason
    assert verdict(line("2", ""), wanted=LEAVES_OUT).rule is Rule.NO_PRODUCT_CODE


def test_only_goods_need_a_code() -> None:
    assert verdict(line("1", "KITE"), line("2", "", is_download=True), line("3", "", quantity=0)).rule is (
        Rule.ALL_PASSED
    )


@pytest.mark.parametrize("sku", ["TEST001", "test001", "Test 001", "Test001\u200b", "tESt002"])
def test_a_test_item_in_other_letters_is_probably_one(sku: str) -> None:
    assert verdict(line(sku=sku)).rule is Rule.PROBABLE_TEST_ITEM
    assert verdict(line("1"), line("2", sku)).rule is Rule.PROBABLE_TEST_ITEM
    assert verdict(line(sku=sku), imported=True).decision is Decision.ACCEPTED


@pytest.mark.parametrize("sku", ["TEST004", "TEST0011", "TEST-001", "TESTER"])
def test_another_code_is_no_test_item(sku: str) -> None:
    assert verdict(line(sku=sku)).rule is Rule.ALL_PASSED


@pytest.mark.parametrize(
    ("some", "test"),
    [
        (["Test001"], True),
        (["Test001", "Test003"], True),
        (["Test001", "KITE"], False),
        (["test001"], False),
        (["TEST001"], False),
        (["Test004"], False),
        ([""], False),
    ],
)
def test_orders_of_test_items_only(some: list[str], test: bool) -> None:
    assert is_test(order(*(line(str(number), sku) for number, sku in enumerate(some)))) is test


def test_a_test_order_is_accepted_as_one() -> None:
    reason = verdict(line("1", "Test001"), line("2", "Test002")).reason
    assert reason == "a test order: its lodgement is played, nothing is dispatched"


@pytest.mark.parametrize(
    ("code", "name", "country"),
    [("AU", "", "AU"), ("", "Korea, Republic of", "KR"), ("XX", "Australia", "AU"), ("NZ", "Australia", "NZ")],
)
def test_the_code_of_a_country_goes_before_its_name(code: str, name: str, country: str) -> None:
    assert country_of(ADDRESS.model_copy(update={"country_code": code, "country": name})) == country


def test_an_address_without_country_names_none() -> None:
    with pytest.raises(UnknownCountry):
        country_of(NO_ADDRESS)
    without = ADDRESS.model_copy(update={"country_code": "", "country": ""})
    assert "the order names no country" in verdict(ship_to=without, bill_to=NO_ADDRESS).reason


def test_a_map_of_shipping_methods_is_nothing_to_an_imported_order() -> None:
    without_code = replace(WANTED, despatch=DespatchMap({"Express": "EXP"}))
    assert verdict(imported=True, wanted=without_code) == verdict(imported=True)


def test_an_order_that_is_not_shipped_anyway_is_not_held() -> None:
    without_code = replace(WANTED, despatch=DespatchMap({"Express": "EXP"}))
    assert verdict(wanted=without_code, ship_to=TO_GERMANY).rule is Rule.COUNTRY


@given(order=readable_orders, storefront=st.sampled_from(["", "1", "2", "3"]), parts=st.permutations(["1", "2", "3"]))
def test_no_order_is_imported_by_two_clients_that_share_the_storefronts(
    order: Order, storefront: str, parts: list[str]
) -> None:
    order = order.model_copy(update={"storefront_id": storefront})
    one, other = (replace(WANTED, storefronts=frozenset(ids)) for ids in (parts[:1], parts[1:]))
    said = [decide(order, criteria, imported=False).decision for criteria in (one, other)]
    whole = decide(order, WANTED, imported=False).decision
    assert said.count(Decision.ACCEPTED) == (whole is Decision.ACCEPTED and bool(storefront))
