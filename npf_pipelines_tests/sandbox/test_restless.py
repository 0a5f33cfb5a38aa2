"""Tests of a shop in which things happen while its lists are read."""

import random

import httpx

from npf_pipelines.sandbox.restless import stir
from npf_pipelines.sandbox.store import SandboxStore


def test_orders_enter_and_leave_the_lists_as_the_dice_say(store: SandboxStore) -> None:
    for number in range(30):
        store.place_order([(11, 1)], timestamp=number, status="N" if number % 3 else "P")
    before = dict(store.orders)
    statuses = {order_id: order.status for order_id, order in before.items()}
    dice = random.Random(1)
    for _ in range(5):
        stir(store, dice)
    now = {order_id: order.status for order_id, order in store.orders.items()}
    assert set(before) - set(now), "none was deleted"
    assert set(now) - set(before), "none was placed"
    both = statuses.keys() & now.keys()
    assert {(statuses[order_id], now[order_id]) for order_id in both} >= {("P", "N"), ("N", "P")}
    assert store.mails == []


def test_an_empty_shop_stays_empty(store: SandboxStore) -> None:
    stir(store, random.Random(1))
    assert store.orders == {}


def test_only_a_restless_shop_is_stirred_and_only_behind_a_list(store: SandboxStore, api: httpx.Client) -> None:
    order_id = store.place_order([(11, 1)])
    for number in range(9):
        store.place_order([(11, 1)], timestamp=number)
    before = set(store.listed())
    api.get("orders").raise_for_status()
    assert set(store.listed()) == before
    store.restless = random.Random(1)
    api.get(f"orders/{order_id}").raise_for_status()
    assert set(store.listed()) == before
    first = api.get("orders").json()["orders"]
    assert {int(row["order_id"]) for row in first} == {number for _, number in before}
    for _ in range(3):
        api.get("orders").raise_for_status()
    assert set(store.listed()) != before
