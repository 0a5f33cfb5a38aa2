"""Updates of the platform after edits and cancellations in the store."""

from dataclasses import fields, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformOrder, PlatformRecord
from npf_pipelines.domain.store_orders import Order, OrderMoney, UnreadableOrder
from npf_pipelines.rules import after_import
from npf_pipelines.rules.after_import import Action, UpdatePlan
from npf_pipelines.rules.imports import platform_order
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines_tests.builders import ADDRESS, NOON, line, order

BEFORE_PICKING = [OrderStatus.IMPORTED, OrderStatus.READY_FOR_PROCESS, OrderStatus.BACK_ORDER]
STAGES = st.sampled_from(OrderStatus)
SUMS = st.none() | st.sampled_from([Decimal(0), Decimal("12.50"), Decimal("12.51"), Decimal("12.505")])
ORDERS = st.builds(
    lambda status, quantity, street, sku, tax, note: order(
        line("1", sku, quantity, tax=tax),
        status=status,
        ship_to=ADDRESS.model_copy(update={"address_1": street}),
        money=OrderMoney(tax=tax),
        internal_note=note,
    ),
    st.sampled_from("PCOFDBIX"),
    st.integers(1, 3),
    st.sampled_from(["1 High St", "2 Low St"]),
    st.sampled_from(["KITE", "YOYO"]),
    SUMS,
    st.sampled_from([None, "", "VIP"]),
)


MEANINGS = StatusMeanings(wanted=frozenset("P"))


def plan_update(
    now: Order | UnreadableOrder | None, has: PlatformRecord, prefix: str, meanings: StatusMeanings = MEANINGS
) -> UpdatePlan:
    return after_import.plan_update(now, has, prefix, meanings, NOON)


def record(imported: Order, status: OrderStatus = OrderStatus.IMPORTED, units_shipped: int = 0) -> PlatformRecord:
    return PlatformRecord(platform_order(imported, "CS"), status, units_shipped, NOON, NOON)


@given(ORDERS, STAGES, st.integers(0, 2))
def test_an_order_that_is_as_it_was_imported_needs_nothing(imported: Order, status: OrderStatus, shipped: int) -> None:
    unchanged = imported.model_copy(update={"status": "P"})
    step = plan_update(unchanged, record(unchanged, status, shipped), "CS").step
    assert step is (Action.REPORT if status is OrderStatus.CANCELLED else Action.NOTHING)


@given(ORDERS, ORDERS, STAGES, st.integers(0, 2))
def test_nothing_changes_once_the_warehouse_has_begun(
    imported: Order, now: Order, status: OrderStatus, shipped: int
) -> None:
    step = plan_update(now, record(imported, status, shipped), "CS").step
    if status not in BEFORE_PICKING or shipped:
        assert step in {Action.NOTHING, Action.REPORT}


@given(ORDERS, ORDERS, st.sampled_from(BEFORE_PICKING))
def test_an_update_ends_in_agreement(imported: Order, now: Order, status: OrderStatus) -> None:
    following = plan_update(now, record(imported, status), "CS")
    if following.step is Action.UPDATE:
        assert following.order is not None
        updated = PlatformRecord(following.order, status, 0, NOON, NOON)
        assert plan_update(now, updated, "CS").step is Action.NOTHING


@pytest.mark.parametrize("letter", ["D", "F", "I"])
@pytest.mark.parametrize("status", BEFORE_PICKING)
def test_a_cancellation_before_picking_is_carried_out(letter: str, status: OrderStatus) -> None:
    assert plan_update(order(status=letter), record(order(), status), "CS").step is Action.CANCEL


@pytest.mark.parametrize(
    ("status", "shipped", "reported"),
    [
        (OrderStatus.PICKING, 0, "but picking on the platform"),
        (OrderStatus.SHIPPED, 1, "but shipped on the platform"),
        (OrderStatus.BACK_ORDER, 1, "but shipped on the platform"),
    ],
)
def test_a_cancellation_that_comes_too_late_is_reported(status: OrderStatus, shipped: int, reported: str) -> None:
    following = plan_update(order(status="I"), record(order(), status, shipped), "CS")
    assert following.step is Action.REPORT
    assert reported in following.differs


def test_a_cancelled_order_that_the_store_wants_again_is_reported() -> None:
    assert plan_update(order(), record(order(), OrderStatus.CANCELLED), "CS").step is Action.REPORT


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        ({"ship_to": ADDRESS.model_copy(update={"address_1": "9 Secret St"})}, "other address 1"),
        ({"email": "new@example.com", "notes": "ring"}, "other email, notes"),
        ({"lines": (line(quantity=3),)}, "1 of KITE on the platform, 3 in the store"),
        ({"lines": (line("2", "YOYO"),)}, "1 of KITE on the platform, 0 in the store"),
        ({"lines": (line("77"),)}, "the lines have other numbers"),
    ],
)
def test_what_differs_is_named_without_the_shoppers_data(changes: dict[str, Any], reported: str) -> None:
    following = plan_update(order(**changes), record(order(), OrderStatus.PICKING), "CS")
    assert following.step is Action.REPORT
    assert reported in following.differs
    assert "Secret" not in following.differs
    assert "new@" not in following.differs
    assert plan_update(order(**changes), record(order()), "CS").step is Action.UPDATE


def test_an_order_edited_to_nothing_is_reported_not_emptied() -> None:
    following = plan_update(order(line(is_download=True)), record(order()), "CS")
    assert (following.step, following.differs) == (Action.REPORT, "edited in the store: no line is left to ship")


