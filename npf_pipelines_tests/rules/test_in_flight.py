"""Tests of npf_pipelines.rules.in_flight."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES
from npf_pipelines.domain.store_orders import UnreadableOrder
from npf_pipelines.rules.despatch import DespatchMap
from npf_pipelines.rules.in_flight import in_flight_rule, is_in_flight, units_by_sku, units_taken
from npf_pipelines.rules.orders import OrderFilter
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines_tests.builders import ADDRESS, NO_ADDRESS, NOON, line, order, shipping

ORDERS = OrderFilter(
    start=NOON - timedelta(days=20),
    statuses=frozenset("P"),
    countries=frozenset({"AU"}),
    status_names={},
    meanings=StatusMeanings(SHIPPED_STATUSES, wanted=frozenset("P"), shipped="C"),
)
RULE = in_flight_rule(ORDERS)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"status": "O"}, True),  # not wanted yet, but the store has taken its stock
        ({"status": "C"}, False),
        ({"status": "B"}, False),
        ({"status": "I"}, False),
        ({"placed_at": NOON - timedelta(days=21)}, False),
        ({"ship_to": ADDRESS.model_copy(update={"country_code": "NZ"})}, False),
        (
            {
                "ship_to": ADDRESS.model_copy(update={"country_code": "NZ"}),
                "lines": (line("1"), line("2", "Test001")),
            },
            False,
        ),
        ({"ship_to": NO_ADDRESS, "bill_to": NO_ADDRESS}, True),  # set aside for a person, to be shipped all the same
        ({"shipping": (shipping(module="store_locator"),)}, False),
        ({"is_parent": True}, False),
    ],
)
def test_what_will_come_to_the_warehouse_counts_and_nothing_else(changes: dict[str, Any], counts: bool) -> None:
    assert is_in_flight(order(**changes), RULE) == counts


def test_an_order_that_is_held_counts() -> None:
    without_code = in_flight_rule(replace(ORDERS, despatch=DespatchMap({"Express": "EXP"})))
    assert is_in_flight(order(), without_code)


def test_downloads_test_items_and_lines_without_a_code_hold_nothing() -> None:
    mixed = order(line("1", "KITE", 2), line("2", "SONG", is_download=True), line("3", ""))
    assert units_by_sku([mixed, order(line(sku="Test001"))], RULE) == {"KITE": 2}


def test_a_wanted_status_counts_even_if_it_is_complete() -> None:
    rule = in_flight_rule(replace(ORDERS, statuses=frozenset("PC")))
    assert is_in_flight(order(status="C"), rule)


def test_the_statuses_that_the_pipeline_itself_sets_do_not_count() -> None:
    rule = in_flight_rule(replace(ORDERS, meanings=replace(ORDERS.meanings, partially_shipped="O")))
    assert not is_in_flight(order(status="O"), rule)


def test_an_order_that_cannot_be_read_holds_nothing_that_could_be_counted() -> None:
    broken = UnreadableOrder(order_id="7", status="P", placed_at=NOON, reason="products: broken")
    assert not is_in_flight(broken, RULE)
    assert units_by_sku([broken], RULE) == {}
    assert units_taken([broken], RULE) == {}


def test_the_store_takes_stock_for_orders_that_go_elsewhere_too() -> None:
    abroad = order(line(quantity=3), ship_to=ADDRESS.model_copy(update={"country_code": "NZ"}))
    assert units_taken([abroad, order(status="I")], RULE) == {("11", "KITE"): 3}
