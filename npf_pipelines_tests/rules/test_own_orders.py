"""Which of a client's orders on the platform are of its store."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.own_numbers import OwnNumbers
from npf_pipelines.domain.sku_map import SkuMap
from npf_pipelines.domain.store_orders import UnreadableOrder
from npf_pipelines.rules.own_orders import is_own, with_recognised
from npf_pipelines_tests.builders import NOON, line, order, platform_line, platform_order

OWN = OwnNumbers("CS", frozenset({"OLD"}), frozenset({"BY-HAND"}))
PREFIXES = st.sampled_from(["", "C", "CS", "CS1", "EB", "OLD"])
IDS = st.integers(1, 200).map(str)
NUMBERS = st.lists(st.tuples(PREFIXES, IDS), max_size=8).map(
    lambda orders: [(f"{prefix}{order_id}", order_id) for prefix, order_id in orders]
)


@pytest.mark.parametrize(
    ("number", "order_id", "is_own_number"),
    [
        ("CS5001", "5001", True),
        ("OLD5001", "5001", True),
        ("BY-HAND", "5001", True),
        ("EB5001", "5001", False),
        ("5001", "5001", False),
        ("CS5001", "1", False),
        ("CS5001", "999999", False),
        ("CSX5001", "5001", False),
    ],
)
def test_a_number_is_the_stores_by_its_prefix_and_id(number: str, order_id: str, is_own_number: bool) -> None:
    assert OWN.has(number, order_id) is is_own_number
    assert is_own(None, platform_order(number, store_order_id=order_id, email="eve@home.example"), OWN) is is_own_number


@pytest.mark.parametrize(
    ("changes", "is_own_number"),
    [
        ({}, True),
        ({"placed_at": NOON + timedelta(hours=20)}, True),
        ({"email": ""}, True),
        ({"placed_at": NOON + timedelta(hours=20), "lines": (platform_line(sku="DRUM"),)}, True),
        ({"placed_at": NOON + timedelta(days=3)}, True),
        ({"placed_at": NOON + timedelta(days=3), "lines": (platform_line(quantity=2),)}, False),
        ({"placed_at": NOON + timedelta(days=3), "lines": (platform_line(), platform_line("2", "DRUM"))}, False),
        ({"placed_at": NOON + timedelta(days=3), "email": "eve@home.example"}, False),
        ({"email": "eve@home.example"}, False),
        ({"email": "", "ship_to_name": "Eve Bay"}, False),
    ],
)
def test_an_unfamiliar_number_is_the_stores_if_the_store_has_that_order(
    changes: dict[str, object], is_own_number: bool
) -> None:
    imported = platform_order("W-77", store_order_id="1000012", **changes)
    assert is_own(order(), imported, OWN) is is_own_number
    assert not is_own(None, imported, OWN)


@pytest.mark.parametrize(("entered", "is_own_number"), [("KITE DRUM", True), ("KITE", True), ("DRUM", False)])
def test_for_a_line_without_a_code_the_warehouse_may_have_entered_any(entered: str, is_own_number: bool) -> None:
    lines = [platform_line(str(number), sku) for number, sku in enumerate(entered.split())]
    imported = platform_order("W-77", *lines, store_order_id="1000012", placed_at=NOON + timedelta(days=3))
    assert is_own(order(line(), line("2", sku="")), imported, OWN) is is_own_number


@pytest.mark.parametrize(("sku", "units", "is_own_number"), [("T", 6, True), ("TEA6", 1, True), ("T", 5, False)])
def test_the_warehouse_may_have_entered_its_own_codes(sku: str, units: int, is_own_number: bool) -> None:
    entered = platform_line("1", sku, units)
    imported = platform_order("W-77", entered, store_order_id="1000012", placed_at=NOON + timedelta(days=3))
    assert is_own(order(line("1", "TEA6")), imported, OWN, SkuMap({"TEA6": {"T": 6}})) is is_own_number


def test_an_order_without_any_code_is_no_order_of_another_time() -> None:
    imported = platform_order("W-77", store_order_id="1000012", placed_at=NOON + timedelta(days=3))
    assert not is_own(order(line(sku="")), imported, OWN)


def test_an_order_that_cannot_be_read_makes_no_unfamiliar_number_the_stores() -> None:
    unreadable = UnreadableOrder(order_id="5001", status="P", placed_at=NOON, reason="total: is missing")
    assert not is_own(unreadable, platform_order("EB5001"), OWN)
    assert is_own(unreadable, platform_order("CS5001"), OWN)


@given(prefix=PREFIXES, first=NUMBERS, then=NUMBERS)
def test_what_was_recognised_stays_so(prefix: str, first: list[tuple[str, str]], then: list[tuple[str, str]]) -> None:
    own = with_recognised(OwnNumbers(prefix), first)
    later = with_recognised(own, then)
    assert all(later.has(number, order_id) for number, order_id in [*first, *then])
    assert own.used <= later.used
    assert own.others <= later.others
    assert with_recognised(later, [*first, *then]) == later


def test_one_order_makes_no_prefix() -> None:
    one = with_recognised(OwnNumbers("CS"), [("EB7", "7"), ("EB7", "7"), ("CS8", "8"), ("W-77", "9")])
    assert one == OwnNumbers("CS", others=frozenset({"EB7", "W-77"}))
    assert not one.has("EB8", "8")
    several = with_recognised(OwnNumbers("CS"), [("OLD7", "7"), ("OLD8", "8")])
    assert several == OwnNumbers("CS", frozenset({"OLD"}))
    assert several.has("OLD9", "9")
