"""Runs whose process is gone are ended; runs that are alive or about to end are left alone."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import time_machine

from npf_pipelines.automation import lost_runs
from npf_pipelines.automation.launch import launch
from npf_pipelines.runs.services_resource import services_resource
from npf_pipelines.state.lease import RUN_FLOW, Lease, held_lease, holder_of, leased
from npf_pipelines_tests.automation.ticks import clients, look, register, tick
from npf_pipelines_tests.leases import expire_leases
from npf_pipelines_tests.loop import Loop


@pytest.fixture
def started_run(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run in progress, long enough ago."""
    monkeypatch.setattr(lost_runs, "_GRACE", timedelta(seconds=-5))
    register(loop)
    asked = tick(loop, "orders_sweep")
    assert isinstance(asked, list)
    return start(loop, loop.defs.resolve_job_def("orders_job"), run_config=dict(asked[0].run_config))


def start(loop: Loop, job: dg.JobDefinition, **fields: Any) -> str:
    """The id of a run that is in progress for Dagster."""
    run = loop.instance.create_run_for_job(job, **fields)
    loop.instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", job.name), run.run_id)
    return run.run_id


def start_backfill(loop: Loop, *assets: str) -> str:
    """A run over a client's day in progress, as the UI launches it."""
    keys = {dg.AssetKey(asset) for asset in assets}
    job = loop.defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection=keys)
    tags = {"dagster/partition": f"acme|{loop.days[1]}"}
    return start(loop, job, tags=tags, asset_selection=frozenset(keys))


def status(loop: Loop, run_id: str) -> dg.DagsterRunStatus:
    run = loop.instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_run_without_a_process_is_ended_at_the_second_look(loop: Loop, started_run: str) -> None:
    _, cursor, _ = look(loop, "lost_runs")
    assert status(loop, started_run) is dg.DagsterRunStatus.STARTED
    _, cursor, said = look(loop, "lost_runs", cursor)
    assert started_run in said
    assert status(loop, started_run) is dg.DagsterRunStatus.FAILURE
    # Its clients are asked for again.
    assert isinstance(tick(loop, "orders_sweep"), list)
    assert "ended: none" in look(loop, "lost_runs", cursor)[2]


def test_a_run_whose_process_lives_is_left_alone(loop: Loop, started_run: str) -> None:
    async def look_twice() -> None:
        async with held_lease(loop.services.state, started_run, RUN_FLOW):
            _, cursor, _ = await asyncio.to_thread(look, loop, "lost_runs")
            await asyncio.to_thread(look, loop, "lost_runs", cursor)

    asyncio.run(look_twice())
    assert status(loop, started_run) is dg.DagsterRunStatus.STARTED


def test_a_run_whose_lease_ran_out_is_ended_before_one_that_may_not_have_taken_it_yet(
    loop: Loop, started_run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_runs, "_GRACE", timedelta(minutes=2))
    Lease(loop.services.state, started_run, RUN_FLOW).take()
    expire_leases(loop.services.state)
    _, cursor, _ = look(loop, "lost_runs")
    _, cursor, said = look(loop, "lost_runs", cursor)
    assert "ended: none; in progress: 1" in said  # Its renewal may only have been late.
    earlier = json.dumps({run: seconds - 46 for run, seconds in json.loads(cursor).items()})
    look(loop, "lost_runs", earlier)
    assert status(loop, started_run) is dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize(
    "has_taken_its_lease", [pytest.param(True, id="killed-at-work"), pytest.param(False, id="killed-before")]
)
def test_a_backfill_without_a_process_is_ended_and_its_client_requested_again(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, has_taken_its_lease: bool
) -> None:
    register(loop, "acme")
    run = start_backfill(loop, "raw_orders", "filtered_orders", "platform_orders", "shipment_records")
    assert "1 have a run that isn't over" in tick(loop, "orders_sweep")
    if has_taken_its_lease:
        monkeypatch.setattr(lost_runs, "_RENEWAL", timedelta(seconds=-5))
        Lease(loop.services.state, run, RUN_FLOW).take()
        expire_leases(loop.services.state)
    else:
        monkeypatch.setattr(lost_runs, "_GRACE", timedelta(seconds=-5))
    _, cursor, _ = look(loop, "lost_runs")
    look(loop, "lost_runs", cursor)
    assert status(loop, run) is dg.DagsterRunStatus.FAILURE
    asked = tick(loop, "orders_sweep")
    assert isinstance(asked, list)
    assert clients(asked) == [["acme"]]


