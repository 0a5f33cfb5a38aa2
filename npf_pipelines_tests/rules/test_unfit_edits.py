"""Edits of imported orders that the import rules object to: what each objection leads to."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.platform_orders import OrderStatus, PlatformRecord
from npf_pipelines.domain.store_orders import Order, OrderMoney, UnreadableOrder
from npf_pipelines.rules.after_import import Action, UpdatePlan
from npf_pipelines.rules.changes import plan_order_update
from npf_pipelines.rules.despatch import DespatchMap
from npf_pipelines.rules.despatch_updates import despatched_update
from npf_pipelines.rules.imports import platform_order
from npf_pipelines.rules.orders import OrderFilter, decide
from npf_pipelines_tests.builders import ADDRESS, NOON, criteria, line, order, shipping

CRITERIA = criteria(
    countries=frozenset({"AU", "GB"}),
    storefronts=frozenset({"1"}),
    despatch=DespatchMap({"Post": "STD", "Pickup": "X"}),
)
PAID = OrderMoney(subtotal=Decimal("12.50"))
IMPORTED = order(money=PAID)
PICK_UP = shipping("Pickup", module="store_locator")
TO_GERMANY = ADDRESS.model_copy(update={"country_code": "DE", "country": "Germany"})
GIFT = line("9", "", description="Gift")

EDITS: list[tuple[Rule, dict[str, Any], Action, str]] = [
    # The order itself is as good as before: its edits are followed.
    (Rule.START_DATE, {"placed_at": NOON - timedelta(days=1), "notes": "ring"}, Action.UPDATE, "other notes"),
    (Rule.STATUS, {"status": "O", "notes": "ring"}, Action.UPDATE, "other notes"),
    # It has ended, or continues as others.
    (Rule.INCOMPLETE, {"status": "N"}, Action.CANCEL, "has become incomplete"),
    (Rule.PARENT, {"is_parent": True}, Action.REPORT, "the store has split the order"),
    # A person decides.
    (Rule.STOREFRONT, {"storefront_id": "2"}, Action.REPORT, "of the storefront 2, which isn't the client's"),
    (Rule.NO_STOREFRONT, {"storefront_id": ""}, Action.REPORT, "doesn't say of which storefront"),
    (Rule.NOTHING_TO_SHIP, {"shipping": (PICK_UP,)}, Action.REPORT, "(other shipping method): picked up in the store"),
    (Rule.NOTHING_TO_SHIP, {"lines": (line(is_download=True),)}, Action.REPORT, "no line is left to ship"),
    (
        Rule.NOTHING_TO_SHIP,
        {"lines": (line(is_pick_up=True),), "shipping": (PICK_UP,)},
        Action.REPORT,
        "no line is left",
    ),
    (Rule.NO_PRODUCT_CODE, {"lines": (line(), GIFT)}, Action.REPORT, "no product code on the lines Gift"),
    (Rule.NO_PRODUCT_CODE, {"lines": (line(sku=""),)}, Action.REPORT, "no line is left to ship"),
    (Rule.TEST_ITEM_IN_REAL_ORDER, {"lines": (line(), line("2", "Test001"))}, Action.REPORT, "the test item Test001"),
    (Rule.PROBABLE_TEST_ITEM, {"lines": (line(), line("2", "TEST001"))}, Action.REPORT, "probably a test item"),
    (Rule.ADDRESS_INCOMPLETE, {"ship_to": ADDRESS.model_copy(update={"address_1": ""})}, Action.REPORT, "no street"),
    (
        Rule.COUNTRY_UNREADABLE,
        {"ship_to": ADDRESS.model_copy(update={"country_code": "XX", "country": "Atlantis"})},
        Action.REPORT,
        "'XX' is no country",
    ),
    (Rule.COUNTRY, {"ship_to": TO_GERMANY}, Action.REPORT, "goes to Germany"),
    (Rule.NO_DESPATCH_CODE, {"shipping": (shipping("Drone"),)}, Action.REPORT, "no despatch code"),
]
OF_NO_EDIT = {
    Rule.ID_USED_AGAIN,  # It is another order.
    Rule.ALREADY_SHIPPED,  # Units that the store has shipped: rules/shipped_before.py.
    Rule.UNREADABLE,  # Below.
    *(rule for rule in Rule if rule.decision is Decision.HELD and rule is not Rule.NO_DESPATCH_CODE),
    *(rule for rule in Rule if rule.decision is Decision.ACCEPTED),
}
BEFORE_PICKING = [OrderStatus.IMPORTED, OrderStatus.READY_FOR_PROCESS, OrderStatus.BACK_ORDER]


def record(imported: Order = IMPORTED, status: OrderStatus = OrderStatus.IMPORTED, **changes: Any) -> PlatformRecord:
    """The platform's record of an order; `changes` are of its columns."""
    return PlatformRecord(replace(platform_order(imported, "CS"), **changes), status, 0, NOON, NOON)


