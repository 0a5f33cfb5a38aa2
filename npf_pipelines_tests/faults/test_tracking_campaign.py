"""The short form of the tracking campaign, and that it bites."""

import itertools
from collections import Counter
from functools import cache, partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_shipments import LONGEST_LABEL
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.state.database import open_state
from npf_pipelines.state.tables import leases
from npf_pipelines.state.unknown_ends import read_unknown_ends
from npf_pipelines_tests.faults.injector import Fault, fault_sequence
from npf_pipelines_tests.faults.lives import WAITS, live_once, live_undisturbed
from npf_pipelines_tests.faults.proxy import FaultyProxy
from npf_pipelines_tests.faults.tracking_campaign import NAIVE, TRACKING_PUSH, Result, run_campaign
from npf_pipelines_tests.faults.tracking_changes import SURPLUS
from npf_pipelines_tests.faults.tracking_client import CLIENT
from npf_pipelines_tests.faults.tracking_world import build_world
from npf_pipelines_tests.leases import expire_leases

SEEDS = (1, pytest.param(2, marks=pytest.mark.long))


@cache
def campaign(seed: int) -> Result:
    """The tracking push through sixty shipments and six kills."""
    return run_campaign(seed, 60, 6, TRACKING_PUSH)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tracking_push_comes_through(seed: int) -> None:
    result = campaign(seed)
    assert result.wrongs == dict.fromkeys(result.wrongs, 0)
    assert result.lives.kills == 6
    assert result.changes > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_of_fault_was_met(seed: int) -> None:
    assert set(campaign(seed).lives.faults) == set(Fault)


def test_a_naive_pusher_does_not_come_through() -> None:
    assert run_campaign(1, 120, 6, NAIVE).duplicates > 0


def test_undisturbed_every_parcel_arrives_as_it_is_in_the_end_beside_the_merchants_own(tmp_path: Path) -> None:
    world = build_world(tmp_path, 1, 60)
    live_undisturbed(world, tmp_path, TRACKING_PUSH)
    skus = {line.item_id: line.product_code for order in world.store.orders.values() for line in order.lines}
    arrived: Counter[object] = Counter()
    with_kits = {order.order_id for order in world.orders if order.has_kits}
    assert with_kits
    assert world.kit_disagreements() == []
    for theirs in world.store.shipments.values():
        if theirs.order_id in with_kits:
            continue
        units: Counter[str] = Counter()
        for item_id, quantity in theirs.products.items():
            units[skus[item_id]] += quantity
        is_ours = not theirs.tracking_number.startswith("M")
        arrived[theirs.order_id, theirs.tracking_number, *sorted(units.items())] += is_ours
    wanted: Counter[object] = Counter(
        (order_id, _as_kept(ours), *sorted((sku, units) for sku, units in ours.quantities.items() if sku != SURPLUS))
        for order_id, ours in world.plan.parcels.values()
        if order_id not in with_kits
    )
    assert +arrived == wanted


def _as_kept(parcel: LodgedShipment) -> str:
    """The tracking number that the store keeps of a parcel."""
    number = parcel.tracking_number.replace("\u200b", "").strip()
    return number if len(number) <= LONGEST_LABEL else number.split(", ")[0]


def test_the_same_seed_gives_the_same_faults() -> None:
    first, again, other = (list(itertools.islice(fault_sequence(seed, 0.2), 500)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


async def test_a_run_killed_in_the_middle_of_writes_leaves_their_orders_alone_and_no_others(tmp_path: Path) -> None:
    world = build_world(tmp_path, 1, 12, with_changes=False, with_kits=False)
    engine = open_state(f"sqlite:///{tmp_path / 'state.sqlite'}")
    with SandboxServer({CLIENT: world.store}) as server:
        async with FaultyProxy(server.url, iter(())) as proxy:
            proxy.is_on = False
            life = partial(live_once, TRACKING_PUSH, proxy, world, tmp_path)
            assert await life(kill_at_write=3) < 0
            noted = read_unknown_ends(engine, CLIENT).keys()
            assert noted
            with engine.begin() as connection:
                connection.execute(sa.delete(leases))
            before = set(world.store.shipments)
            assert await life() == WAITS
            made_now = {f"CS{one.order_id}" for one in world.store.shipments.values() if one.shipment_id not in before}
            assert not made_now & noted
            arrived = Counter(f"CS{one.order_id}" for one in world.store.shipments.values())
            others = [order for order in world.orders if order.number not in noted]
            assert all(arrived[order.number] >= len(order.parcels) for order in others)
            expire_leases(engine)
            assert await life() == 0
    numbers = Counter((one.order_id, one.tracking_number) for one in world.store.shipments.values())
    lodged = Counter((order.order_id, _as_kept(one)) for order in world.orders for one in order.parcels)
    assert {one: count for one, count in numbers.items() if not one[1].startswith("M")} == lodged
    assert read_unknown_ends(engine, CLIENT) == {}
    engine.dispose()
