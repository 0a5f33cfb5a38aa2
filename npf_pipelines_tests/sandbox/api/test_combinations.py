"""Tests of `/combinations`: a plain array by product, amounts that are never checked."""

from typing import Any

import httpx
import pytest

from npf_pipelines.sandbox.model import Combination, Mail, Product
from npf_pipelines.sandbox.store import SandboxStore


@pytest.fixture(autouse=True)
def shirt(store: SandboxStore) -> Product:
    """A shirt that is counted by its three combinations."""
    combinations = {
        71: Combination(71, "SHIRT-S", {3: 12, 4: 17}, amount=50),
        72: Combination(72, "", {3: 12, 4: 18}, amount=2),
        73: Combination(73, "SHIRT-L", {3: 12, 4: 19}, amount=0),
    }
    product = Product(20, "SHIRT", "Shirt", 900, amount=5, tracking="O", combinations=combinations)
    store.add_product(product)
    return product


def _hashes(api: httpx.Client, **params: Any) -> list[str]:
    return [row["combination_hash"] for row in api.get("combinations", params=params).json()]


def test_a_row_is_the_documented_one(api: httpx.Client) -> None:
    row = {
        "product_id": "20",
        "product_code": "SHIRT-S",
        "combination_hash": "71",
        "combination": {"3": "12", "4": "17"},
        "amount": "50",
        "temp": "N",
        "position": "0",
        "image_pairs": [],
    }
    assert api.get("combinations", params={"product_id": 20}).json()[0] == row
    assert api.get("combinations/71").json() == row


def test_the_product_is_mandatory(api: httpx.Client) -> None:
    assert api.get("combinations").status_code == 400
    assert _hashes(api, product_id=11) == [], "a kite has none"
    assert _hashes(api, product_id=999) == []


def test_pages_only_where_they_are_asked_for(api: httpx.Client) -> None:
    assert _hashes(api, product_id=20) == _hashes(api, product_id=20, page=2) == ["71", "72", "73"]
    assert _hashes(api, product_id=20, items_per_page=2) == ["71", "72"]
    assert _hashes(api, product_id=20, items_per_page=2, page=2) == ["73"]
    assert len(_hashes(api, product_id=20, items_per_page=1_000_000)) == 3


@pytest.mark.parametrize(("sent", "stored"), [(7, 7), ("15", 15), ("abc", 0), (12.7, 13), (-4, -4)])
def test_an_amount_is_set_and_not_validated(api: httpx.Client, shirt: Product, sent: object, stored: int) -> None:
    answer = api.put("combinations/71", json={"amount": sent})
    assert (answer.status_code, answer.json()) == (200, {"combination_hash": "71"})
    assert [one.amount for one in shirt.combinations.values()] == [stored, 2, 0]
    assert shirt.amount == 5


def test_other_keys_are_left(api: httpx.Client, shirt: Product) -> None:
    assert api.put("combinations/71", json={"position": 3}).status_code == 200
    assert shirt.combinations[71].amount == 50


def test_the_products_own_amount_is_another_one(api: httpx.Client, shirt: Product) -> None:
    assert api.put("products/20", json={"amount": 1}).status_code == 200
    assert shirt.amount == 1
    assert [one.amount for one in shirt.combinations.values()] == [50, 2, 0]


def test_raising_from_zero_mails_those_who_wait(store: SandboxStore, api: httpx.Client) -> None:
    for amount in (4, 5):
        api.put("combinations/73", json={"amount": amount})
    assert store.mails == [Mail("back_in_stock", product_id=20)]


def test_a_missing_combination_is_a_404(api: httpx.Client) -> None:
    assert api.get("combinations/999").status_code == 404
    assert api.put("combinations/999", json={"amount": 1}).status_code == 404


def test_rights_are_those_of_the_catalogue(store: SandboxStore, api: httpx.Client) -> None:
    store.missing_rights = {"manage_catalog"}
    assert api.put("combinations/71", json={"amount": 1}).status_code == 403
    assert api.get("combinations/71").status_code == 200
    store.missing_rights = {"view_catalog"}
    assert api.get("combinations/71").status_code == 403


def test_other_verbs_are_not_modelled(api: httpx.Client) -> None:
    assert api.delete("combinations/71").status_code == 405
    assert api.post("combinations", json={"product_id": 20}).status_code == 405
