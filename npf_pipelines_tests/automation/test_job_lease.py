"""A lease that is held for seconds at a time: a run waits for it, and keeps no other client waiting."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from npf_pipelines.automation import job_lease
from npf_pipelines.automation.job_lease import JobLease
from npf_pipelines.domain.days import day_of
from npf_pipelines.state import lease as leases
from npf_pipelines.state.database import open_state
from npf_pipelines.state.health import read_one
from npf_pipelines.state.lease import PATIENCE, Lease, held_lease
from npf_pipelines_tests.loop import Loop


def test_a_run_waits_for_one_client_while_it_works_on_the_others(fresh: Loop) -> None:
    state = fresh.services.state
    before = read_one(state, "bolt", "orders").tried_at
    lease = Lease(state, "acme", "orders")
    lease.take()

    def give_back_when_bolt_is_done() -> bool:
        until = time.monotonic() + PATIENCE.total_seconds() / 2
        while (is_waiting := read_one(state, "bolt", "orders").tried_at == before) and time.monotonic() < until:
            time.sleep(0.05)
        lease.give_back()
        return not is_waiting

    today = day_of(datetime.now(UTC), fresh.services.setups()["acme"].zone)
    with ThreadPoolExecutor(1) as threads:
        was_done = threads.submit(give_back_when_bolt_is_done)
        assert [run.failure for run in fresh.run("orders", days=(today, today))] == [""]
    assert was_done.result()


async def test_a_job_of_many_steps_lets_a_run_that_waits_have_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise step follows on step, and a run would wait for a whole night's months."""
    assert leases._PAUSE < job_lease._GAP
    assert PATIENCE.total_seconds() >= 2 * job_lease._LONGEST_TURN
    monkeypatch.setattr(leases, "_PAUSE", 0.03)
    state = open_state(f"sqlite:///{tmp_path / 'state.sqlite'}")
    steps_before_the_run: list[int] = []
    is_done, lease = asyncio.Event(), JobLease(state, "acme", "orders")

    async def steps() -> None:
        for number in range(100):
            async with lease.step():
                await asyncio.sleep(0.05)
            if is_done.is_set():
                return
            steps_before_the_run.append(number)

    async def run() -> None:
        await asyncio.sleep(0.02)
        async with held_lease(state, "acme", "orders"):
            is_done.set()

    monkeypatch.setattr(job_lease, "_LONGEST_TURN", 0.12)
    monkeypatch.setattr(job_lease, "_GAP", 0.5)
    await asyncio.gather(steps(), run())
    assert len(steps_before_the_run) < 10
    state.dispose()
