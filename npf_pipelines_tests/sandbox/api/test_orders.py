"""Tests of `/orders`: the update that always says yes. Its lists are tested in test_listing.py."""

from typing import Any

import httpx
import pytest

from npf_pipelines.sandbox.model import Mail
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.sandbox.conftest import NOON

QUIET = {"notify_user": False}


@pytest.fixture
def order_id(store: SandboxStore) -> int:
    return store.place_order([(11, 3), (12, 1)], timestamp=NOON - 500)


def _put(api: httpx.Client, order_id: int, body: dict[str, Any]) -> None:
    answer = api.put(f"orders/{order_id}", json=body)
    assert answer.status_code == 200
    assert answer.json() == {"order_id": str(order_id)}


def test_a_missing_order_is_a_404(api: httpx.Client) -> None:
    answer = api.get("orders/999")
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found", "status": 404})
    assert api.get("orders/abc").status_code == 404


def test_an_incomplete_order_can_be_read_by_its_number(store: SandboxStore, api: httpx.Client) -> None:
    order_id = store.place_order([(11, 1)], status="N")
    assert api.get(f"orders/{order_id}").json()["status"] == "N"


def test_status_alone_leaves_the_order_as_it_is(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    store.products[11].cents = 9999
    before = list(store.orders[order_id].lines)
    _put(api, order_id, {"status": "C", "notify_user": False, "notify_department": 0, "notify_vendor": False})
    order = store.orders[order_id]
    assert (order.status, order.updated_at, order.lines) == ("C", NOON, before)
    assert order.lines[0].cents == 1250
    assert not store.mails


def test_any_other_key_rebuilds_the_order(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    store.products[11].cents = 9999
    before = {line.item_id for line in store.orders[order_id].lines}
    _put(api, order_id, {"status": "C", "tracking": "1Z", **QUIET})
    order = store.orders[order_id]
    assert order.status == "C"
    assert [line.cents for line in order.lines] == [9999, 4000]
    assert before.isdisjoint(line.item_id for line in order.lines)
    assert (store.products[11].amount, store.products[12].amount) == (97, 1)


def test_a_products_key_deletes_unnamed_lines(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    kites = store.orders[order_id].lines[0].item_id
    _put(api, order_id, {"products": {kites: {"product_id": 11, "amount": 2}}})
    assert [(line.product_code, line.amount) for line in store.orders[order_id].lines] == [("KITE", 2)]
    assert (store.products[11].amount, store.products[12].amount) == (98, 2)


def test_a_missing_order_is_updated_with_a_200(store: SandboxStore, api: httpx.Client) -> None:
    _put(api, 999, {"status": "C"})
    assert not store.orders


def test_the_same_status_is_a_200_without_a_mail(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    _put(api, order_id, {"status": "P", "notify_user": True})
    assert not store.mails
    assert store.orders[order_id].updated_at == NOON - 500


def test_a_vetoed_change_is_a_200(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    store.vetoes = {("P", "C")}
    _put(api, order_id, {"status": "C", "notify_user": True})
    assert store.orders[order_id].status == "P"
    assert not store.mails


def test_running_out_of_stock_turns_into_back_order(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    store.change_status(order_id, "D", user=False)
    store.set_amount(12, 0)
    _put(api, order_id, {"status": "P", **QUIET})
    assert store.orders[order_id].status == "B"
    assert (store.products[11].amount, store.products[12].amount) == (100, 0)
    _put(api, order_id, {"status": "P", **QUIET})
    assert store.orders[order_id].status == "B"


def test_stock_moves_between_the_inventory_groups(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    _put(api, order_id, {"status": "C", **QUIET})
    assert store.products[11].amount == 97
    _put(api, order_id, {"status": "I", **QUIET})
    assert store.products[11].amount == 100
    _put(api, order_id, {"status": "O", **QUIET})
    assert store.products[11].amount == 97


@pytest.mark.parametrize(
    ("sent", "stored"), [("Canceled", "C"), ("Complete", "C"), ("p", "p"), ("Z", "Z"), ("", "P"), (None, "P")]
)
def test_a_status_is_not_validated_and_cut_to_its_first_letter(
    store: SandboxStore, api: httpx.Client, order_id: int, sent: str | None, stored: str
) -> None:
    _put(api, order_id, {"status": sent, **QUIET})
    assert store.orders[order_id].status == stored


@pytest.mark.parametrize("value", ["N", "false", "no", True, 1, "1"])
def test_notify_follows_php_truth_and_mails(
    store: SandboxStore, api: httpx.Client, order_id: int, value: object
) -> None:
    _put(api, order_id, {"status": "C", "notify_user": value})
    assert store.mails == [Mail("order_status", order_id)]


@pytest.mark.parametrize("value", [False, 0, "0", "", None])
def test_notify_follows_php_truth_and_is_silent(
    store: SandboxStore, api: httpx.Client, order_id: int, value: object
) -> None:
    _put(api, order_id, {"status": "C", "notify_user": value})
    assert not store.mails


def test_without_notify_user_the_status_decides(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    _put(api, order_id, {"status": "C"})
    assert store.mails == [Mail("order_status", order_id)]


def test_other_verbs_are_not_modelled(api: httpx.Client, order_id: int) -> None:
    assert api.delete(f"orders/{order_id}").status_code == 405
    assert api.post("orders", json={"user_id": 1}).status_code == 405
