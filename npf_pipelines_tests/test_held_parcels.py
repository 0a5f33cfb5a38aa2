"""Parcels that are corrected while their order is held: afterwards the store gets the correction."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from npf_pipelines.assets.shipments import run_shipments
from npf_pipelines.lake.tables import STORE_FACTS
from npf_pipelines.platform.tables import shipment_lines
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines_tests.builders import NOON
from npf_pipelines_tests.faults.bare_run import BareRun
from npf_pipelines_tests.faults.tracking_client import CLIENT, SETUP
from npf_pipelines_tests.leases import expire_leases
from npf_pipelines_tests.parcel_world import TODAY, ParcelWorld, parcel_world

TOMORROW = TODAY + timedelta(days=1)
KEPT = ("content", "sent", "confirmed_at", "store_shipment_id")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ParcelWorld]:
    with parcel_world(tmp_path) as world:
        yield world


def write_drums(world: ParcelWorld, shipment_id: str, units: float) -> None:
    """Half a drum makes the parcel's row one that can't be read."""
    with world.services.platform_engine.begin() as connection:
        here = (shipment_lines.c.shipment_id == shipment_id) & (shipment_lines.c.sku == "DRUM")
        connection.execute(sa.update(shipment_lines).where(here).values(quantity=units))


def numbers(world: ParcelWorld) -> set[str]:
    return {one.tracking_number for one in world.there}


async def push(world: ParcelWorld, *days: date) -> str:
    expire_leases(world.services.state)
    client_run = BareRun(world.services, SETUP, *days)
    client_run.now = NOON
    try:
        await run_shipments(client_run)
    except ClientFailure as failure:
        return str(failure)
    return ""


async def test_a_parcel_corrected_while_another_of_its_order_is_unreadable(world: ParcelWorld) -> None:
    world.lodge("S1", "TN-OLD", quantities={"KITE": 1})
    world.lodge("S2", "T2", quantities={"KITE": 2, "DRUM": 1})
    assert await world.push() == ""
    before = {name: world.row("S1")[name] for name in KEPT}
    write_drums(world, "S2", 0.5)
    world.correct("S1", tracking_number="TN-NEW")
    for _ in range(2):
        assert await world.push() == ""
        assert world.row("S2")["outcome"] == "set_aside"
        assert {name: world.row("S1")[name] for name in KEPT} == before
    assert numbers(world) == {"TN-OLD", "T2"}
    write_drums(world, "S2", 1)
    assert await world.push() == ""
    assert numbers(world) == {"TN-NEW", "T2"}
    assert {one["outcome"] for one in world.rows()} <= {"confirmed", "already_there"}


async def test_an_unreadable_parcel_keeps_what_is_known_of_it(world: ParcelWorld) -> None:
    world.lodge("S1", "TN-OLD")
    assert await world.push() == ""
    before = {name: world.row()[name] for name in KEPT}
    write_drums(world, "S1", 0.5)
    world.correct("S1", tracking_number="TN-NEW")
    assert await world.push() == ""
    assert world.row()["outcome"] == "set_aside"
    assert {name: world.row()[name] for name in KEPT} == before
    write_drums(world, "S1", 1)
    assert await world.push() == ""
    assert numbers(world) == {"TN-NEW"}


async def test_an_unreadable_parcel_that_was_never_pushed_has_nothing_in_the_store(world: ParcelWorld) -> None:
    world.lodge("S1", "T1")
    write_drums(world, "S1", 0.5)
    assert await world.push() == ""
    assert {name: world.row()[name] for name in KEPT} == dict.fromkeys(KEPT) | {"sent": []}
    write_drums(world, "S1", 1)
    assert await world.push() == ""
    assert (numbers(world), world.row()["outcome"]) == ({"T1"}, "confirmed")


async def test_a_parcel_corrected_while_a_ledger_of_another_day_is_broken(world: ParcelWorld) -> None:
    world.lodge("S1", "TN-OLD", quantities={"KITE": 1})
    world.lodge("S2", "T2", quantities={"KITE": 2, "DRUM": 1}, lodged_at=NOON + timedelta(days=1))
    assert await push(world, TODAY, TOMORROW) == ""
    before = {name: world.row("S1")[name] for name in KEPT}
    (path,) = world.folder.rglob(f"tracking_push/**/day={TOMORROW}/*.parquet")
    whole = path.read_bytes()
    path.write_bytes(b"")
    world.correct("S1", tracking_number="TN-NEW")
    assert str(path) in await push(world, TODAY, TOMORROW)
    assert {name: world.row("S1")[name] for name in KEPT} == before
    path.write_bytes(whole)
    assert await push(world, TODAY, TOMORROW) == ""
    assert numbers(world) == {"TN-NEW", "T2"}


async def test_a_zone_is_not_kept_while_a_day_is_left_out(world: ParcelWorld) -> None:
    world.lodge("S1", "T1", quantities={"KITE": 1})
    world.lodge("S2", "T2", quantities={"KITE": 2, "DRUM": 1}, lodged_at=NOON + timedelta(days=1))
    assert await push(world, TODAY, TOMORROW) == ""
    (facts,) = world.services.lake.read(STORE_FACTS, client=CLIENT)
    zone = facts["shipments_zone"]
    world.services.lake.write(STORE_FACTS, [facts | {"shipments_zone": "Asia/Tokyo"}], client=CLIENT)
    (path,) = world.folder.rglob(f"tracking_push/**/day={TOMORROW}/*.parquet")
    whole = path.read_bytes()
    path.write_bytes(b"")
    assert str(path) in await push(world, TODAY, TOMORROW)
    (facts,) = world.services.lake.read(STORE_FACTS, client=CLIENT)
    assert facts["shipments_zone"] == "Asia/Tokyo"
    path.write_bytes(whole)
    assert await push(world, TODAY, TOMORROW) == ""
    (facts,) = world.services.lake.read(STORE_FACTS, client=CLIENT)
    assert facts["shipments_zone"] == zone
