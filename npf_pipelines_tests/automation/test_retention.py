"""The nightly retention over a world that has been through the loop, a hundred days later."""

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Self

import dagster as dg
import pytest

from npf_pipelines.automation import retention
from npf_pipelines.automation.old_runs import delete_old_runs
from npf_pipelines.domain.alert import Alert
from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.lake.tables import FILTERED_ORDERS, RAW_ORDERS
from npf_pipelines.state.alerts import keep_alerts, read_alerts
from npf_pipelines.state.hold_actions import held_orders, keep_hold_action, read_hold_actions
from npf_pipelines.state.lease import held_lease
from npf_pipelines_tests.dagster_speed import make_usual_home
from npf_pipelines_tests.leases import no_patience
from npf_pipelines_tests.loop import Loop, small_loop

LATER = datetime.now(UTC) + timedelta(days=100)
PERSONAL = sorted(RAW_ORDERS.personal)
ASSETS = ("raw_orders", "filtered_orders", "platform_orders", "shipment_records", "tracking_push", "stock_push")


class Later(datetime):
    """A clock that is a hundred days ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(LATER.timestamp(), tz)


@pytest.fixture
def later(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """The world, and a night a hundred days later."""
    monkeypatch.setattr(retention, "datetime", Later)
    return fresh


def night(loop: Loop) -> dict[str, Any]:
    """The job's metadata."""
    result = loop.defs.resolve_job_def("retention_job").execute_in_process(instance=loop.instance)
    assert result.success
    (output,) = [event for event in result.all_events if event.is_successful_output]
    found = output.step_output_data.metadata
    dropped = found["dropped"]
    records = dropped.records if isinstance(dropped, dg.TableMetadataValue) else []
    return {name: value.value for name, value in found.items()} | {"dropped": [dict(one.data) for one in records]}


def states(loop: Loop) -> dict[str, set[str]]:
    """The partitions that Dagster knows as made, by asset."""
    return {name: loop.instance.get_materialized_partitions(dg.AssetKey(name)) for name in ASSETS}


def test_personal_data_goes_and_everything_else_stays(later: Loop) -> None:
    rest = f"SELECT * EXCLUDE ({', '.join(PERSONAL)}) FROM raw_orders ORDER BY ALL"  # noqa: S608
    decided = "FROM filtered_orders ORDER BY ALL"
    before, decisions = later.rows(rest), later.rows(decided)
    ((personal,),) = later.rows("SELECT count(*) FROM raw_orders WHERE client = 'acme' AND email IS NOT NULL")
    assert personal > 0
    said = night(later)
    what = "rows of raw_orders without personal data now"
    assert {"client": "acme", "what": what, "count": str(personal)} in said["dropped"]
    assert (later.rows(rest), later.rows(decided)) == (before, decisions)
    assert not [name for name in PERSONAL if later.rows(f"SELECT 1 FROM raw_orders WHERE {name} IS NOT NULL")]  # noqa: S608


def test_the_next_night_writes_nothing(later: Loop) -> None:
    night(later)
    files = {path: path.stat().st_mtime_ns for path in Path(later.settings.lake).rglob("*.parquet")}
    assert night(later)["dropped"] == []
    assert {path: path.stat().st_mtime_ns for path in Path(later.settings.lake).rglob("*.parquet")} == files


def test_a_decision_on_such_a_day_is_refused_until_the_day_is_pulled_again(later: Loop) -> None:
    night(later)
    before = later.rows("FROM filtered_orders ORDER BY ALL")
    (day,) = later.rows("SELECT max(day) FROM raw_orders WHERE client = 'acme'")[0]
    key = f"acme|{day}"
    alone = later.defs.resolve_implicit_global_asset_job_def()
    result = alone.execute_in_process(
        instance=later.instance,
        asset_selection=[dg.AssetKey("filtered_orders")],
        partition_key=key,
        raise_on_error=False,
    )
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "run raw_orders for the day again" in str(failure.step_failure_data)
    assert later.rows("FROM filtered_orders ORDER BY ALL") == before
    assert [one.failure for one in later.run("orders", "acme", days=(day, day))] == [""]
    kept = later.rows(f"SELECT count(email) FROM raw_orders WHERE client = 'acme' AND day = '{day}'")  # noqa: S608
    assert kept != [(0,)]
    night(later)
    assert later.rows("SELECT count(email) FROM raw_orders") == [(0,)]


def test_a_client_whose_orders_are_being_pulled_is_left_for_the_next_night(later: Loop) -> None:
    async def night_beside() -> None:
        async with held_lease(later.services.state, "acme", "orders"):
            await asyncio.to_thread(night, later)

    with no_patience():
        asyncio.run(night_beside())
    assert later.rows("SELECT DISTINCT client FROM raw_orders WHERE email IS NOT NULL") == [("acme",)]