def edited(**changes: Any) -> Order:
    """The order after an edit; its subtotal is that of its lines."""
    now = IMPORTED.model_copy(update=changes)
    subtotal = sum((each.price * each.quantity for each in now.lines), Decimal(0))
    return now.model_copy(update={"money": OrderMoney(subtotal=subtotal)})


def plan(now: Order | UnreadableOrder, has: PlatformRecord | None = None, rules: OrderFilter = CRITERIA) -> UpdatePlan:
    """The plan for an order, as a run makes it."""
    has = has or record()
    return despatched_update(plan_order_update(now, has, "CS", rules, NOON), now, has, rules.despatch)


def test_every_rule_has_its_edit() -> None:
    assert {rule for rule, *_ in EDITS} | OF_NO_EDIT == set(Rule)
    assert {rule for rule, *_ in EDITS}.isdisjoint(OF_NO_EDIT)


@pytest.mark.parametrize("stage", BEFORE_PICKING)
@pytest.mark.parametrize(("rule", "changes", "step", "said"), EDITS)
def test_what_an_edit_leads_to_that_keeps_an_order_out(
    rule: Rule, changes: dict[str, Any], step: Action, said: str, stage: OrderStatus
) -> None:
    assert decide(IMPORTED, CRITERIA, imported=False).rule is Rule.ALL_PASSED
    now = edited(**changes)
    assert decide(now, CRITERIA, imported=False).rule is rule
    found = plan(now, record(status=stage))
    assert (found.step, found.order is None) == (step, step is not Action.UPDATE)
    assert said in found.differs
    # Back to what can be shipped, the next edit is followed by itself.
    assert plan(edited(notes="ring"), record(status=stage)).step is Action.UPDATE
    if step is Action.REPORT and rule is not Rule.PARENT:
        assert plan(now.model_copy(update={"status": "I"}), record(status=stage)).step is Action.CANCEL


def test_an_order_that_can_no_longer_be_read_is_for_a_person() -> None:
    assert plan(UnreadableOrder(order_id="1000012", status="P", placed_at=NOON, reason="odd")).step is Action.REPORT


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({"countries": frozenset({"NZ"})}, {}),
        ({"storefronts": frozenset({"3"})}, {}),
        ({"start": NOON + timedelta(days=1)}, {}),
        ({}, {"shipping": (PICK_UP,)}),
        ({}, {"lines": (line(), GIFT)}),
        ({}, {"lines": (line(sku="TEST001"),)}),
        ({}, {"lines": (line(), line("2", "Test001"))}),
    ],
)
def test_an_order_that_another_setup_or_release_let_in_is_followed(rules: dict[str, Any], kept: dict[str, Any]) -> None:
    """And what the merchant does to it that no rule objects to."""
    there = edited(**kept)
    narrowed = replace(CRITERIA, **rules)
    assert plan(there, record(there), narrowed).step is Action.NOTHING
    assert plan(there.model_copy(update={"notes": "ring"}), record(there), narrowed).step is Action.UPDATE


def test_another_country_that_is_not_shipped_to_is_an_edit_all_the_same() -> None:
    to_germany = edited(ship_to=TO_GERMANY)
    to_france = edited(ship_to=ADDRESS.model_copy(update={"country_code": "FR", "country": "France"}))
    assert plan(to_france, record(to_germany)).step is Action.REPORT


def test_an_objection_behind_one_that_the_setup_brought_about_is_found() -> None:
    """Also in a status that isn't imported."""
    now = edited(lines=(line(), GIFT), status="O")
    assert "Gift" in plan(now, rules=replace(CRITERIA, countries=frozenset({"NZ"}))).differs
    there = edited(lines=(line(sku="TEST001"),))
    both = edited(lines=(line(sku="TEST001"), line("2", "Test002"), line("3", "KITE")))
    assert "Test002" in plan(both, record(there)).differs


