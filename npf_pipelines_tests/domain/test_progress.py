"""A client without progress fails alone, with that reason."""

import asyncio
from datetime import timedelta

import pytest

from npf_pipelines.cscart.errors import Stalled
from npf_pipelines.cscart.http import StoreHttp
from npf_pipelines.domain.progress import note_progress, progress_watched, stalled_for
from npf_pipelines.runs.services import Services
from npf_pipelines.state.health import read_one
from npf_pipelines_tests.cscart.servers import USER, json_answer, key, odd_store
from npf_pipelines_tests.loop import Loop

AT_ONCE, NEVER = timedelta(), timedelta(days=1)


async def test_progress_anywhere_inside_counts() -> None:
    assert stalled_for() is None
    with progress_watched(timedelta(seconds=0.2)):
        assert stalled_for() is None
        await asyncio.sleep(0.3)
        assert stalled_for() == timedelta(seconds=0.2)
        await asyncio.create_task(_note())
        assert stalled_for() is None
    assert stalled_for() is None


async def _note() -> None:
    note_progress()


async def test_each_client_has_a_watch_of_its_own() -> None:
    async def client(longest: timedelta) -> bool:
        with progress_watched(longest):
            await asyncio.sleep(0.01)
            return stalled_for() is not None

    assert list(await asyncio.gather(client(AT_ONCE), client(NEVER))) == [True, False]


async def test_a_write_that_was_carried_out_is_progress_and_a_read_is_none() -> None:
    async with odd_store(lambda _: json_answer({})) as url, StoreHttp(url, USER, key()) as http:
        with progress_watched(timedelta(seconds=0.3)):
            await http.get("orders")
            await asyncio.sleep(0.2)
            await http.put("orders/1", {})
            await asyncio.sleep(0.2)
            await http.get("orders")
            await asyncio.sleep(0.2)
            with pytest.raises(Stalled, match="no new row, no write and no finished day"):
                await http.get("orders")
            assert http.requests == 3


def test_a_client_without_progress_fails_alone(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Services, "longest_stall", property(lambda _: NEVER))
    assert [one.failure for one in loop.run("orders")] == [""]
    monkeypatch.setattr(Services, "longest_stall", property(lambda _: AT_ONCE))
    (run,) = loop.run("orders", "acme")
    assert "acme: " in run.failure
    assert "NPF_STALL_MINUTES" in run.failure
    health = read_one(loop.services.state, "acme", "orders")
    assert health.is_permanent
    assert health.next_try_at is not None
    assert not read_one(loop.services.state, "bolt", "orders").failures
