"""Tests of npf_pipelines.cscart.shipment_parser, product_parser and status_parser."""

import pytest

from npf_pipelines.cscart.fields import Unreadable
from npf_pipelines.cscart.product_parser import parse_combination, parse_product, product_id_of
from npf_pipelines.cscart.shipment_parser import parse_shipment
from npf_pipelines.cscart.status_parser import parse_status

ITEM = "1061624811"
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
    assert parse_shipment(SHIPMENT | {"shipment_timestamp": "spoilt"}) == shipment  # No decision needs it.


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


@pytest.mark.parametrize(("notify", "mails"), [("Y", True), ("N", False), ("", None)])
def test_whether_a_status_mails_is_read_and_not_kept(notify: str, mails: bool | None) -> None:
    status = parse_status({"status": "X", "description": "Packed", "params": {"notify": notify}})
    assert status.mails is mails
    assert "mails" not in status.model_dump()
