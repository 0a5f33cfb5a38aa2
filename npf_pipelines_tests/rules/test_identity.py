"""Which order of the store an order of the platform is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.platform_orders import OrderStatus, PlatformRecord
from npf_pipelines.domain.store_orders import UnreadableOrder
from npf_pipelines.rules.identity import imported_twice, is_same_order, judge
from npf_pipelines.rules.orders import OrderFilter
from npf_pipelines_tests.builders import ADDRESS, NOON, line, order, platform_order

CRITERIA = OrderFilter(datetime(2026, 1, 1, tzinfo=UTC), frozenset("P"), None, {})
LATER = NOON + timedelta(days=200)
SOMEBODY = ADDRESS.model_copy(update={"name": "Bo Ek", "address_1": "2 Low Rd"})


def record(number: str, status: OrderStatus) -> PlatformRecord:
    """An order of the platform with the store order id 1."""
    return PlatformRecord(platform_order(number, store_order_id="1"), status, 0, NOON, NOON)


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"placed_at": LATER}, True),
        ({"email": "bo@example.com", "ship_to": SOMEBODY}, True),
        ({"placed_at": LATER, "email": "ANN@example.com ", "ship_to": SOMEBODY}, True),
        ({"placed_at": LATER, "email": "bo@example.com"}, False),
        ({"placed_at": LATER, "email": ""}, True),
        ({"placed_at": LATER, "email": "", "ship_to": SOMEBODY}, False),
    ],
)
def test_another_time_and_another_shopper_make_another_order(changes: dict[str, object], is_same: bool) -> None:
    store_order = order(**changes)
    assert is_same_order(store_order, platform_order("CS1000012")) is is_same
    verdict = judge(store_order, CRITERIA, [platform_order("CS1000012")])
    assert (verdict.rule is Rule.ID_USED_AGAIN) is not is_same
    assert "example.com" not in verdict.reason


def test_an_order_that_cannot_be_read_is_not_called_another_one() -> None:
    unreadable = UnreadableOrder(order_id="1", status="P", placed_at=LATER, reason="total: is missing")
    assert is_same_order(unreadable, platform_order("CS1"))


def test_what_is_shipped_already_is_rejected_only_before_its_import() -> None:
    shipped = order(line(quantity=2, shipped=2))
    verdict = judge(shipped, CRITERIA, [])
    assert (verdict.decision, verdict.rule) == (Decision.REJECTED, Rule.ALREADY_SHIPPED)
    assert judge(shipped, CRITERIA, [platform_order("CS1000012")]).rule is Rule.ALL_PASSED
    assert judge(order(line(quantity=2, shipped=1)), CRITERIA, []).rule is Rule.ALL_PASSED


def test_an_order_of_which_only_left_out_lines_are_unshipped_is_shipped_already() -> None:
    criteria = replace(CRITERIA, leaves_out_lines_without_code=True)
    left_out = line("2", "")
    verdict = judge(order(line(quantity=2, shipped=2), left_out), criteria, [])
    assert (verdict.decision, verdict.rule) == (Decision.REJECTED, Rule.ALREADY_SHIPPED)
    assert "lines without a product code" in verdict.reason
    assert judge(order(line(quantity=2, shipped=1), left_out), criteria, []).decision is Decision.ACCEPTED
    known = [platform_order("CS1000012")]
    assert judge(order(line(quantity=2, shipped=2), left_out), criteria, known).decision is Decision.ACCEPTED
    waits = judge(order(line(quantity=2, shipped=2), left_out), CRITERIA, [])
    assert (waits.decision, waits.rule) == (Decision.SET_ASIDE, Rule.NO_PRODUCT_CODE)


def test_an_order_under_two_numbers_is_said_while_goods_may_go_twice() -> None:
    shipped, imported = record("CS1", OrderStatus.SHIPPED), record("CSK1", OrderStatus.IMPORTED)
    said = imported_twice([shipped, imported])
    assert set(said) == {"CS1", "CSK1"}
    assert "CS1 (shipped), CSK1 (imported)" in said["CS1"]
    assert imported_twice([shipped, replace(imported, status=OrderStatus.CANCELLED)]) == {}
    assert imported_twice([shipped, replace(imported, status=OrderStatus.SHIPPED)]) == {}
    assert imported_twice([imported, record("CS2", OrderStatus.CANCELLED)]) == {}