@pytest.mark.parametrize("now", [None, UnreadableOrder(order_id="1000012", status="P", placed_at=NOON, reason="odd")])
def test_an_order_that_is_gone_or_unreadable_is_reported_until_it_is_over(now: UnreadableOrder | None) -> None:
    assert plan_update(now, record(order()), "CS").step is Action.REPORT
    for over in (OrderStatus.SHIPPED, OrderStatus.CANCELLED):
        assert plan_update(now, record(order(), over), "CS").step is Action.NOTHING


GOING_ON = StatusMeanings(wanted=frozenset("P"), continued=frozenset("E"))


@pytest.mark.parametrize("letter", ["P", "E"])
def test_an_order_that_the_store_cancelled_goes_on_when_the_store_has_it_going_on(letter: str) -> None:
    has = replace(record(order(), OrderStatus.CANCELLED), cancelled_by="store")
    edited = order(line(quantity=2), status=letter)
    following = plan_update(edited, has, "CS", GOING_ON)
    assert (following.step, following.order) == (Action.RESUME, platform_order(edited, "CS"))
    for other in ("warehouse", ""):
        assert plan_update(edited, replace(has, cancelled_by=other), "CS", GOING_ON).step is Action.REPORT


@pytest.mark.parametrize("letter", ["C", "B", "X"])
def test_a_cancelled_order_in_any_other_status_is_left_to_a_person(letter: str) -> None:
    has = replace(record(order(), OrderStatus.CANCELLED), cancelled_by="store")
    assert plan_update(order(status=letter), has, "CS", GOING_ON).step is Action.REPORT


@given(ORDERS, ORDERS, STAGES, st.integers(0, 2))
def test_a_status_in_which_orders_go_on_never_cancels(
    imported: Order, now: Order, status: OrderStatus, shipped: int
) -> None:
    everything = StatusMeanings(wanted=frozenset("PCOFDBIX"))
    assert plan_update(now, record(imported, status, shipped), "CS", everything).step is not Action.CANCEL


# Optional columns

WHOLE = order(
    line(tax=Decimal("1.10"), discount=Decimal("0.40"), options="Size: L"),
    money=OrderMoney(
        currency="AUD",
        subtotal=Decimal("12.50"),
        discount=Decimal(0),
        shipping_cost=Decimal("9.95"),
        tax=Decimal("1.14"),
    ),
    payment_method="Card",
    gift_message="For you",
    internal_note="VIP",
    language="en",
)
ADDITIONS = [
    field.name
    for field in fields(PlatformOrder)
    if field.default is None and field.name not in {"despatch_method", "bill_to_country"}
]


def with_addition(imported: PlatformOrder, name: str, value: object) -> PlatformOrder:
    return replace(imported, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ADDITIONS)
def test_a_column_that_was_never_written_is_no_edit_and_another_value_is_one(name: str) -> None:
    has = record(WHOLE)
    value = getattr(has.order, name)
    assert value is not None
    never = replace(has, order=with_addition(has.order, name, None))
    assert plan_update(WHOLE, never, "CS").step is Action.NOTHING
    other = value + 1 if isinstance(value, Decimal) else f"{value}?"
    plan = plan_update(WHOLE, replace(has, order=with_addition(has.order, name, other)), "CS")
    assert (plan.step, plan.differs) == (Action.UPDATE, f"other {name.replace('_', ' ')}")
    assert plan.order
    assert getattr(plan.order, name) == value


def test_an_order_imported_before_any_optional_column_is_not_edited() -> None:
    has = record(WHOLE)
    lines = tuple(replace(each, options=None, tax=None, discount=None) for each in has.order.lines)
    bare = replace(has.order, lines=lines)
    for name in ADDITIONS:
        bare = with_addition(bare, name, None)
    for status in BEFORE_PICKING:
        assert plan_update(WHOLE, replace(has, order=bare, status=status), "CS").step is Action.NOTHING


@pytest.mark.parametrize("name", ["tax", "discount"])
def test_money_that_changes_on_a_line_is_an_edit_named_without_the_sum(name: str) -> None:
    edited = WHOLE.model_copy(update={"lines": (WHOLE.lines[0].model_copy(update={name: Decimal("7.77")}),)})
    plan = plan_update(edited, record(WHOLE), "CS")
    assert (plan.step, plan.differs) == (Action.UPDATE, f"other {name} of KITE")


@pytest.mark.parametrize("name", ADDITIONS)
def test_of_the_optional_columns_the_warehouse_needs_the_gift_message_alone_once_it_picks(name: str) -> None:
    """The office goes on writing notes and refunds while an order is picked; before these columns none was reported."""
    has = record(WHOLE, OrderStatus.PICKING)
    value = getattr(has.order, name)
    other = value + 1 if isinstance(value, Decimal) else f"{value}?"
    plan = plan_update(WHOLE, replace(has, order=with_addition(has.order, name, other)), "CS")
    assert plan.step is (Action.REPORT if name == "gift_message" else Action.NOTHING)


def test_money_that_changes_later_is_no_exception() -> None:
    lines = (WHOLE.lines[0].model_copy(update={"tax": Decimal(7), "discount": Decimal(7)}),)
    edited = WHOLE.model_copy(update={"total": Decimal(1), "lines": lines})
    assert plan_update(edited, record(WHOLE, OrderStatus.PICKING), "CS").step is Action.NOTHING


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_a_platform_that_keeps_sums_to_the_cent_sees_no_edit(total: Decimal) -> None:
    one = WHOLE.model_copy(update={"total": total})
    kept = total.quantize(Decimal("0.01"), ROUND_HALF_UP)
    has = record(one)
    assert plan_update(one, replace(has, order=replace(has.order, total=kept)), "CS").step is Action.NOTHING
    assert plan_update(one, replace(has, order=replace(has.order, total=kept + 1)), "CS").step is Action.UPDATE
