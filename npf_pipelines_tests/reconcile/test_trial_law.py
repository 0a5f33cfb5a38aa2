"""The laws of trial: whatever happens, nothing is written; live afterwards, all is as if it had always been live.

Not here: whole runs of a client in trial (test_trial.py of the folder above).
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.platform_orders import PlatformOrder
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.domain.writes import Writes
from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.reconcile.orders_of_day import OrdersOfDay
from npf_pipelines.reconcile.platform_orders import reconcile_orders
from npf_pipelines.rules.orders import is_test
from npf_pipelines_tests.builders import NOON, criteria, line, order
from npf_pipelines_tests.parcel_world import ParcelWorld, parcel_world

_SKUS = st.sampled_from([("KITE", "DRUM"), ("Test001", "Test002")])
_ORDERS = st.builds(
    lambda order_id, skus, units: order(
        *(line(str(place), sku, units) for place, sku in enumerate(skus, 1)), order_id=order_id
    ),
    st.sampled_from("123456"),
    _SKUS.flatmap(lambda skus: st.lists(st.sampled_from(skus), min_size=1, max_size=2)),
    st.integers(1, 3),
)
_ROUNDS = st.lists(st.lists(_ORDERS, max_size=4), min_size=1, max_size=4)
"""In each round some orders are placed, or edited by the merchant."""


def reconcile(platform: Platform, store: Sequence[Order], number: int, writes: Writes) -> set[OrderOutcome]:
    """One run over the orders that the store has by now; their outcomes."""
    day = OrdersOfDay(
        client="acme",
        prefix="CS",
        accepted=store,
        pulled={each.order_id: each for each in store},
        records=platform.records("acme", [each.order_id for each in store]),
        now=NOON + timedelta(hours=number),
        criteria=criteria(),
        check_write=lambda: None,
        writes=writes,
    )
    return {row.outcome for row in reconcile_orders(platform, day).rows}


def on_platform(platform: Platform) -> dict[str, PlatformOrder]:
    return {number: record.order for number, record in platform.open_records("acme").items()}


def to_pick(platform: Platform) -> dict[str, Counter[str]]:
    """The units of each SKU, by order. Lines that change places are no edit."""
    orders = on_platform(platform).items()
    return {
        number: sum((Counter({each.sku: each.quantity}) for each in found.lines), Counter()) for number, found in orders
    }


@given(_ROUNDS, st.sampled_from([Writes.NONE, Writes.TEST_ORDERS]))
def test_orders(rounds: list[list[Order]], in_trial: Writes) -> None:
    engines = [open_platform("sqlite://") for _ in range(2)]
    tried, live = map(Platform, engines)
    store: dict[str, Order] = {}
    for number, changes in enumerate(rounds):
        store |= {each.order_id: each for each in changes}
        orders = list(store.values())
        tests = {f"CS{each.order_id}" for each in orders if is_test(each)}
        outcomes = reconcile(tried, orders, number, in_trial)
        assert outcomes <= {OrderOutcome.PLANNED, OrderOutcome.IMPORTED}
        written = on_platform(tried)
        assert all(each.is_test for each in written.values())
        if in_trial is Writes.NONE:
            assert written == {}
        else:
            assert tests <= written.keys()
        reconcile(live, orders, number, Writes.ALL)
    reconcile(tried, list(store.values()), len(rounds), Writes.ALL)
    assert to_pick(tried) == to_pick(live)
    for engine in engines:
        engine.dispose()


_PARCELS = {"S1": {"KITE": 1}, "S2": {"KITE": 1, "DRUM": 1}, "S3": {"KITE": 1}}
_STEPS = st.lists(
    st.tuples(st.sampled_from(["lodge", "correct", "withdraw"]), st.sampled_from(sorted(_PARCELS))),
    min_size=1,
    max_size=4,
)


def act(world: ParcelWorld, step: str, parcel: str, number: int) -> None:
    """The warehouse takes a step; one that the world doesn't allow is left out."""
    lodged = world.services.platform.lodgements("acme", NOON - timedelta(days=9))
    if step == "lodge" and parcel not in lodged:
        world.lodge(parcel, f"T{number}", quantities=_PARCELS[parcel])
    elif step == "correct" and parcel in lodged:
        world.correct(parcel, tracking_number=f"T{number}")
    elif step == "withdraw" and parcel in lodged:
        world.withdraw(parcel)


async def in_store_after(folder: Path, steps: Sequence[tuple[str, str]], *, in_trial: bool) -> tuple[object, ...]:
    """The shipments and the status of the store's order after the steps, and a live run at their end.

    An order of which nothing is shipped keeps the status that it got while a parcel was there.
    """
    with parcel_world(folder) as world:
        for number, (step, parcel) in enumerate(steps):
            act(world, step, parcel, number)
            assert await world.push(in_trial=in_trial) == ""
        if in_trial:
            assert world.store.writes == 0
        for _ in range(2):  # A corrected parcel may take the place of one that has to go first.
            await world.push()
        there = sorted((each.tracking_number, sorted(each.products.items())) for each in world.there)
        return there, world.status if there else ""


@settings(max_examples=2)
@given(_STEPS)
def test_parcels(steps: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("tried", "live"):
            (Path(folder) / name).mkdir()
        tried = asyncio.run(in_store_after(Path(folder) / "tried", steps, in_trial=True))
        live = asyncio.run(in_store_after(Path(folder) / "live", steps, in_trial=False))
    assert tried == live