@pytest.mark.parametrize(
    ("then", "step"),
    [
        ({"subtotal": Decimal(25), "total": Decimal(1)}, Action.UPDATE),
        ({"subtotal": None, "total": Decimal(25)}, Action.NOTHING),
        ({"subtotal": Decimal("12.50"), "total": Decimal(25)}, Action.REPORT),
        ({"subtotal": None, "total": Decimal("12.50")}, Action.REPORT),
    ],
)
def test_a_line_without_a_code_is_an_edit_unless_the_goods_cost_what_they_did(
    then: dict[str, Any], step: Action
) -> None:
    now = edited(lines=(line(), GIFT)).model_copy(update={"total": Decimal(25)})
    assert plan(now, record(now, **then)).step is step


@pytest.mark.parametrize("stage", sorted(set(OrderStatus) - {OrderStatus.CANCELLED}))
def test_of_a_line_without_code_and_price_a_person_is_asked_while_the_order_is_open(stage: OrderStatus) -> None:
    now = edited(lines=(line(), GIFT.model_copy(update={"price": Decimal(0)})))
    is_over = stage is OrderStatus.SHIPPED
    assert plan(now, record(now, stage)).step is (Action.NOTHING if is_over else Action.REPORT)
    leaves_out = replace(CRITERIA, leaves_out_lines_without_code=True)
    assert plan(now, record(now, stage), leaves_out).step is Action.NOTHING


def test_an_order_that_an_earlier_release_imported_without_sums_is_not_edited() -> None:
    now = edited(lines=(line(), GIFT))
    assert plan(now, record(now, total=None, subtotal=None)).step is Action.NOTHING


@pytest.mark.parametrize("stage", [OrderStatus.PICKING, OrderStatus.SHIPPED])
def test_a_line_without_a_code_is_not_forgotten_once_the_warehouse_has_begun(stage: OrderStatus) -> None:
    now = edited(lines=(line(), GIFT))
    has = record(status=stage)
    assert plan(now, has).step is Action.REPORT
    assert "Gift" in plan(now, has).differs
    by_the_merchant = edited(lines=(line(), GIFT.model_copy(update={"shipped": 1})))
    assert plan(by_the_merchant, has).step is Action.NOTHING


@pytest.mark.parametrize(("changes", "step"), [({"shipping": (PICK_UP,)}, Action.REPORT), ({}, Action.NOTHING)])
def test_once_the_warehouse_has_begun_the_difference_is_named_as_before(changes: dict[str, Any], step: Action) -> None:
    found = plan(edited(**changes), record(status=OrderStatus.PICKING))
    assert found.step is step
    said = (
        "edited in the store, but in picking already: other shipping method; picked up in the store: nothing to ship. "
    )
    assert not changes or found.differs.startswith(said)


def test_of_an_order_that_becomes_a_pick_up_in_part_the_rest_is_shipped() -> None:
    there = edited(lines=(line(), line("2", "DRUM")))
    now = edited(lines=(line(), line("2", "DRUM", is_pick_up=True)), shipping=(shipping(), PICK_UP))
    found = plan(now, record(there))
    assert found.step is Action.UPDATE
    assert found.order
    assert [each.sku for each in found.order.lines] == ["KITE"]


@pytest.mark.parametrize("cancelled_by", ["store", "warehouse", ""])
def test_an_order_that_is_cancelled_for_it_is_agreed_on(cancelled_by: str) -> None:
    """The warehouse has done as it was asked, and nobody takes the order up again."""
    has = replace(record(status=OrderStatus.CANCELLED), cancelled_by=cancelled_by)
    found = plan(edited(shipping=(PICK_UP,)), has)
    assert (found.step, found.order) == (Action.NOTHING, None)
    assert found.differs == "cancelled on the platform; in the store picked up in the store: nothing to ship"


def test_an_order_that_was_cancelled_is_not_taken_up_again_with_an_objection() -> None:
    has = replace(record(status=OrderStatus.CANCELLED), cancelled_by="store")
    assert plan(edited(), has).step is Action.RESUME
    found = plan(edited(lines=(line(), line("2", "Test001"))), has)
    assert found.step is Action.REPORT
    assert "the test item Test001" in found.differs
