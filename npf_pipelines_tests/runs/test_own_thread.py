"""Tests of npf_pipelines.runs.own_thread."""

import asyncio
import threading
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest

from npf_pipelines.domain.progress import note_progress, progress_watched, time_without_progress
from npf_pipelines.runs.isolation import CutOff, run_isolated
from npf_pipelines.runs.own_thread import in_own_thread


async def test_a_client_that_blocks_its_thread_holds_up_nobody_else() -> None:
    blocked, free = threading.Event(), asyncio.Event()

    async def block() -> str:
        assert blocked.wait(20)
        return "done"

    waiting = asyncio.create_task(in_own_thread(block))
    asyncio.get_running_loop().call_later(0.05, free.set)
    await free.wait()
    assert not waiting.done()
    blocked.set()
    assert await waiting == "done"


async def test_a_cancellation_waits_for_no_loop_that_can_t_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many open files, for example: the coroutine never begins."""
    began, failing = threading.Event(), threading.Event()

    def fail(coroutine: Coroutine[Any, Any, None]) -> None:
        coroutine.close()
        began.set()
        assert failing.wait(20)
        raise OSError(24, "Too many open files")

    async def work() -> None:
        pytest.fail("there is no loop")

    monkeypatch.setattr(asyncio, "run", fail)
    waiting = asyncio.create_task(in_own_thread(work))
    await asyncio.to_thread(began.wait, 20)
    waiting.cancel()
    asyncio.get_running_loop().call_later(0.05, failing.set)
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_the_error_of_the_work_is_raised_where_it_is_awaited() -> None:
    async def fail() -> None:
        raise ValueError("as it was")

    with pytest.raises(ValueError, match="as it was"):
        await in_own_thread(fail)


async def test_progress_in_the_thread_counts() -> None:
    async def work() -> None:
        note_progress()

    with progress_watched():
        await asyncio.sleep(0.2)
        assert time_without_progress() >= timedelta(seconds=0.2)
        await in_own_thread(work)
        assert time_without_progress() < timedelta(seconds=0.2)


async def test_a_cancellation_reaches_the_work_and_waits_for_its_end() -> None:
    began, ended = threading.Event(), threading.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            ended.set()

    task = asyncio.create_task(in_own_thread(work))
    await asyncio.to_thread(began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_work_that_is_cancelled_from_within_is_one_clients_failure() -> None:
    async def work(client: str) -> str:
        async def cut_off() -> str:
            raise asyncio.CancelledError

        return await in_own_thread(cut_off) if client == "acme" else client

    outcomes = await run_isolated(["acme", "bolt"], work, at_once=2)
    assert isinstance(outcomes["acme"], CutOff)
    assert outcomes["bolt"] == "bolt"
