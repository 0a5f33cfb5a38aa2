"""No client can stop another's run or check: a fault at any step of one client's share costs that client alone."""

import asyncio
import contextlib
import itertools
import os
import resource
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from npf_pipelines.automation.checks import CHECKS
from npf_pipelines.domain.progress import note_progress, progress_watched
from npf_pipelines.runs import isolation
from npf_pipelines.runs.isolation import run_isolated
from npf_pipelines.runs.own_thread import in_own_thread
from npf_pipelines.runs.partition_status import PartitionStatus
from npf_pipelines.state.health import read_health
from npf_pipelines.state.tables import leases
from npf_pipelines_tests.injected_faults import Injector
from npf_pipelines_tests.loop import Loop, generated_store, opened_loop

FLOWS = ("orders", "shipments", "stock")
EVERY = 72
"""Of the functions that a client's part calls, every 72nd is taken; the long form takes all."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Two clients with a handful of orders, through the loop once."""
    stores = {
        client: generated_store(client, number, orders=12, products=6, days=2)
        for number, client in enumerate(("acme", "bolt"), 1)
    }
    with opened_loop(tmp_path_factory.mktemp("tiny"), stores) as world:
        assert world.run_all() == []
        yield world


def _run(loop: Loop, flow: str, injector: Injector) -> str:
    """Run the flow over two days with the injector at work; what the run says of failures."""
    today = loop.days[1]
    with injector.installed():
        (run,) = loop.run(flow, days=(today - timedelta(days=1), today))
    # A fault may have kept a lease from being given back; it would have to run out first.
    with loop.services.state.begin() as connection:
        connection.execute(sa.delete(leases))
    return run.failure


def _functions(loop: Loop, flow: str) -> list[str]:
    injector = Injector("acme")
    assert _run(loop, flow, injector) == ""
    return list(injector.called)


def _after_fault_in(loop: Loop, flow: str, function: str) -> list[str] | None:
    """Errors after a run in which the function raised in acme's share; None if it was not called."""
    began = datetime.now(UTC)
    injector = Injector("acme", function)
    failure = _run(loop, flow, injector)
    if not injector.has_raised:
        return None
    acme, bolt = (read_health(loop.services.state, flow)[client, flow] for client in ("acme", "bolt"))
    wrong = []
    if "bolt:" in failure or bolt.last_success_at is None or bolt.last_success_at < began:
        wrong.append(f"{function}: bolt was not served: {failure}")
    if failure and (not acme.reason or acme.reason not in failure):
        wrong.append(f"{function}: acme's health does not say why: {acme.reason!r} for {failure!r}")
    return wrong


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("every", [EVERY, pytest.param(1, marks=pytest.mark.long)])
def test_a_fault_at_any_step_of_a_client_costs_that_client_alone(tiny: Loop, flow: str, every: int) -> None:
    functions = _functions(tiny, flow)[::every]
    outcomes = [_after_fault_in(tiny, flow, function) for function in functions]
    reached = [outcome for outcome in outcomes if outcome is not None]
    # A run that finds nothing changed calls fewer functions than the one in which they were noted.
    assert len(reached) > len(functions) / 2
    assert [said for outcome in reached for said in outcome] == []
    assert _run(tiny, flow, Injector("acme")) == ""


def test_while_the_reason_of_a_failed_client_is_written_the_others_go_on(
    tiny: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    close = PartitionStatus.close

    def noted(status: PartitionStatus, reason: str, notes: Any) -> None:
        threads.append(threading.current_thread())
        close(status, reason, notes)

    monkeypatch.setattr(PartitionStatus, "close", noted)
    function = next(name for name in _functions(tiny, "orders") if "OrderPages" in name)
    assert _after_fault_in(tiny, "orders", function) == []
    (thread,) = threads
    assert thread.name == "client", "the events of a failed client are written in the thread that serves all clients"


@pytest.mark.parametrize("check", ["gap_audit", "setups_fit"])
def test_a_fault_at_any_step_of_a_check_leaves_the_other_clients_results(tiny: Loop, check: str) -> None:
    usual = _checked(tiny, check, Injector("acme"))  # Fills the caches.
    recorder = Injector("acme")
    assert _checked(tiny, check, recorder) == usual
    reported = 0
    for function in list(recorder.called)[::EVERY]:
        injector = Injector("acme", function)
        found = _checked(tiny, check, injector)
        assert injector.has_raised, function
        assert found.get("bolt") == usual.get("bolt"), function
        # A fault in a call to the store is tried again.
        reported += found.get("acme") != usual.get("acme")
    assert reported > 0


def _checked(loop: Loop, check: str, injector: Injector) -> dict[str, str]:
    """The entries of the check, by client."""
    (definition,) = [one for one in CHECKS if check in {key.name for key in one.check_keys}]
    with injector.installed():
        result = definition(services=loop.services)
    assert isinstance(result, dg.AssetCheckResult)
    lists = [value.records for value in result.metadata.values() if isinstance(value, dg.TableMetadataValue)]
    return {str(record.data["client"]): str(record.data) for records in lists for record in records}


async def test_stores_that_hang_keep_no_place_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "PATIENCE", timedelta(seconds=0.2))
    good_was_served = asyncio.Event()

    async def work(client: str) -> str:
        if client == "good":
            good_was_served.set()
        await good_was_served.wait()
        return client

    hanging = [f"hanging{number}" for number in range(5)]
    async with asyncio.timeout(20):
        assert list(await run_isolated([*hanging, "good"], work, at_once=2)) == [*hanging, "good"]


async def test_clients_with_progress_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "PATIENCE", timedelta(seconds=0.6))
    at_work, most = 0, 0

    async def work(client: str) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        with progress_watched(timedelta(days=1)):
            for _ in range(20):
                await asyncio.sleep(0.1)
                note_progress()
        at_work -= 1

    assert list((await run_isolated("abc", work, at_once=2)).values()) == [None, None, None]
    assert most == 2


@pytest.fixture
def few_files() -> Iterator[None]:
    """The process may open 40 more files, unless it raises the limit itself."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = {int(path.name) for path in Path("/dev/fd").iterdir()}
    free = (number for number in itertools.count() if number not in taken)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next(itertools.islice(free, 40, None)), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files")
async def test_many_waiting_clients_don_t_run_out_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that waits in a thread of its own keeps an event loop and connections open: a shell allows 1,024 files."""
    monkeypatch.setattr(isolation, "PATIENCE", timedelta(seconds=0.1))
    all_have = threading.Barrier(20)

    async def wait() -> None:
        with contextlib.ExitStack() as files:
            for _ in range(4):
                files.callback(os.close, os.open(os.devnull, os.O_RDONLY))
            all_have.wait(5)

    async def work(_: str) -> None:
        await in_own_thread(wait)

    assert list((await run_isolated(map(str, range(20)), work, at_once=16)).values()) == [None] * 20
