"""Tests of how the store prints what it holds."""

import json
from dataclasses import replace

import httpx

from npf_pipelines.sandbox.model import ShippingMethod
from npf_pipelines.sandbox.planted import PLANTED_SECRETS
from npf_pipelines.sandbox.samples import documented
from npf_pipelines.sandbox.store import SandboxStore


def test_a_row_is_shaped_as_documented(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(11, 1)])
    row = api.get("orders").json()["orders"][0]
    assert set(row) == set(documented("orders-page.json")["orders"][0]) | {"storefront_id"}
    assert "updated_at" not in row


def test_a_detail_is_shaped_as_documented(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(11, 1)])
    detail, printed = api.get("orders/1").json(), documented("order-96.json")
    rarely = {"is_root", "purchase_timestamp_from", "purchase_timestamp_to", "responsible_email", "last_passwords"}
    descriptions = {f"{side}_{what}_descr" for side in "bs" for what in ("country", "state")}
    assert set(printed) - set(detail) <= rarely | descriptions
    line = detail["products"].popitem()[1]
    assert set(printed["products"]["1061624811"]) <= set(line)


def test_products_are_keyed_by_item_id(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(11, 2), (11, 1)])
    products = api.get("orders/1").json()["products"]
    assert len(products) == 2, "one SKU is on two lines"
    assert all(line["item_id"] == key for key, line in products.items())
    assert sorted(line["amount"] for line in products.values()) == ["1", "2"]
    assert all(line["price"] == "12.50" for line in products.values())


def test_empty_objects_are_lists(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([])
    detail = api.get("orders/1").json()
    assert detail["products"] == detail["taxes"] == detail["fields"] == []
    assert detail["promotions"] is False


def test_what_was_sent_and_what_is_still_to_be_sent(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(11, 5)])
    (item_id,) = api.get("orders/1").json()["products"]
    shipment_id = store.save_shipment(1, {item_id: 2}, shipping_id=1)
    detail = api.get("orders/1").json()
    line = detail["products"][item_id]
    assert (line["shipped_amount"], line["shipment_amount"]) == (2, "3")
    assert detail["shipment_ids"] == [str(shipment_id)]


def test_a_download_needs_no_shipment(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(13, 1)])
    detail = api.get("orders/1").json()
    line = detail["products"].popitem()[1]
    assert (line["extra"]["is_edp"], line["shipment_amount"], detail["need_shipping"]) == ("Y", "0", False)


def test_a_shipping_entry_may_lack_its_id(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(11, 1)])
    store.orders[1].shipping = (ShippingMethod(None, "Free shipping"),)
    (entry,) = api.get("orders/1").json()["shipping"]
    assert "shipping_id" not in entry
    assert entry["shipping"] == "Free shipping"


def test_a_deleted_product_says_so(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(11, 1)])
    del store.products[11]
    assert api.get("orders/1").json()["products"].popitem()[1]["deleted_product"] is True


def test_a_detail_carries_everybodys_secrets(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(11, 1)])
    detail = api.get("orders/1").json()
    text = json.dumps(detail)
    elsewhere = ("DATABASE", "EXAMPLE", "-USER-")
    in_orders = [secret for secret in PLANTED_SECRETS if not any(part in secret for part in elsewhere)]
    assert len(in_orders) == 8
    assert all(secret in text for secret in in_orders)
    assert detail["product_groups"][0]["shippings"]["3"]["service_params"]["user_key"] in PLANTED_SECRETS
    assert detail["payment_method"]["processor_params"]["transaction_key"] in PLANTED_SECRETS
    assert {detail["api_key"], detail["ip_address"], detail["password_change_timestamp"]} <= set(PLANTED_SECRETS)
    assert not any(secret in json.dumps(api.get("orders").json()) for secret in PLANTED_SECRETS)


def test_parents_and_children_point_at_each_other(store: SandboxStore, api: httpx.Client) -> None:
    store.place_order([(11, 1)])
    store.add_order(replace(store.orders[1], order_id=7, status="T", is_parent=True))
    store.orders[1].parent_order_id = 7
    assert api.get("orders/7").json()["is_parent_order"] == "Y"
    assert api.get("orders/1").json()["parent_order_id"] == "7"
