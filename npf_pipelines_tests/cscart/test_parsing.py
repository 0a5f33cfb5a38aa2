"""Tests of npf_pipelines.cscart.parsing."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from npf_pipelines.cscart.fields import Unreadable
from npf_pipelines.cscart.parsing import (
    has_lines,
    parse_combination,
    parse_order,
    parse_product,
    parse_shipment,
    parse_status,
    product_id_of,
)
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.sandbox.samples import documented

SAMPLE: dict[str, Any] = documented("order-96.json")
ITEM = "1061624811"


def sample(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(SAMPLE) | changes


def line(**changes: Any) -> dict[str, Any]:
    return sample(products={ITEM: SAMPLE["products"][ITEM] | changes})


def read(raw: object) -> Order:
    order = parse_order(raw)
    assert isinstance(order, Order), order
    return order


def refused(raw: object) -> UnreadableOrder:
    order = parse_order(raw)
    assert isinstance(order, UnreadableOrder)
    return order


def test_the_documented_order_is_read() -> None:
    order = read(SAMPLE)
    assert (order.order_id, order.status, order.total) == ("96", "P", Decimal("972.00"))
    assert order.placed_at == datetime(2015, 11, 26, 6, 2, 55, tzinfo=UTC)
    assert order.email == "customer@example.com"
    assert (order.is_parent, order.parent_order_id, order.company_id) == (False, None, "1")
    assert order.shipment_ids == ()
    assert (order.ship_to.name, order.ship_to.address_1) == ("Customer Customer", "44 Main street")
    assert (order.ship_to.city, order.ship_to.state, order.ship_to.postcode) == ("Boston", "MA", "02134")
    assert (order.ship_to.country_code, order.ship_to.country) == ("US", "United States")
    assert order.bill_to == order.ship_to
    [only] = order.lines
    assert (only.item_id, only.product_id, only.sku, only.description) == (ITEM, "214", "K02149B2ZX", "ASUS CP6130")
    assert (only.quantity, only.price, only.shipped, only.to_ship) == (1, Decimal("972.00"), 0, 1)
    assert not only.is_download
    [method] = order.shipping
    assert (method.shipping_id, method.name, method.module) == ("1", "Custom shipping method", "")
    assert method.needs_shipment


def test_nothing_that_is_not_ours_is_kept() -> None:
    raw = sample(api_key="KEEP-OUT", ip_address="KEEP-OUT", password_change_timestamp="KEEP-OUT")
    raw["payment_info"] = {"card_number": "KEEP-OUT"}
    raw["payment_method"]["processor_params"] = {"password": "KEEP-OUT"}
    raw["shipping"][0]["service_params"] = {"password": "KEEP-OUT"}
    raw["products"][ITEM]["extra"]["password"] = "KEEP-OUT"
    kept = read(raw).model_dump_json() + repr(read(raw))
    assert "KEEP-OUT" not in kept
    assert "EXAMPLE-CARRIER" not in kept


def test_models_are_frozen_and_written_and_read_again() -> None:
    order = read(SAMPLE)
    assert Order.model_validate_json(order.model_dump_json()) == order
    with pytest.raises(ValidationError):
        order.status = "C"  # type: ignore[misc]


@pytest.mark.parametrize("products", [[], {}, False, None])
def test_no_lines_is_an_empty_list_in_php(products: object) -> None:
    assert read(sample(products=products)).lines == ()


def test_lines_can_come_as_a_list() -> None:
    assert read(sample(products=list(SAMPLE["products"].values()))) == read(SAMPLE)


def test_a_line_without_item_id_has_its_key() -> None:
    raw = sample()
    del raw["products"][ITEM]["item_id"]
    assert read(raw).lines[0].item_id == ITEM


def test_one_sku_can_stand_on_several_lines_but_an_item_id_only_once() -> None:
    twin = SAMPLE["products"][ITEM] | {"item_id": "2"}
    assert [each.sku for each in read(sample(products={ITEM: SAMPLE["products"][ITEM], "2": twin})).lines] == [
        "K02149B2ZX"
    ] * 2
    assert "item_id" in refused(sample(products=[SAMPLE["products"][ITEM]] * 2)).reason


@pytest.mark.parametrize(
    ("is_edp", "edp_shipping", "download"),
    [("Y", "N", True), ("Y", "Y", False), ("N", "N", False), ("N", "Y", False), (None, None, False)],
)
def test_downloads_are_known(is_edp: object, edp_shipping: object, download: bool) -> None:
    assert read(line(extra={"is_edp": is_edp, "edp_shipping": edp_shipping})).lines[0].is_download is download


def test_a_sku_loses_its_blanks_only() -> None:
    assert read(line(product_code=" aB_1 ")).lines[0].sku == "aB_1"
    assert read(line(product_code=None)).lines[0].sku == ""
    assert read(line(product_code=1234)).lines[0].sku == "1234"


@pytest.mark.parametrize("amount", ["1.5", -1, "1000000", "abc", None, True])
def test_a_quantity_that_is_none_makes_the_order_unreadable(amount: object) -> None:
    order = refused(line(amount=amount))
    assert order.reason.startswith(f"products.{ITEM}.amount: ")
    assert (order.order_id, order.status) == ("96", "P")
    assert order.placed_at == datetime(2015, 11, 26, 6, 2, 55, tzinfo=UTC)


def test_what_the_store_does_not_say_is_none() -> None:
    raw = sample()
    del raw["products"][ITEM]["shipment_amount"]
    assert read(raw).lines[0].to_ship is None
    assert read(line(shipment_amount=0)).lines[0].to_ship == 0


def test_parents_and_children_are_known() -> None:
    assert read(sample(is_parent_order="Y")).is_parent
    assert read(sample(status="T")).is_parent
    assert read(sample(parent_order_id="90")).parent_order_id == "90"


def test_shipping_methods_may_lack_most_of_their_fields() -> None:
    [bare, pick_up] = read(
        sample(shipping=[{"shipping": "Post"}, {"module": "store_locator", "need_shipment": False}])
    ).shipping
    assert (bare.shipping_id, bare.name, bare.needs_shipment) == (None, "Post", True)
    assert (pick_up.module, pick_up.needs_shipment) == ("store_locator", False)
    assert read(sample(shipping=False)).shipping == ()


def test_a_name_asked_for_once_is_the_recipients_too() -> None:
    order = read(sample(s_firstname="", s_lastname="", firstname="Ann", lastname="Lee"))
    assert order.ship_to.name == "Ann Lee"
    assert read(sample(s_state="", s_state_descr="Vienna")).ship_to.state == "Vienna"


def test_shipments_are_named_by_number() -> None:
    assert read(sample(shipment_ids=["5", 6])).shipment_ids == ("5", "6")


def test_a_row_of_a_plain_list_is_no_order() -> None:
    row = documented("orders-page.json")["orders"][0]
    assert not has_lines(row)
    assert refused(row).reason == "products: is missing"
    assert refused(row).order_id == "97"


@pytest.mark.parametrize("raw", [None, False, [], {}, "order", 96, [SAMPLE], float("nan")])
def test_what_is_no_order_at_all_is_unreadable(raw: object) -> None:
    order = refused(raw)
    assert (order.order_id, order.status, order.placed_at) == (None, "", None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["Y", "1", "12.50", 10**40]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
paths = st.sampled_from(
    [(name,) for name in SAMPLE]
    + [("products", ITEM, name) for name in SAMPLE["products"][ITEM]]
    + [("products", ITEM), ("shipping", 0), ("shipping", 0, "shipping_id"), ("products", ITEM, "extra", "is_edp")]
)


@given(json_values)
def test_any_json_value_is_read_without_an_exception(raw: object) -> None:
    assert isinstance(parse_order(raw), Order | UnreadableOrder)


@given(paths, json_values)
def test_any_damage_to_an_order_gives_an_order_or_a_short_reason(path: tuple[Any, ...], value: object) -> None:
    raw: Any = sample()
    inner = raw
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    order = parse_order(raw)
    if isinstance(order, UnreadableOrder):
        assert order.reason.startswith(path[0])
        assert len(order.reason) < 200
    else:
        assert all(0 <= each.quantity < 1_000_000 for each in order.lines)
        json.dumps(order.model_dump(mode="json")).encode()


# The others

SHIPMENT = {
    "shipment_id": "7",
    "shipment_timestamp": "1448517775",
    "order_id": "96",
    "shipping_id": "1",
    "carrier": "aup",
    "tracking_number": "33X",
    "comments": "",
    "products": {ITEM: "2"},
    "carrier_info": {"name": "Australia Post", "tracking_url": "https://auspost.example/33X"},
}


def test_a_shipment_is_read() -> None:
    shipment = parse_shipment(SHIPMENT)
    assert (shipment.shipment_id, shipment.order_id, shipment.shipping_id) == ("7", "96", "1")
    assert (shipment.carrier, shipment.tracking_number) == ("aup", "33X")
    assert shipment.tracking_url == "https://auspost.example/33X"
    assert shipment.quantities == {ITEM: 2}
    assert shipment.created_at == datetime(2015, 11, 26, 6, 2, 55, tzinfo=UTC)


@pytest.mark.parametrize("nothing", [[], False, None])
def test_an_empty_shipment_without_link_is_one_too(nothing: object) -> None:
    shipment = parse_shipment(SHIPMENT | {"products": nothing, "carrier_info": nothing, "shipping_id": "0"})
    assert (shipment.quantities, shipment.tracking_url, shipment.shipping_id) == ({}, "", None)


def test_a_shipment_of_unknown_quantity_is_unreadable() -> None:
    with pytest.raises(Unreadable, match=f"^products.{ITEM}: "):
        parse_shipment(SHIPMENT | {"products": {ITEM: "some"}})


def test_a_product_is_read() -> None:
    product = parse_product(
        {"product_id": "12", "product_code": " A1 ", "amount": "-3", "tracking": None, "status": "A"}
    )
    assert (product.product_id, product.sku, product.amount, product.tracking, product.status) == (
        "12",
        "A1",
        -3,
        None,
        "A",
    )
    assert product.key == "12"
    assert parse_product({"product_id": 12, "amount": 5, "tracking": "D"}).tracking == "D"


def test_a_combination_is_read_as_documented() -> None:
    combination = parse_combination(
        {
            "product_id": "12",
            "product_code": "",
            "combination_hash": "822274303",
            "combination": {"3": "12", "4": "17"},
            "amount": "50",
            "temp": "N",
            "position": "0",
            "image_pairs": {"pair_id": "808"},
        }
    )
    assert (combination.product_id, combination.combination, combination.key) == ("12", "822274303", "12/822274303")
    assert (combination.sku, combination.amount, combination.tracking) == ("", 50, "O")


def test_a_combination_without_hash_could_not_be_written() -> None:
    with pytest.raises(Unreadable, match="combination_hash"):
        parse_combination({"product_id": "12", "amount": "50"})


def test_product_ids_tell_rows_apart() -> None:
    assert product_id_of({"product_id": "5"}) == "5"
    assert product_id_of({"product_id": "x"}) is product_id_of(None) is None


def test_a_status_is_read() -> None:
    status = parse_status({"status": "X", "description": "Packed", "params": {"inventory": "D"}})
    assert (status.letter, status.name, status.takes_stock) == ("X", "Packed", True)
    assert not parse_status({"status": "P", "description": "Paid", "params": {"inventory": "I"}}).takes_stock
    assert parse_status({"status": "O", "description": "Open", "params": []}).takes_stock
    assert not parse_status({"status": "X", "description": "Packed"}).takes_stock
