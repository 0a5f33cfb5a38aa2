"""Units that the warehouse isn't asked for: the shopper fetches them, or somebody else has shipped them already."""

import dataclasses

import pytest

from npf_pipelines.sandbox.model import ShippingMethod
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.order_steps import decision, exceptions, place, platform_row, units

PICK_UP = ShippingMethod(1, "Store pickup", module="store_locator", group=1)
POST = ShippingMethod(1, "Post")


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """The store."""
    return loop.stores["acme"]


def ship(store: SandboxStore, order_id: int, line: int, amount: int) -> None:
    """The merchant ships some of a line without the warehouse."""
    item_id = store.orders[order_id].lines[line].item_id
    store.save_shipment(order_id, {item_id: amount}, shipping_id=1, carrier="aup", tracking_number=f"own-{line}")


def run_twice(loop: Loop) -> None:
    """Everything comes to rest."""
    for _ in range(2):
        assert [one.failure for one in loop.run("orders", "acme")] == [""]


def test_lines_of_a_pick_up_group_are_not_shipped(loop: Loop, store: SandboxStore) -> None:
    mixed, fetched = place(store, products=2), place(store, products=2)
    order = store.orders[mixed]
    order.lines[1].group, order.shipping = 1, (POST, PICK_UP)
    store.orders[fetched].shipping = (dataclasses.replace(PICK_UP, group=0),)
    run_twice(loop)
    assert units(loop, mixed) == {order.lines[0].item_id: 2}
    assert decision(loop, fetched) == ("rejected", "nothing_to_ship")
    assert exceptions(loop) == []
    loop.work()
    assert [one.failure for one in loop.run("shipments", "acme")] == [""]
    assert order.status == "C"


def test_an_order_that_was_imported_with_its_pick_up_lines_shows_no_edit(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, products=2)
    order = store.orders[order_id]
    order.shipping = (POST, PICK_UP)
    run_twice(loop)
    before = platform_row(loop, order_id), units(loop, order_id)
    order.lines[1].group = 1  # Which an earlier release didn't read.
    run_twice(loop)
    assert (platform_row(loop, order_id), units(loop, order_id)) == before
    assert exceptions(loop) == []


def test_an_order_that_is_shipped_already_is_not_ordered_again(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, products=2)
    ship(store, order_id, 0, 2)
    ship(store, order_id, 1, 2)
    run_twice(loop)
    assert decision(loop, order_id) == ("rejected", "already_shipped")


def test_of_a_partly_shipped_order_the_rest_is_ordered(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, products=3, amount=3)
    first, second, third = (line.item_id for line in store.orders[order_id].lines)
    ship(store, order_id, 0, 3)
    ship(store, order_id, 1, 1)
    run_twice(loop)
    assert units(loop, order_id) == {second: 2, third: 3}
    assert exceptions(loop) == []

    loop.work()
    for _ in range(2):  # Lodged, and then in the store.
        run_twice(loop)
        assert exceptions(loop) == []
        assert [one.failure for one in loop.run("shipments", "acme")] == [""]
    assert store.shipped(order_id) == {first: 3, second: 3, third: 3}
    assert store.orders[order_id].status == "C"


def test_an_edit_of_a_partly_shipped_order_is_followed(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, products=2, amount=3)
    first, second = (line.item_id for line in store.orders[order_id].lines)
    ship(store, order_id, 0, 1)
    run_twice(loop)
    assert units(loop, order_id) == {first: 2, second: 3}
    store.orders[order_id].lines[0].amount = 6
    run_twice(loop)
    assert units(loop, order_id) == {first: 5, second: 3}
    assert exceptions(loop) == []


def test_what_the_merchant_ships_after_the_import_is_no_edit(loop: Loop, store: SandboxStore) -> None:
    order_id = place(store, amount=3)
    run_twice(loop)
    before = platform_row(loop, order_id)
    ship(store, order_id, 0, 1)
    run_twice(loop)
    assert platform_row(loop, order_id) == before
    assert exceptions(loop) == []