@pytest.mark.parametrize("job", ["audit_job", "reports_job", "retention_job", "compaction_job"])
def test_a_run_of_another_job_is_ended_if_its_lease_ran_out(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    for wait in ("_GRACE", "_RENEWAL"):
        monkeypatch.setattr(lost_runs, wait, timedelta(seconds=-5))
    lost, unknown = (start(loop, loop.defs.resolve_job_def(job)) for _ in range(2))
    Lease(loop.services.state, lost, RUN_FLOW).take()
    expire_leases(loop.services.state)
    _, cursor, _ = look(loop, "lost_runs")
    look(loop, "lost_runs", cursor)
    assert status(loop, lost) is dg.DagsterRunStatus.FAILURE
    # It may be of another code location, whose job has the same name.
    assert status(loop, unknown) is dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_wrong_clock_ends_no_run_that_lives(loop: Loop, started_run: str, minutes: int) -> None:
    async def look_twice() -> None:
        async with held_lease(loop.services.state, started_run, RUN_FLOW):
            with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
                _, cursor, _ = await asyncio.to_thread(look, loop, "lost_runs")
                await asyncio.to_thread(look, loop, "lost_runs", cursor)

    asyncio.run(look_twice())
    assert status(loop, started_run) is dg.DagsterRunStatus.STARTED


def test_a_wrong_clock_leaves_a_run_the_time_to_take_its_lease(
    loop: Loop, started_run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_runs, "_GRACE", timedelta(minutes=2))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        _, cursor, _ = look(loop, "lost_runs")
        _, cursor, said = look(loop, "lost_runs", cursor)
    assert "ended: none; in progress: 1" in said
    assert status(loop, started_run) is dg.DagsterRunStatus.STARTED
    # The cursor of the release before.
    assert "ended: none; in progress: 1" in look(loop, "lost_runs", f'["{started_run}"]')[2]


def test_a_damaged_cursor_is_begun_again(loop: Loop, started_run: str) -> None:
    damaged = ["garbage", "[1", "7", '"text"', "null", "[]", f'["{started_run}"]']
    wrong_values = ['"text"', "null", "[1]", "NaN", "{}"]
    for cursor in [*damaged, *(f'{{"{started_run}": {value}}}' for value in wrong_values)]:
        _, after, said = look(loop, "lost_runs", cursor)
        assert "ended: none; in progress: 1" in said, cursor
        assert json.loads(after).keys() == {started_run}
    look(loop, "lost_runs", after)
    assert status(loop, started_run) is dg.DagsterRunStatus.FAILURE


def test_a_run_holds_one_lease_over_all_its_steps_and_gives_it_back(loop: Loop) -> None:
    state, holders = loop.services.state, list[str | None]()

    @dg.op(required_resource_keys={"services"}, ins={"after": dg.In(dg.Nothing)})
    def step(context: dg.OpExecutionContext) -> None:
        holders.append(holder_of(state, context.run_id, RUN_FLOW))

    @dg.job(resource_defs={"services": services_resource(loop.services)})
    def steps() -> None:
        step.alias("second")(step())

    assert steps.execute_in_process(instance=loop.instance).success
    first, second = holders
    assert first is not None
    assert first == second
    assert leased(state, RUN_FLOW) == (set(), set())


def test_a_run_that_could_not_take_its_lease_is_refused_rather_than_ended_at_its_work(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(_: Lease) -> None:
        raise sa.exc.OperationalError("UPDATE leases", {}, Exception("database is locked"))

    with monkeypatch.context() as locked:
        locked.setattr(Lease, "take", no_answer)
        failure = launch(loop.defs, loop.instance, "orders_job", ["acme"], loop.days).failure
    assert failure == "the state's database did not answer when the run began: run again"
