"""Tests of npf_pipelines.rules.imports."""

from decimal import Decimal

import pytest

from npf_pipelines.domain.store_orders import OrderMoney
from npf_pipelines.rules.imports import order_number, platform_order
from npf_pipelines.rules.orders import NotShippable
from npf_pipelines_tests.builders import ADDRESS, NO_ADDRESS, NOON, line, order, shipping


def test_the_prefix_comes_before_the_number() -> None:
    assert order_number("CS", "1000012") == "CS1000012"
    assert order_number("", "1000012") == "1000012"


def test_an_order_with_everything() -> None:
    ours = platform_order(
        order(
            line("a1", "KITE", 2, price=Decimal("12.5000")),
            line("a2", "KITE", 1),
            line("a3", "PDF", is_download=True),
            line("a4", "", 1),
            company="Acme",
            notes="Leave at the door",
            shipping=(shipping("Post"), shipping("Express")),
        ),
        "CS",
    )
    assert (ours.order_number, ours.store_order_id, ours.placed_at) == ("CS1000012", "1000012", NOON)
    assert (ours.ship_to_name, ours.address_1, ours.postcode, ours.state) == ("Ann Lee", "1 High St", "2000", "NSW")
    assert (ours.company, ours.notes, ours.email) == ("Acme", "Leave at the door", "ann@example.com")
    assert ours.shipping_method == "Post, Express"
    assert not ours.is_test
    # The same SKU on two lines stays two lines: the store ships by line.
    assert [(one.line_id, one.sku, one.quantity) for one in ours.lines] == [("a1", "KITE", 2), ("a2", "KITE", 1)]
    assert ours.lines[0].unit_price == Decimal("12.5")


def test_the_country_is_its_full_english_name() -> None:
    korea = ADDRESS.model_copy(update={"country_code": "", "country": "Korea, Republic of"})
    ours = platform_order(order(ship_to=korea), "")
    assert (ours.country, ours.country_code) == ("South Korea", "KR")


def test_the_phone_of_the_order_serves_where_the_address_has_none() -> None:
    assert platform_order(order(), "").phone == "0299999999"
    without = ADDRESS.model_copy(update={"phone": ""})
    assert platform_order(order(ship_to=without), "").phone == "0288888888"


def test_an_order_of_test_items_is_marked() -> None:
    assert platform_order(order(line(sku="Test001")), "").is_test


def test_what_cannot_be_shipped_is_no_order_of_the_platform() -> None:
    with pytest.raises(NotShippable):
        platform_order(order(line(sku="")), "")
    with pytest.raises(NotShippable):
        platform_order(order(ship_to=NO_ADDRESS, bill_to=NO_ADDRESS), "")


def test_the_whole_order_is_on_the_platform() -> None:
    bill_to = ADDRESS.model_copy(update={"name": "Bob Lee", "city": "Seoul", "country_code": "KR"})
    given = {"subtotal": 12, "discount": 2, "shipping_cost": 9, "tax": 1, "tax_on_top": 1, "surcharge": 5}
    ours = platform_order(
        order(
            line(tax=Decimal("1.10"), discount=Decimal("0.40")),
            company="Lee & Co",
            bill_to=bill_to,
            total=Decimal("25.00"),
            money=OrderMoney.model_validate({"currency": "AUD", **given}),
            payment_method="Card",
            gift_message="For you",
            internal_note="VIP",
            language="en",
            storefront_id="2",
        ),
        "CS",
    )
    assert (ours.bill_to_name, ours.bill_to_company, ours.bill_to_address_1) == ("Bob Lee", "Lee & Co", "1 High St")
    assert (ours.bill_to_city, ours.bill_to_country, ours.bill_to_country_code) == ("Seoul", "South Korea", "KR")
    sums = (ours.total, ours.subtotal, ours.discount, ours.shipping_cost, ours.tax)
    assert sums == tuple(map(Decimal, (25, 12, 2, 9, 1)))
    assert (ours.currency, ours.payment_method, ours.gift_message) == ("AUD", "Card", "For you")
    assert (ours.internal_note, ours.language, ours.storefront_id) == ("VIP", "en", "2")
    assert (ours.lines[0].tax, ours.lines[0].discount) == (Decimal("1.10"), Decimal("0.40"))
    assert ours.despatch_method is None


def test_a_bill_to_no_country_costs_no_order() -> None:
    atlantis = ADDRESS.model_copy(update={"country_code": "XX", "country": "Atlantis"})
    ours = platform_order(order(bill_to=atlantis), "")
    assert (ours.bill_to_country, ours.bill_to_country_code) == ("Atlantis", "")


def test_what_the_store_does_not_say_is_not_known() -> None:
    ours = platform_order(order(), "")
    assert (ours.currency, ours.subtotal, ours.tax, ours.gift_message, ours.lines[0].tax) == (None,) * 5