def test_a_hold_stays_and_what_a_person_wrote_beside_it_goes_with_its_order(later: Loop) -> None:
    ((day, imported, rejected, held),) = later.rows(
        """
        SELECT day, min(p.order_id), min(f.order_id) FILTER (f.decision = 'rejected'), max(p.order_id)
        FROM filtered_orders f
        LEFT JOIN (FROM platform_orders WHERE outcome = 'imported') p USING (client, day, order_id)
        WHERE client = 'acme' GROUP BY day
        HAVING count(DISTINCT p.order_id) > 1 AND bool_or(f.decision = 'rejected') LIMIT 1
        """
    )
    lake, state = later.services.lake, later.services.state
    decisions = [
        row | ({"decision": "held", "rule": "held_by_person"} if row["order_id"] == held else {})
        for row in lake.read(FILTERED_ORDERS, client="acme", day=day)
    ]
    lake.write(FILTERED_ORDERS, decisions, client="acme", day=day)
    now, why = datetime.now(UTC), "Zoe rings back"
    for order_id, is_hold in ((imported, False), (rejected, True), (held, True), ("77", True)):
        keep_hold_action(state, "acme", HoldAction(order_id, is_hold, now, "ana", why))
    keep_hold_action(state, "acme", HoldAction("78", True, LATER - timedelta(days=80), "ana", why))
    said = night(later)
    what = "held orders with an action or its reason deleted"
    assert {"client": "acme", "what": what, "count": "3"} in said["dropped"]
    left = {order_id: action.reason for order_id, action in read_hold_actions(state, "acme").items()}
    assert left == {held: why, rejected: "", "77": "", "78": why}
    assert held_orders(state, "acme") == {held, rejected, "77", "78"}
    assert what not in {dropped["what"] for dropped in night(later)["dropped"]}


def test_the_last_snapshot_of_each_client_stays(later: Loop) -> None:
    for back in (1, 2, 3):
        folder = Path(later.settings.lake) / "stock_snapshots_history/client=acme"
        (latest, *_) = sorted(folder.iterdir(), reverse=True)
        (folder / f"taken=2026-01-0{back}T00-00-00Z").mkdir()
        (folder / f"taken=2026-01-0{back}T00-00-00Z/part.parquet").write_bytes((latest / "part.parquet").read_bytes())
    said = night(later)
    assert {"client": "acme", "what": "stock snapshots deleted", "count": "3"} in said["dropped"]
    assert later.rows(
        "SELECT client, count(DISTINCT taken) FROM stock_snapshots_history GROUP BY ALL ORDER BY ALL"
    ) == [
        ("acme", 1),
        ("bolt", 1),
    ]


def test_runs_go_unless_a_partitions_state_hangs_on_them(later: Loop) -> None:
    first = {record.dagster_run.run_id for record in later.instance.get_run_records()}
    assert later.backfill("orders")
    assert later.backfill("stock", "acme", override_change_limit=True)
    before = states(later)
    said = night(later)
    left = {record.dagster_run.run_id for record in later.instance.get_run_records()}
    assert said["runs_deleted"] == len(first - left) > 0
    assert states(later) == before
    # The runs of the shipments and of bolt's stock are the last runs of their partitions.
    assert len(first & left) == 2
    for name in ASSETS:
        for partition in before[name]:
            assert later.instance.get_latest_materialization_event(dg.AssetKey(name))
            record = later.instance.fetch_materializations(
                dg.AssetRecordsFilter(dg.AssetKey(name), asset_partitions=[partition]), limit=1
            ).records[0]
            assert record.run_id in left


def test_a_red_partition_stays_red(later: Loop) -> None:
    later.stores["acme"].api_key = "another"
    assert later.run("stock", "acme")[0].failure
    failed = later.instance.get_run_records()[0].dagster_run.run_id
    night(later)
    assert later.instance.has_run(failed)


def test_without_the_guard_the_partitions_would_be_lost(fresh: Loop) -> None:
    """The guard's reason: Dagster's own deletion of a run deletes the status of its partitions."""
    assert states(fresh)["stock_push"] == {"acme", "bolt"}
    for record in fresh.instance.get_run_records():
        fresh.instance.delete_run(record.dagster_run.run_id)
    assert states(fresh)["stock_push"] == set()


def test_a_runs_events_leave_no_file_behind(tmp_path: Path) -> None:
    make_usual_home(tmp_path / "dagster")
    with small_loop(tmp_path) as loop:
        for _ in range(2):
            assert loop.backfill("stock", override_change_limit=True)
        _, old = (record.dagster_run.run_id for record in loop.instance.get_run_records())
        folder = loop.settings.data / "dagster"
        assert [path for path in folder.rglob(f"*{old}*") if path.is_file()]
        deleted, kept = delete_old_runs(loop.instance, LATER, timedelta(days=90), loop.services.cell)
    assert (deleted, kept) == (1, 1)
    assert not [path for path in folder.rglob(f"*{old}*") if path.is_file()]


def test_young_things_stay(fresh: Loop) -> None:
    said = night(fresh)
    assert (said["dropped"], said["runs_deleted"], said["alerts_forgotten"]) == ([], 0, 0)


def test_alerts_that_have_long_been_over_are_forgotten(later: Loop) -> None:
    now = datetime.now(UTC)
    alert = Alert("key", "acme", "failing", "it fails", "Look.", now, now)
    over = Alert("over", "acme", "failing", "it failed", "Look.", now, now, now, now, now)
    keep_alerts(later.services.state, [alert, over])
    assert night(later)["alerts_forgotten"] == 1
    assert set(read_alerts(later.services.state)) == {"key"}
