"""Many clients on one machine, with the real daemon: `python -m benchmarks.clients`. Exits with 1 above a limit.

Shoppers order and the floor lodges at random; how long until the order is on the platform and the tracking number in
the store, and what does it take? Beside it the same with a run for each client (one_run_each.py). `--idle 500` measures
what clients cost in which nothing happens. Not here: the town (town.py), the processes (running.py).
"""

import argparse
import contextlib
import logging
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster import RunsFilter
from rich.console import Console
from rich.table import Table

from benchmarks.running import automation, followed
from benchmarks.town import Happened, Town, client_names
from npf_pipelines.automation.launch import launch
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines_tests.daemon import environment_of
from npf_pipelines_tests.dagster_speed import make_usual_home

OURS, ONE_EACH = "npf_pipelines.definitions", "benchmarks.one_run_each"
CORES = 2
LONGEST_P95 = 120.0
LARGEST_SHARE = 0.6
LARGEST_IDLE = 0.1
"""Of one core."""
_WARM_UP, _DRAIN = 60.0, 180.0
"""Seconds before the load, in which the daemon starts and sweeps once; and after it, for what is still on its way."""
_CONSOLE = Console(soft_wrap=True)


@dataclass(frozen=True)
class Way:
    """The seconds that orders or shipments took; a lost one counts until the end of the measurement."""

    took: list[float]
    lost: int
    backlogs: tuple[float, float, float]
    """How many were on their way, on average over the first, the middle and the last third of the load."""

    def at(self, share: float) -> float:
        """The time within which this share arrived."""
        ordered = sorted(self.took)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan

    @property
    def grows(self) -> bool:
        """Whether the backlog does, beyond what chance makes of it."""
        _, middle, last = self.backlogs
        return last > 1.5 * middle + 5


@dataclass(frozen=True)
class Measured:
    """The figures of one load."""

    orders: Way
    shipments: Way
    cpu_share: float
    stores_share: float
    """The stores, the shoppers and the floor, whose processor time the pipeline lacks."""
    megabytes: float
    runs: int
    unfinished_runs: int


@contextlib.contextmanager
def settled(clients: int) -> Iterator[tuple[Path, Town, dg.DagsterInstance]]:
    """A town with its past on the platform and its stock in the stores: no push exceeds the change limit."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        make_usual_home(folder / "dagster")
        os.environ |= environment_of(folder)
        with Town(folder, client_names(clients)) as town, dg.DagsterInstance.get() as instance:
            defs, today = build_defs(Settings()), datetime.now(UTC).date()
            # The stores are in Sydney, where it may be tomorrow.
            days = (today - timedelta(days=2), today + timedelta(days=1))
            for job, span, config in (
                ("orders_job", days, {}),
                ("shipments_job", days, {}),
                ("stock_job", None, {"override_change_limit": True}),
            ):
                if failure := launch(defs, instance, job, town.clients, span, **config).failure:
                    raise RuntimeError(failure)
            yield folder, town, instance


def under_load(clients: int, minutes: float, module: str) -> Measured:
    """The clients' orders and lodgements for some minutes, worked on by the definitions of a module."""
    with (
        settled(clients) as (folder, town, instance),
        automation(folder, module) as meter,
        followed(town.pid) as stores,
    ):
        time.sleep(_WARM_UP)
        begun, cpu, of_stores = time.time(), meter.cpu_seconds, stores.cpu_seconds
        town.begin()
        time.sleep(minutes * 60)
        town.pause()
        ended, spent, by_stores = time.time(), meter.cpu_seconds - cpu, stores.cpu_seconds - of_stores
        runs = instance.get_runs_count(RunsFilter(created_after=datetime.fromtimestamp(begun, UTC)))
        unfinished = _unfinished(instance)
        happened = town.happened()
        while time.time() < ended + _DRAIN and (time.time() < ended + 2 or _on_their_way(happened)):
            time.sleep(2)
            happened = town.happened()
        return Measured(
            _way(happened.paid, happened.imported, begun, ended),
            _way(happened.lodged, happened.in_store, begun, ended),
            spent / (ended - begun) / CORES,
            by_stores / (ended - begun) / CORES,
            meter.peak_megabytes,
            runs,
            unfinished,
        )


def at_rest(clients: int, minutes: float) -> float:
    """The share of one core that clients take in which nothing happens."""
    with settled(clients) as (folder, _, _), automation(folder, OURS) as meter:
        time.sleep(2 * _WARM_UP)
        begun, cpu = time.time(), meter.cpu_seconds
        time.sleep(minutes * 60)
        return (meter.cpu_seconds - cpu) / (time.time() - begun)


