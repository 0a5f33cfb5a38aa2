"""Tests of the lists of orders: parameters, sorting and paging, each with its quirk."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.sandbox.conftest import NOON, Serve


@pytest.fixture
def full(store: SandboxStore) -> SandboxStore:
    """Twelve orders, ten seconds apart; the last two are incomplete and a parent."""
    for number in range(12):
        store.place_order([(11, 1 + number % 3)], status="PO"[number % 2], timestamp=NOON - 200 + 10 * number)
    store.change_status(11, "N", user=False)
    store.add_order(replace(store.orders[12], order_id=13, status="T", is_parent=True))
    return store


@pytest.fixture
def orders(full: SandboxStore, serve: Serve) -> Callable[..., list[int]]:
    """The ids of a list, by its parameters."""
    client = serve(full)

    def ids(**params: Any) -> list[int]:
        answer = client.get("orders", params={"items_per_page": 100, **params})
        assert answer.status_code == 200
        return [int(row["order_id"]) for row in answer.json()["orders"]]

    return ids


Orders = Callable[..., list[int]]


def test_default_is_date_descending_without_incomplete_and_parents(orders: Orders) -> None:
    assert orders() == [12, *range(10, 0, -1)]


def test_an_unknown_sort_falls_back_silently(orders: Orders) -> None:
    assert orders(sort_by="updated_at", sort_order="asc") == orders(sort_by="date", sort_order="asc")


def test_unknown_parameters_are_ignored(orders: Orders) -> None:
    assert orders(colour="red") == orders()


@pytest.mark.parametrize("sort_by", ["order_id", "status", "customer", "email", "date", "total"])
def test_documented_sorts(full: SandboxStore, orders: Orders, sort_by: str) -> None:
    for number in (3, 8):
        customer = full.orders[number].customer
        bill_to = replace(customer.bill_to, lastname=f"Aa{number}")
        full.orders[number].customer = replace(customer, email=f"{number}@example.com", bill_to=bill_to)

    def key(number: int) -> Any:
        order = full.orders[number]
        return {
            "order_id": number,
            "status": order.status,
            "customer": order.customer.bill_to.lastname,
            "email": order.customer.email,
            "date": order.timestamp,
            "total": order.total,
        }[sort_by]

    keys = sorted(key(number) for number in orders())
    assert [key(number) for number in orders(sort_by=sort_by, sort_order="asc")] == keys
    assert [key(number) for number in orders(sort_by=sort_by, sort_order="desc")] == keys[::-1]
    assert len(set(keys)) > 1


def test_numbers_come_as_strings(full: SandboxStore, serve: Serve) -> None:
    answer = serve(full).get("orders", params={"items_per_page": 2}).json()
    assert answer["params"]["total_items"] == "11"
    assert answer["params"]["items_per_page"] == "2"
    row = answer["orders"][0]
    assert all(isinstance(row[key], str) for key in ("order_id", "timestamp", "total", "company_id", "user_id"))


def test_the_default_page_is_a_setting(full: SandboxStore, serve: Serve) -> None:
    assert len(serve(full).get("orders").json()["orders"]) == 10
    full.items_per_page = 3
    assert len(serve(full).get("orders").json()["orders"]) == 3


def test_zero_per_page_is_everything_without_a_total(full: SandboxStore, serve: Serve) -> None:
    answer = serve(full).get("orders", params={"items_per_page": 0}).json()
    assert len(answer["orders"]) == 11
    assert "total_items" not in answer["params"]


def test_there_is_no_maximum_per_page(orders: Orders) -> None:
    assert len(orders(items_per_page=1_000_000)) == 11


def test_a_page_past_the_end_is_empty(orders: Orders) -> None:
    assert orders(items_per_page=6, page=2, sort_by="order_id", sort_order="asc") == [7, 8, 9, 10, 12]
    assert orders(items_per_page=6, page=3) == []


def test_one_status(orders: Orders) -> None:
    assert orders(status="O") == [12, 10, 8, 6, 4, 2]


def test_several_statuses_go_in_brackets(orders: Orders) -> None:
    assert orders(**{"status[]": ["P", "O"]}) == orders()


def test_statuses_with_commas_match_nothing(orders: Orders) -> None:
    assert orders(status="P,O") == []


@pytest.mark.parametrize("status", ["N", "T"])
def test_incomplete_and_parents_stay_hidden_when_asked_for(orders: Orders, status: str) -> None:
    assert orders(status=status) == []


def test_a_status_change_hides_and_shows(full: SandboxStore, orders: Orders) -> None:
    full.change_status(11, "P", user=False)
    full.change_status(1, "N", user=False)
    assert orders() == list(range(12, 1, -1))


def test_both_ends_of_a_window_are_inclusive(orders: Orders) -> None:
    assert orders(period="C", time_from=NOON - 180, time_to=NOON - 160) == [5, 4, 3]


def test_without_period_c_times_are_ignored(orders: Orders) -> None:
    assert orders(time_from=NOON - 180, time_to=NOON - 160) == orders()


def test_date_strings_are_read_in_the_stores_zone(full: SandboxStore, orders: Orders) -> None:
    full.time_zone = "Pacific/Auckland"  # NOON is 2026-09-22, 01:33 there, and still the 21st in London
    assert orders(period="C", time_from="09/22/2026", time_to="09/22/2026") == orders()
    full.time_zone = "Europe/London"
    assert orders(period="C", time_from="09/22/2026", time_to="09/22/2026") == []


def test_updated_at_is_filtered_inclusively(full: SandboxStore, orders: Orders) -> None:
    full.change_status(3, "C", user=False)
    assert orders(updated_at_from=NOON) == [3]
    assert orders(updated_at_from=NOON - 110, updated_at_to=NOON - 90) == [12, 10]
    assert 3 not in orders(updated_at_to=NOON - 1)


def test_older_stores_ignore_updated_at_silently(full: SandboxStore, orders: Orders) -> None:
    full.version = (4, 13, 1)
    assert orders(updated_at_from=NOON + 999) == orders()


def test_a_shipment_does_not_bump_updated_at(full: SandboxStore, orders: Orders) -> None:
    full.save_shipment(3, {}, shipping_id=1)
    assert orders(updated_at_from=NOON) == []


def test_orders_are_picked_by_id(orders: Orders) -> None:
    assert orders(order_id="3,1,99") == [3, 1]
    assert orders(**{"order_id[]": ["3", "1"]}) == [3, 1]


def test_an_order_that_leaves_the_filter_shifts_the_next_page(full: SandboxStore, orders: Orders) -> None:
    page = {"status": "O", "sort_by": "order_id", "sort_order": "asc", "items_per_page": 3}
    assert orders(**page, page=1) == [2, 4, 6]
    full.change_status(2, "C", user=False)
    assert orders(**page, page=2) == [10, 12], "8 slid onto page 1 and is skipped"


def test_equal_dates_come_in_another_order_on_each_page(store: SandboxStore, serve: Serve) -> None:
    for _ in range(30):
        store.place_order([(11, 1)])
    client = serve(store)
    seen = [
        row["order_id"]
        for page in (1, 2, 3)
        for row in client.get("orders", params={"page": page, "items_per_page": 10}).json()["orders"]
    ]
    assert len(seen) == 30
    assert len(set(seen)) < 30, "some come twice, others never"
    stable = client.get("orders", params={"sort_by": "order_id", "sort_order": "asc", "items_per_page": 0})
    assert [int(row["order_id"]) for row in stable.json()["orders"]] == list(range(1, 31))


def test_get_orders_data_makes_whole_orders(full: SandboxStore, serve: Serve) -> None:
    client = serve(full)
    row = client.get("orders", params={"get_orders_data": 1, "items_per_page": 1}).json()["orders"][0]
    assert row == client.get("orders/12").json()
    full.whole_orders_in_lists = False
    row = client.get("orders", params={"get_orders_data": 1, "items_per_page": 1}).json()["orders"][0]
    assert "products" not in row


def test_a_window_shows_only_itself_in_a_store_of_many(store: SandboxStore, api: httpx.Client) -> None:
    for number in range(50):
        store.place_order([(11, 1)], timestamp=NOON + number)
    window: dict[str, str | int] = {
        "period": "C",
        "time_from": NOON + 10,
        "time_to": NOON + 19,
        "sort_order": "asc",
        "items_per_page": 4,
    }
    answer = api.get("orders", params=window).json()
    assert answer["params"]["total_items"] == "10"
    assert [int(row["timestamp"]) - NOON for row in answer["orders"]] == [10, 11, 12, 13]
