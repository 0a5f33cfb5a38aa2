"""Parcels that the warehouse withdraws after their order has left the store, or has become another shopper's."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from npf_pipelines_tests.parcel_world import ParcelWorld, parcel_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ParcelWorld]:
    with parcel_world(tmp_path) as world:
        yield world


def _removed(world: ParcelWorld) -> None:
    world.store.remove_order(world.order_id)


def _another_shoppers(world: ParcelWorld) -> None:
    order = world.store.orders[world.order_id]
    order.timestamp += 86_400
    order.customer = replace(order.customer, email="ben@home.example")


def _unreadable(world: ParcelWorld) -> None:
    world.store.odd_fields["orders", str(world.order_id)] = {"timestamp": "yesterday"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_removed, "is gone from the store"),
        (_another_shoppers, "is another shopper's now"),
        (_unreadable, "can't be read"),
    ],
)
async def test_a_withdrawn_parcel_of_an_order_that_is_not_there_fails_no_run(
    world: ParcelWorld, change: Callable[[ParcelWorld], None], said: str
) -> None:
    world.lodge("S1", "T1", quantities={"KITE": 1})
    world.lodge("S2", "T2", quantities={"KITE": 2, "DRUM": 1})
    assert await world.push() == ""
    made = world.row("S1")["store_shipment_id"]
    world.withdraw("S1")
    change(world)
    for _ in range(2):
        assert await world.push() == ""
        for shipment_id in ("S1", "S2"):
            assert world.row(shipment_id)["outcome"] == "set_aside"
            assert said in world.row(shipment_id)["reason"]
        assert world.row("S1")["store_shipment_id"] == made


async def test_it_is_deleted_once_its_order_can_be_read_again(world: ParcelWorld) -> None:
    world.lodge("S1", "T1")
    assert await world.push() == ""
    world.withdraw("S1")
    _unreadable(world)
    assert await world.push() == ""
    assert [one.tracking_number for one in world.there] == ["T1"]
    world.store.odd_fields.clear()
    assert await world.push() == ""
    assert (world.there, world.row()["outcome"]) == ([], "withdrawn")
