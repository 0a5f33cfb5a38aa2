"""Runs whose process is gone are ended; runs that are alive or about to end are left alone."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import time_machine

from npf_pipelines.automation import lost_runs
from npf_pipelines.state.lease import RUN_FLOW, Lease, held_lease
from npf_pipelines_tests.automation.ticks import look, register, tick
from npf_pipelines_tests.leases import expire_leases
from npf_pipelines_tests.loop import Loop


@pytest.fixture
def started_run(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run in progress, long enough ago."""
    monkeypatch.setattr(lost_runs, "_GRACE", timedelta(seconds=-5))
    register(loop)
    asked = tick(loop, "orders_sweep")
    assert isinstance(asked, list)
    job = loop.defs.resolve_job_def("orders_job")
    run = loop.instance.create_run_for_job(job, run_config=dict(asked[0].run_config))
    loop.instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", job.name), run.run_id)
    return run.run_id


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


def test_a_run_gives_its_lease_back(loop: Loop) -> None:
    loop.run("stock")
    with loop.services.state.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM leases").scalar() == 0
