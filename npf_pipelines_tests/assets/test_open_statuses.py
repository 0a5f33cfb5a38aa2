"""Open orders keep the status of the last decision on them, and losing the file costs requests alone."""

from pathlib import Path

import dagster as dg
import pytest

from npf_pipelines.lake.tables import FILTERED_ORDERS, OPEN_STATUSES
from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.order_steps import place


@pytest.fixture
def world(fresh: Loop) -> Loop:
    """A world in which an order of acme is open."""
    place(fresh.stores["acme"])
    fresh.run("orders", "acme")
    return fresh


def kept(loop: Loop) -> dict[str, str]:
    rows = loop.services.lake.read(OPEN_STATUSES, client="acme")
    return {row["order_id"]: row["status"] for row in rows}


def decided(loop: Loop) -> dict[str, str]:
    open_orders = loop.services.platform.open_orders("acme")
    rows = loop.rows("SELECT order_id, status FROM filtered_orders WHERE client = 'acme'")
    return {order_id: status for order_id, status in rows if order_id in open_orders}


def test_they_follow_the_decisions_and_the_platform(world: Loop) -> None:
    assert kept(world) == decided(world) != {}
    order_id = min(kept(world))
    world.stores["acme"].change_status(int(order_id), "I")
    world.run("orders", "acme")
    assert kept(world) == decided(world)
    assert kept(world).get(order_id, "I") == "I"


def test_nothing_depends_on_the_file(world: Loop) -> None:
    before = kept(world)
    Path(world.services.lake.files.path(OPEN_STATUSES.name, client="acme", day=None)).unlink()
    world.run("orders", "acme", days=(world.days[1], world.days[1]))
    assert kept(world) == before


def test_a_run_that_decides_without_rebuilding_the_questions_forgets_them(world: Loop) -> None:
    key = f"acme|{world.days[1]}"
    job = world.defs.resolve_job_def("orders_job")
    selection = [dg.AssetKey(FILTERED_ORDERS.name)]
    assert job.execute_in_process(instance=world.instance, partition_key=key, asset_selection=selection).success
    assert kept(world) == {}
    world.run("orders", "acme", days=(world.days[1], world.days[1]))
    assert kept(world) == decided(world)
