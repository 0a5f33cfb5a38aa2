"""Orders that the day's list doesn't show any more: the store is asked for them by their id."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop, copied_loop
from npf_pipelines_tests.order_steps import (
    exceptions,
    on_platform,
    place,
    platform_row,
    redate,
    stage,
    tables_agree,
    today,
)
from npf_pipelines_tests.shared_worlds import SharedWorlds, pull
from npf_pipelines_tests.store_versions import BOTH


@pytest.fixture(**BOTH)
def loop(worlds: SharedWorlds, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Loop]:
    """A world with a store of an older or a newer version, all of whose orders have been pulled."""
    with copied_loop(worlds.of(pull, "acme", request.param), tmp_path) as world:
        yield world


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """That store."""
    return loop.stores["acme"]


def test_a_parent_whose_children_are_imported_is_cancelled_before_picking(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, products=2)
    loop.run("orders", "acme")
    children = store.split_order(order_id)
    for _ in range(2):
        loop.run("orders", "acme")
        assert platform_row(loop, order_id)["status"] == "cancelled"
        assert {platform_row(loop, child)["status"] for child in children} == {"imported"}
        assert exceptions(loop) == []


def test_a_parent_whose_children_are_imported_is_reported_after_picking(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, products=2)
    loop.run("orders", "acme")
    stage(loop, order_id, OrderStatus.PICKING)
    children = store.split_order(order_id)
    loop.run("orders", "acme")
    listed = ", ".join(f"CS{child}" for child in children)
    said = f"the store has split the order, and its child orders are here as {listed}, but picking on the platform"
    assert exceptions(loop) == [(str(order_id), said)]


def test_a_parent_none_of_whose_children_is_imported_is_reported(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, products=2)
    loop.run("orders", "acme")
    for child in store.split_order(order_id):
        store.change_status(child, "F")
    loop.run("orders", "acme")
    assert exceptions(loop) == [
        (str(order_id), "the store has split the order, and none of its child orders is on the platform")
    ]
    assert platform_row(loop, order_id)["status"] == "imported"


@pytest.mark.parametrize(
    ("status", "after", "said"),
    [
        (OrderStatus.IMPORTED, "cancelled", ""),
        (OrderStatus.PICKING, "picking", "the order has become incomplete in the store, but picking on the platform"),
    ],
)
def test_an_order_that_becomes_incomplete_is_stopped(
    loop: Loop, store: SandboxStore, status: OrderStatus, after: str, said: str
) -> None:
    order_id = place(store)
    loop.run("orders", "acme")
    stage(loop, order_id, status)
    store.change_status(order_id, "N")
    loop.run("orders", "acme")
    assert platform_row(loop, order_id)["status"] == after
    assert exceptions(loop) == ([(str(order_id), said)] if said else [])


@pytest.mark.parametrize("status", [OrderStatus.IMPORTED, OrderStatus.PICKING])
def test_a_redated_order_is_the_same_order(loop: Loop, store: SandboxStore, status: OrderStatus) -> None:
    order_id = place(store, days=3)
    loop.run("orders", "acme")
    stage(loop, order_id, status)
    before = on_platform(loop)
    redate(store, order_id, days=1)
    for _ in range(2):
        loop.run("orders", "acme")
        assert on_platform(loop) == before
        assert exceptions(loop) == []
        tables_agree(loop)


@pytest.mark.parametrize("days", [0, 1.5])
def test_a_redated_order_leaves_its_old_day_in_a_run_of_today(loop: Loop, store: SandboxStore, days: float) -> None:
    order_id = place(store, days=3)
    loop.run("orders", "acme")
    redate(store, order_id, days=days)
    assert today(loop) == [""]
    assert exceptions(loop) == []
    tables_agree(loop)


def test_many_absent_orders_are_asked_for_together(loop: Loop, store: SandboxStore) -> None:
    for _ in range(8):
        redate(store, place(store, days=3), days=3)
    loop.run("orders", "acme")
    for order_id in list(store.orders)[-8:]:
        redate(store, order_id, days=1)
    store.requests = 0
    loop.run("orders", "acme")
    gather_or_cancel = store.requests
    loop.run("orders", "acme")
    assert gather_or_cancel <= 8
