"""Open orders keep the status of the last decision on them, and losing the file costs requests alone."""

from pathlib import Path

import dagster as dg

from npf_pipelines.lake.tables import FILTERED_ORDERS, OPEN_STATUSES
from npf_pipelines_tests.loop import Loop


def kept(loop: Loop) -> dict[str, str]:
    rows = loop.services.lake.read(OPEN_STATUSES, client="acme")
    return {row["order_id"]: row["status"] for row in rows}


def decided(loop: Loop) -> dict[str, str]:
    open_orders = loop.services.platform.open_orders("acme")
    rows = loop.rows("SELECT order_id, status FROM filtered_orders WHERE client = 'acme'")
    return {order_id: status for order_id, status in rows if order_id in open_orders}


def test_they_follow_the_decisions_and_the_platform(fresh: Loop) -> None:
    fresh.run("orders", "acme")
    assert kept(fresh) == decided(fresh) != {}
    order_id = min(kept(fresh))
    fresh.stores["acme"].change_status(int(order_id), "I")
    fresh.run("orders", "acme")
    assert kept(fresh) == decided(fresh)
    assert kept(fresh).get(order_id, "I") == "I"


def test_nothing_depends_on_the_file(fresh: Loop) -> None:
    fresh.run("orders", "acme")
    before = kept(fresh)
    Path(fresh.services.lake.files.path(OPEN_STATUSES.name, client="acme", day=None)).unlink()
    fresh.run("orders", "acme", days=(fresh.days[1], fresh.days[1]))
    assert kept(fresh) == before


def test_a_run_that_decides_without_rebuilding_the_questions_forgets_them(fresh: Loop) -> None:
    fresh.run("orders", "acme")
    key = f"acme|{fresh.days[1]}"
    job = fresh.defs.resolve_job_def("orders_job")
    selection = [dg.AssetKey(FILTERED_ORDERS.name)]
    assert job.execute_in_process(instance=fresh.instance, partition_key=key, asset_selection=selection).success
    assert kept(fresh) == {}
    fresh.run("orders", "acme", days=(fresh.days[1], fresh.days[1]))
    assert kept(fresh) == decided(fresh)
