"""Many clients at work with the real daemon, for cells.py; and their stores, settled, for per_client.py.

Shoppers order and the floor lodges at random; how long until the order is on the platform and the tracking number in
the store, and what does it take? Not here: the town (town.py), the processes (running.py), the limits (cells.py).
"""

import contextlib
import math
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster import RunsFilter
from rich.table import Table

from benchmarks.running import Cell, automation, followed
from benchmarks.town import Happened, Town, client_names
from npf_pipelines.automation.launch import launch
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines_tests.daemon import environment_of
from npf_pipelines_tests.dagster_speed import make_usual_home

CORES = 2
_WARM_UP, _DRAIN = 60.0, 180.0
"""Seconds before the load, in which the daemon starts and sweeps once; and after it, for what is still on its way."""


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


def under_load(clients: int, minutes: float) -> Measured:
    """The clients' orders and lodgements for some minutes, worked on by the automation."""
    with (
        settled(clients) as (folder, town, instance),
        automation(folder, [Cell("", folder)]) as meter,
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


def figures(measured: Measured, clients: int, minutes: float) -> Table:
    """The figures of the load."""
    table = Table(title=f"{clients} clients, {minutes:g} minutes", title_justify="left")
    table.add_column("")
    table.add_column("one cell", justify="right")
    for name, way in (("paid → on the platform", measured.orders), ("lodged → in the store", measured.shipments)):
        table.add_row(name, f"{len(way.took)}")
        for what, share in (("median", 0.5), ("p95", 0.95), ("max", 1.0)):
            table.add_row(f"  {what}", f"{way.at(share):.0f} s")
        table.add_row("  on the way: first, middle, last third", ", ".join(f"{number:.0f}" for number in way.backlogs))
        table.add_row(f"  not there after {_DRAIN:.0f} s more", f"{way.lost}")
    table.add_row(f"share of {CORES} cores", f"{measured.cpu_share:.0%}")
    table.add_row("the stores' own share", f"{measured.stores_share:.1%}")
    table.add_row("peak memory", f"{measured.megabytes:.0f} MB")
    table.add_row("runs", f"{measured.runs}")
    table.add_row("runs not over at the end", f"{measured.unfinished_runs}")
    return table


def missed_goals(measured: Measured, *, longest_p95: float, largest_share: float) -> list[str]:
    """The goals that were missed.

    Args:
        measured: the figures.
        longest_p95: seconds that orders and shipments may take.
        largest_share: of all cores, that the pipeline may take.
    """
    missed = []
    for name, way in (("orders", measured.orders), ("shipments", measured.shipments)):
        if not way.at(0.95) < longest_p95:
            missed.append(f"{name}: the p95 is not below {longest_p95:.0f} s")
        if way.lost:
            missed.append(f"{name}: {way.lost} never arrived")
        if way.grows:
            missed.append(f"{name}: the backlog grows")
    if not measured.cpu_share < largest_share:
        missed.append(f"not below {largest_share:.0%} of {CORES} cores")
    return missed
