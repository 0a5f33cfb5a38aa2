"""Run worker, code server and daemon killed at work: nothing is lost, and nothing is repeated in the stores."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.automation.ticks import register
from npf_pipelines_tests.daemon import Automation
from npf_pipelines_tests.dagster_speed import make_usual_home
from npf_pipelines_tests.loop import Loop, small_loop

RUN_WORKER = "multiprocessing.spawn"
PATIENCE = 420.0
"""Seconds: a run whose process is gone is ended after some two to four minutes, on a busy machine later."""


def wait_for(what: Callable[[], object], pause: float = 0.5) -> None:
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < PATIENCE
        time.sleep(pause)


def run_workers(automation: Automation) -> Iterator[int]:
    """The processes of runs: children of the code server, in its session."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            its_session = int((path / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[3])
        except OSError:
            continue
        if its_session == automation.code_server.pid and RUN_WORKER in command:
            yield int(path.name)


def others_than_amounts(loop: Loop) -> list[str]:
    return [one for one in loop.disagreements() if "has the amount" not in one]


def be_busy(loop: Loop) -> None:
    """Every store sells something that can be shipped, and the floor picks, packs and lodges."""
    for store in loop.stores.values():
        sell(store)
    loop.work()


def sell(store: SandboxStore) -> None:
    goods = [one for one in store.products.values() if one.tracked and one.product_code and not one.is_edp]
    product = max(goods, key=lambda one: one.amount)
    for _ in range(3):
        store.place_order([(product.product_id, 1)])


def kill(automation: Automation, victim: str) -> None:
    """Kill a process, and start it again where a supervisor would."""
    match victim:
        case "run worker":
            for process in run_workers(automation):
                os.kill(process, signal.SIGKILL)
        case "code server":
            os.killpg(automation.code_server.pid, signal.SIGKILL)  # The runs go with it, as with a machine.
            automation.code_server.wait()
            automation.start_code_server()
        case "daemon":
            automation.daemon.kill()
            automation.daemon.wait()
            automation.start_daemon()


@pytest.mark.long
def test_whatever_is_killed_at_work_the_next_start_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    make_usual_home(tmp_path / "dagster")
    with small_loop(tmp_path) as loop:
        assert loop.run_all() == []
        register(loop)
        automation = Automation(tmp_path, NPF_SENSOR_SECONDS="5")
        try:
            for victim in ("run worker", "code server", "daemon"):
                be_busy(loop)
                asked = sum(store.requests for store in loop.stores.values())
                # At work: a process of a run is there, and has asked a store for something.
                wait_for(
                    lambda asked=asked: (  # type: ignore[misc]
                        any(run_workers(automation)) and sum(store.requests for store in loop.stores.values()) > asked
                    ),
                    pause=0.01,
                )
                kill(automation, victim)
            wait_for(lambda: not others_than_amounts(loop), pause=5)
        finally:
            automation.end()
        # A status that gives stock back has moved amounts, which the sweep of the next hour would find.
        wait_for(lambda: not loop.run("stock")[0].failure, pause=5)
        assert loop.disagreements() == []
