"""Tests of npf_pipelines.rules.despatch and npf_pipelines.rules.despatch_updates."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformRecord
from npf_pipelines.domain.store_orders import PICK_UP, Order, ShippingMethod
from npf_pipelines.rules import after_import
from npf_pipelines.rules.after_import import Action, UpdatePlan
from npf_pipelines.rules.despatch import DespatchMap, NoDespatchCode
from npf_pipelines.rules.despatch_updates import despatched, despatched_update
from npf_pipelines.rules.imports import platform_order
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines_tests.builders import NOON, line, order

MAP = DespatchMap({"Express post": "EXP", "7": "STD", "Road, Air": "MIX"})
MEANINGS = StatusMeanings(wanted=frozenset("P"))


def method(name: str, shipping_id: str | None = None, module: str = "") -> ShippingMethod:
    return ShippingMethod(shipping_id=shipping_id, name=name, module=module, needs_shipment=True)


# The code of an order


@pytest.mark.parametrize(
    ("methods", "code"),
    [
        ([method("Express post", "1")], "EXP"),
        ([method("  EXPRESS  POST ")], "EXP"),
        ([method("Free shipping", "7")], "STD"),
        ([method("Express post", "7")], "STD"),
        ([method("Express post"), method("express post", "3")], "EXP"),
        ([method("Road"), method("Air")], "MIX"),
        ([method("Pick up", "9", PICK_UP), method("Express post")], "EXP"),
    ],
    ids=["name", "letter case", "id", "id before name", "twice", "together", "beside a pick-up"],
)
def test_a_method_is_found(methods: list[ShippingMethod], code: str) -> None:
    assert MAP.code_of(methods) == code


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ([method("Free\nshipping", "3")], "no despatch code for the shipping method Free shipping (3): map it"),
        ([method("", None)], "no despatch code for the shipping method without a name: map it"),
        ([method("Express post"), method("Drone")], "no despatch code for the shipping method Drone: map it"),
        ([], 'the store names no shipping method, and orders.shipping_methods has no "*"'),
        (
            [method("Express post"), method("Free", "7")],
            'different despatch codes (EXP, STD): map them together under orders.shipping_methods, as "Express post, ',
        ),
    ],
)
def test_a_method_without_a_code_is_named(methods: list[ShippingMethod], said: str) -> None:
    with pytest.raises(NoDespatchCode) as refused:
        MAP.code_of(methods)
    assert said in str(refused.value)


@given(st.lists(st.builds(method, st.text(max_size=5), st.none() | st.sampled_from("123")), max_size=3))
def test_the_rest_leaves_no_order_without_a_code(methods: list[ShippingMethod]) -> None:
    assert DespatchMap({"*": "STD"}).code_of(methods) == "STD"


def test_keys_that_name_no_method_of_the_store_are_found() -> None:
    methods = {"1": "express POST", "7": "Free", "8": "Road", "9": "Air"}
    assert DespatchMap({**MAP.codes, "*": "X", "Expres post": "EXP", "12": "Y"}).unknown(methods) == [
        "Expres post",
        "12",
    ]


# Imported orders


def record(imported: Order, code: str | None, status: OrderStatus = OrderStatus.IMPORTED) -> PlatformRecord:
    on_platform = replace(platform_order(imported, "CS"), despatch_method=code)
    return PlatformRecord(on_platform, status, 0, NOON, NOON, cancelled_by="store")


def update(now: Order, has: PlatformRecord, despatch: DespatchMap | None = MAP) -> UpdatePlan:
    return despatched_update(after_import.plan_update(now, has, "CS", MEANINGS, NOON), now, has, despatch)


EXPRESS, DRONE = ((method(name, "1"),) for name in ("Express post", "Drone"))


@pytest.mark.parametrize("code", [None, "", "OLD"])
@pytest.mark.parametrize("despatch", [None, MAP, DespatchMap({"*": "NEW"})])
def test_a_map_is_no_edit_of_an_order_imported_before(code: str | None, despatch: DespatchMap | None) -> None:
    for shipping in (EXPRESS, DRONE):
        one = order(shipping=shipping)
        assert update(one, record(one, code), despatch).step is Action.NOTHING


@pytest.mark.parametrize("shipping", [EXPRESS, DRONE])
def test_another_edit_leaves_the_code_as_it_is(shipping: tuple[ShippingMethod, ...]) -> None:
    before = order(shipping=shipping)
    plan = update(order(line(quantity=2), shipping=shipping), record(before, "OLD"))
    assert plan.step is Action.UPDATE
    assert plan.order
    assert plan.order.despatch_method is None  # An unknown value isn't written.


def test_another_shipping_method_brings_its_code() -> None:
    plan = update(order(shipping=EXPRESS), record(order(shipping=DRONE), "OLD"))
    assert plan.order
    assert (plan.step, plan.order.despatch_method) == (Action.UPDATE, "EXP")


def test_another_shipping_method_without_a_code_is_a_persons() -> None:
    plan = update(order(shipping=DRONE), record(order(shipping=EXPRESS), "EXP"))
    assert plan.step is Action.REPORT
    assert plan.differs.startswith("other shipping method: no despatch code for the shipping method Drone (1)")


def test_another_shipping_method_takes_the_code_of_a_map_that_is_gone_away() -> None:
    plan = update(order(shipping=DRONE), record(order(shipping=EXPRESS), "EXP"), None)
    assert plan.order
    assert (plan.step, plan.order.despatch_method) == (Action.UPDATE, "")
    plan = update(order(shipping=DRONE), record(order(shipping=EXPRESS), None), None)
    assert plan.order
    assert plan.order.despatch_method is None


def test_an_order_that_is_resumed_has_a_code() -> None:
    cancelled = OrderStatus.CANCELLED
    plan = update(order(shipping=EXPRESS), record(order(shipping=EXPRESS), None, cancelled))
    assert plan.order
    assert (plan.step, plan.order.despatch_method) == (Action.RESUME, "EXP")
    kept = update(order(shipping=DRONE), record(order(shipping=DRONE), "OLD", cancelled))
    assert kept.step is Action.RESUME
    without = update(order(shipping=DRONE), record(order(shipping=DRONE), None, cancelled))
    assert without.step is Action.REPORT
    assert "no despatch code for the shipping method Drone (1)" in without.differs


def test_a_client_without_a_map_writes_no_code() -> None:
    one = order(shipping=EXPRESS)
    assert despatched(platform_order(one, "CS"), one, None).despatch_method is None
    assert despatched(platform_order(one, "CS"), one, MAP).despatch_method == "EXP"
