"""Tests of `/products`: searching, amounts that are never checked, stock split over warehouses."""

from typing import Any

import httpx
import pytest

from npf_pipelines.sandbox.model import Mail, Product
from npf_pipelines.sandbox.store import SandboxStore


def _codes(api: httpx.Client, **params: Any) -> list[str]:
    rows = api.get("products", params={"items_per_page": 50, **params}).json()["products"]
    return [row["product_code"] for row in rows]


def test_a_row(api: httpx.Client) -> None:
    row = next(row for row in api.get("products").json()["products"] if row["product_id"] == "11")
    assert (row["product_code"], row["amount"], row["tracking"], row["status"]) == ("KITE", "100", "B", "A")
    assert api.get("products/11").json()["product_code"] == "KITE"


def test_tracking_may_be_null(store: SandboxStore, api: httpx.Client) -> None:
    store.products[11].tracking = None
    assert api.get("products/11").json()["tracking"] is None


def test_pages(api: httpx.Client) -> None:
    assert _codes(api) == ["DRUM", "KITE", "PDF", "SAND"]
    assert _codes(api, items_per_page=3, page=2) == ["SAND"]
    assert _codes(api, items_per_page=3, page=3) == [], "past the end"
    assert api.get("products").json()["params"]["total_items"] == "4"
    assert _codes(api, sort_by="amount", sort_order="desc")[0] == "KITE"


def test_pcode_matches_anywhere_and_has_wildcards(store: SandboxStore, api: httpx.Client) -> None:
    store.add_product(Product(20, "kite-2", "Kite two", 100, 1))
    store.add_product(Product(21, "A+B", "Both", 100, 1))
    assert _codes(api, pcode="KITE") == ["KITE", "kite-2"]
    assert _codes(api, pcode="K_TE") == ["KITE", "kite-2"]
    assert _codes(api, pcode="T%2") == ["kite-2"]
    assert _codes(api, pcode="+") == ["A+B"]


def test_pid_picks(api: httpx.Client) -> None:
    assert _codes(api, pid="14,11,999") == ["KITE", "SAND"]


def test_an_amount_is_set_and_the_rest_left(store: SandboxStore, api: httpx.Client) -> None:
    answer = api.put("products/11", json={"amount": 7})
    assert (answer.status_code, answer.json()) == (200, {"product_id": "11"})
    assert store.products[11] == Product(11, "KITE", "Kite", 1250, amount=7)
    assert api.put("products/11", json={}).status_code == 200
    assert store.products[11].amount == 7


def test_a_missing_product_is_a_404(api: httpx.Client) -> None:
    assert api.put("products/999", json={"amount": 1}).status_code == 404
    assert api.get("products/999").status_code == 404


@pytest.mark.parametrize(
    ("sent", "stored"), [("abc", 0), (None, 0), (12.7, 13), (8_388_608, 8_388_607), (-4, -4), ("15", 15)]
)
def test_an_amount_is_not_validated(store: SandboxStore, api: httpx.Client, sent: object, stored: int) -> None:
    assert api.put("products/11", json={"amount": sent}).status_code == 200
    assert store.products[11].amount == stored


def test_raising_from_zero_mails_those_who_wait(store: SandboxStore, api: httpx.Client) -> None:
    for amount in (50, 0, 0, 3, 4, -1, 1):
        api.put("products/11", json={"amount": amount})
    assert store.mails == [Mail("back_in_stock", product_id=11)] * 2


def test_split_stock_says_yes_and_changes_nothing(store: SandboxStore, api: httpx.Client) -> None:
    store.add_product(Product(20, "SPLIT", "Split", 100, amount=9, warehouses={1: 4, 2: 5}))
    assert api.put("products/20", json={"amount": 1}).status_code == 200
    assert api.put("products/20", json={"warehouses": {"1": 1}}).status_code == 200
    detail = api.get("products/20").json()
    assert (detail["amount"], detail["warehouses"]) == ("9", {"1": "4", "2": "5"})


def test_split_stock_is_set_by_warehouse(store: SandboxStore, api: httpx.Client) -> None:
    store.add_product(Product(20, "SPLIT", "Split", 100, amount=9, warehouses={1: 4, 2: 5}))
    body = {"warehouses": {"1": 40, "7": 100}, "warehouses_update_stock_only": 1}
    assert api.put("products/20", json=body).json() == {"product_id": "20"}
    detail = api.get("products/20").json()
    assert (detail["amount"], detail["warehouses"]) == ("45", {"1": "40", "2": "5"})


def test_orders_take_from_split_stock(store: SandboxStore) -> None:
    store.add_product(Product(20, "SPLIT", "Split", 100, amount=9, warehouses={1: 4, 2: 5}))
    store.place_order([(20, 3)])
    assert (store.products[20].amount, store.products[20].warehouses) == (6, {1: 4, 2: 2})


def test_other_verbs_are_not_modelled(api: httpx.Client) -> None:
    assert api.delete("products/11").status_code == 405
    assert api.post("products", json={"product": "New"}).status_code == 405