def _way(
    start: Mapping[tuple[str, str], float], arrival: Mapping[tuple[str, str], float], begun: float, ended: float
) -> Way:
    starts = {key: at for key, at in start.items() if begun <= at <= ended}
    now = time.time()
    took = [arrival.get(key, now) - at for key, at in starts.items()]
    on_the_way = [
        sum(at <= moment < arrival.get(key, math.inf) for key, at in starts.items())
        for moment in (begun + second for second in range(int(ended - begun)))
    ]
    third = max(1, len(on_the_way) // 3)
    first, middle, last = (on_the_way[n * third : (n + 1) * third] or [0] for n in range(3))
    backlogs = (sum(first) / len(first), sum(middle) / len(middle), sum(last) / len(last))
    return Way(took, sum(key not in arrival for key in starts), backlogs)


def _on_their_way(happened: Happened) -> bool:
    return bool(happened.paid.keys() - happened.imported.keys() or happened.lodged.keys() - happened.in_store.keys())


def _unfinished(instance: dg.DagsterInstance) -> int:
    status = dg.DagsterRunStatus
    return instance.get_runs_count(
        RunsFilter(statuses=[status.QUEUED, status.NOT_STARTED, status.STARTING, status.STARTED])
    )


def compared(results: Mapping[str, Measured], clients: int, minutes: float) -> Table:
    """The figures of each load beside the others."""
    table = Table(title=f"{clients} clients, {minutes:g} minutes", title_justify="left")
    table.add_column("")
    for name in results:
        table.add_column(name, justify="right")

    def row(name: str, say: Callable[[Measured], str]) -> None:
        table.add_row(name, *(say(result) for result in results.values()))

    ways: dict[str, Callable[[Measured], Way]] = {
        "paid → on the platform": lambda result: result.orders,
        "lodged → in the store": lambda result: result.shipments,
    }
    for name, of in ways.items():
        row(name, lambda result, of=of: f"{len(of(result).took)}")  # type: ignore[misc]
        for what, share in (("median", 0.5), ("p95", 0.95), ("max", 1.0)):
            row(f"  {what}", lambda result, of=of, share=share: f"{of(result).at(share):.0f} s")  # type: ignore[misc]
        row("  on the way: first, middle, last third", lambda result, of=of: _numbers(of(result).backlogs))  # type: ignore[misc]
        row(f"  not there after {_DRAIN:.0f} s more", lambda result, of=of: f"{of(result).lost}")  # type: ignore[misc]
    row(f"share of {CORES} cores", lambda result: f"{result.cpu_share:.0%}")
    row("the stores' own share", lambda result: f"{result.stores_share:.1%}")
    row("peak memory", lambda result: f"{result.megabytes:.0f} MB")
    row("runs", lambda result: f"{result.runs}")
    row("runs not over at the end", lambda result: f"{result.unfinished_runs}")
    return table


def _numbers(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:.0f}" for number in numbers)


def missed_goals(
    ours: Measured, *, longest_p95: float = LONGEST_P95, largest_share: float = LARGEST_SHARE
) -> list[str]:
    """The goals that were missed."""
    missed = []
    for name, way in (("orders", ours.orders), ("shipments", ours.shipments)):
        if not way.at(0.95) < longest_p95:
            missed.append(f"{name}: the p95 is not below {longest_p95:.0f} s")
        if way.lost:
            missed.append(f"{name}: {way.lost} never arrived")
        if way.grows:
            missed.append(f"{name}: the backlog grows")
    if not ours.cpu_share < largest_share:
        missed.append(f"not below {largest_share:.0%} of {CORES} cores")
    return missed


def main() -> None:
    """Measure and print; exit with 1 when a goal is missed."""
    arguments = argparse.ArgumentParser(description="Many clients on one machine, with the real daemon.")
    arguments.add_argument("--clients", type=int, default=100)
    arguments.add_argument("--minutes", type=float, default=15)
    arguments.add_argument(
        "--beside", type=float, help="minutes of a run for each client; 0 for none, as long if left out"
    )
    arguments.add_argument(
        "--idle", type=int, metavar="CLIENTS", help="only what clients cost in which nothing happens"
    )
    given = arguments.parse_args()
    logging.disable(logging.INFO)
    _CONSOLE.print(f"load average before: {_numbers(os.getloadavg())}")
    if given.idle:
        share = at_rest(given.idle, given.minutes)
        _CONSOLE.print(f"{given.idle} idle clients take {share:.1%} of a core (limit {LARGEST_IDLE:.0%})")
        sys.exit(0 if share < LARGEST_IDLE else 1)
    ours = under_load(given.clients, given.minutes, OURS)
    _CONSOLE.print(compared({"this": ours}, given.clients, given.minutes))
    beside = given.minutes if given.beside is None else given.beside
    if beside:
        each = under_load(given.clients, beside, ONE_EACH)
        _CONSOLE.print(compared({"a run for each client": each}, given.clients, beside))
    _CONSOLE.print(f"load average after: {_numbers(os.getloadavg())}")
    missed = missed_goals(ours)
    for goal in missed:
        _CONSOLE.print(goal, style="red")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
