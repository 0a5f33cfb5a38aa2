"""Tests of npf_pipelines.cscart.order_money."""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.order_parser import parse_order
from npf_pipelines.domain.store_orders import Order, OrderMoney
from npf_pipelines.rules.order_sums import sums_problem
from npf_pipelines.sandbox.samples import documented

SAMPLE: dict[str, Any] = documented("order-96.json")
ITEM = "1061624811"


def read(**changes: Any) -> Order:
    order = parse_order(copy.deepcopy(SAMPLE) | changes)
    assert isinstance(order, Order), order
    return order


def money(**changes: Any) -> OrderMoney:
    found = read(**changes).money
    assert found
    return found


def test_the_documented_orders_sums_are_read_and_add_up() -> None:
    order = read()
    assert order.money == OrderMoney(
        currency="USD",
        subtotal=Decimal(972),
        discount=Decimal(0),
        shipping_cost=Decimal(0),
        tax=Decimal("88.36"),
        tax_on_top=Decimal(0),
        surcharge=Decimal(0),
        certificates=Decimal(0),
        credit=Decimal(0),
    )
    assert (order.payment_method, order.language, order.internal_note, order.gift_message) == (
        "Phone ordering",
        "en",
        "",
        None,
    )
    assert (order.lines[0].tax, order.lines[0].discount) == (Decimal(0), Decimal(0))
    assert sums_problem(order) == ""


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12.50", "12.50"),
        (12.5, "12.50"),
        (0.1 + 0.2, "0.30"),
        (12, "12"),
        ("0.00", "0"),
        (0, "0"),
        ("-3.10", "-3.10"),
        ("1e3", "1000"),
    ],
)
def test_a_sum_is_exact_in_every_form(written: Any, amount: str) -> None:
    found = money(subtotal=written)
    assert (found.subtotal, found.unreadable) == (Decimal(amount), ())


@pytest.mark.parametrize("written", ["", " ", None, False, []])
def test_nothing_is_an_unknown_sum(written: Any) -> None:
    found = money(subtotal=written)
    assert (found.subtotal, found.unreadable) == (None, ())


@pytest.mark.parametrize("written", ["1,234.50", "1,234", "1.234,50", "$12", "NaN", "Infinity", True, [1], {"a": 1}])
def test_a_sum_that_cannot_be_read_is_not_guessed_and_costs_no_order(written: Any) -> None:
    found = money(subtotal=written)
    assert found.subtotal is None
    assert len(found.unreadable) == 1
    assert found.unreadable[0].startswith("subtotal: ")


def test_a_store_that_does_not_give_a_field_says_nothing() -> None:
    without = {
        name: value
        for name, value in SAMPLE.items()
        if name not in {"subtotal", "taxes", "details", "lang_code", "payment_method", "secondary_currency"}
    }
    order = parse_order(without)
    assert isinstance(order, Order)
    assert order.money
    assert (order.money.subtotal, order.money.tax, order.money.currency) == (None, None, None)
    assert (order.internal_note, order.language, order.payment_method) == (None, None, None)


def test_taxes_are_added_up_and_those_on_top_apart() -> None:
    taxes = {
        "1": {"price_includes_tax": "Y", "tax_subtotal": 88.36},
        "2": {"price_includes_tax": "N", "tax_subtotal": "5.10"},
        "3": {"price_includes_tax": "N", "tax_subtotal": 1},
    }
    found = money(taxes=taxes)
    assert (found.tax, found.tax_on_top) == (Decimal("94.46"), Decimal("6.10"))
    assert money(taxes=[]).tax == 0


def test_certificates_and_points_are_read() -> None:
    found = money(
        use_gift_certificates={"ABC": {"amount": 50, "cost": "10.50"}, "DEF": {"cost": 2}},
        gift_certificates={"77": {"amount": "25.00", "message": "For you"}},
        points_info={"in_use": {"points": 300, "cost": 3}},
        payment_surcharge="1.20",
    )
    assert (found.credit, found.certificates, found.surcharge) == (Decimal("15.50"), Decimal(25), Decimal("1.20"))


def test_a_line_has_its_tax_and_the_discount_on_all_of_its_units() -> None:
    line = SAMPLE["products"][ITEM] | {"amount": "3", "discount": "1.25", "tax_value": 8.1, "shipment_amount": "3"}
    [only] = read(products={ITEM: line}).lines
    assert (only.discount, only.tax) == (Decimal("3.75"), Decimal("8.1"))
    del line["discount"]
    line["extra"] = line["extra"] | {"discount": 2}
    assert read(products={ITEM: line}).lines[0].discount == 6


def test_a_lines_sum_that_cannot_be_read_is_named_by_its_line() -> None:
    line = SAMPLE["products"][ITEM] | {"tax_value": "a lot", "amount": "999999", "discount": "99999999999"}
    order = read(products={ITEM: line})
    assert (order.lines[0].tax, order.lines[0].discount) == (None, None)
    assert order.money
    assert order.money.unreadable == (
        f"products.{ITEM}.tax_value: 'a lot' is not a number of a sensible size",
        "a sum is too large for any table",
    )


@pytest.mark.parametrize("currency", ["", "dollars", "US", None, 7, ["USD"]])
def test_a_currency_is_a_code_of_three_letters_or_unknown(currency: Any) -> None:
    assert money(secondary_currency=currency).currency is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
OPTIONAL = (
    "subtotal",
    "discount",
    "subtotal_discount",
    "shipping_cost",
    "payment_surcharge",
    "taxes",
    "gift_certificates",
    "use_gift_certificates",
    "points_info",
    "payment_method",
    "gift_message",
    "details",
    "lang_code",
    "secondary_currency",
)


@given(st.sampled_from(OPTIONAL), values)
def test_no_value_of_an_optional_field_costs_the_order(name: str, value: Any) -> None:
    order = read(**{name: value})
    assert order.total == 972
    assert "\x00" not in f"{order.internal_note}{order.gift_message}{order.payment_method}"


def test_secrets_of_the_way_of_payment_stay_out() -> None:
    method = {"payment": "Card", "processor_params": {"login": "planted"}, "payment_id": "2"}
    assert "planted" not in read(payment_method=method, payment_info={"card": "planted"}).model_dump_json()
