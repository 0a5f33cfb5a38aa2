"""Two Celery workers beside one: `python -m benchmarks.workers`.

The first runs of orders for new clients, two clients to a run, all runs queued at once. A worker executes one run at a
time on a core of its own. Everything else would be on other machines: here it has no core of its own, and what it takes
of the workers' cores is printed beside the ratio.
Not here: the servers and machines (npf_pipelines_tests/cluster).
"""

import argparse
import contextlib
import itertools
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import stamina
from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError
from rich.console import Console
from upath import UPath

from benchmarks.processes import serving
from benchmarks.running import Meter, busy_seconds, process
from benchmarks.town import client_names
from npf_pipelines.domain.chunking import chunked
from npf_pipelines.platform.database import create_platform
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import instance_in
from npf_pipelines.runs.run_scope import scope_config, scope_tags
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cluster.machines import centre, prepared
from npf_pipelines_tests.cluster.servers import BUCKET, running_redis, running_s3
from npf_pipelines_tests.cluster.world import environment_of_all, init
from npf_pipelines_tests.databases import running_postgresql
from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.loop import DAYS, generated_store, write_setup

_IN_REDIS = 4
"""The runs that wait for the workers' start; deploy/cluster/dagster.yaml lets no more be in progress."""


@dataclass(frozen=True)
class _Cluster:
    """The servers, and a machine with code server, daemon and webserver on which no schedule and no sensor runs."""

    folder: Path
    environment: dict[str, str]
    instance: dg.DagsterInstance
    launcher: DagsterGraphQLClient

    @stamina.retry(on=DagsterGraphQLClientError, attempts=None, timeout=300, wait_max=1.0)
    def queue(self, clients: list[str]) -> str:
        """Queue a run as soon as the webserver is up; its id."""
        today = datetime.now(UTC).date()  # The stores are in Sydney, where it may be tomorrow.
        scope = ("orders", clients, (today - timedelta(days=DAYS - 1), today + timedelta(days=1)))
        job = ("orders_job", "npf", "__repository__")
        return self.launcher.submit_job_execution(*job, scope_config(*scope), tags=dict(scope_tags(*scope)))

    def count(self, runs: list[str], *statuses: dg.DagsterRunStatus) -> int:
        """The number of the runs that have one of the statuses."""
        return self.instance.get_runs_count(dg.RunsFilter(run_ids=runs, statuses=list(statuses)))


@contextlib.contextmanager
def _cluster(folder: Path) -> Iterator[_Cluster]:
    with contextlib.ExitStack() as opened:
        socket, redis = opened.enter_context(running_postgresql()), opened.enter_context(running_redis())
        environment = environment_of_all(socket, redis) | opened.enter_context(running_s3())
        environment["PYTHONPATH"] = f"{PROJECT / 'deploy' / 'cluster'}:{PROJECT}"
        os.environ |= environment
        create_platform(environment["NPF_PLATFORM_URL"]).dispose()
        init(home := prepared(folder / "centre"))
        instance = opened.enter_context(instance_in(home / "dagster"))
        machine = centre(home, environment | {"NPF_AUTOMATION": "stopped"})
        opened.callback(machine.end)
        webserver = machine.start_webserver().removeprefix("http://")
        yield _Cluster(folder, environment, instance, DagsterGraphQLClient(webserver))


def _measured(cluster: _Cluster, clients: list[str], workers: int, latency: float) -> tuple[float, float, float]:
    """The seconds of the clients' first runs, and how many cores the workers and everything else took on average."""
    status, setups = dg.DagsterRunStatus, f"s3://{BUCKET}/{clients[0]}"
    with serving(_stores, clients, latency_ms=latency) as url, contextlib.ExitStack() as opened:
        for client in clients:
            write_setup(UPath(setups), client, url)
        Cell().register(cluster.instance, clients)
        runs = [cluster.queue(list(some)) for some in chunked(clients, 2)]
        while cluster.count(runs, status.NOT_STARTED, status.QUEUED) > max(0, len(runs) - _IN_REDIS):
            time.sleep(0.1)
        folders = [cluster.folder / f"{clients[0]}-core{core}" for core in range(workers)]
        environment = cluster.environment | {"NPF_CLIENTS": setups}
        pids = [opened.enter_context(_worker(folder, environment, core)) for core, folder in enumerate(folders)]
        while not any(" ready." in (folder / "celery.log").read_text() for folder in folders):
            time.sleep(0.1)
        meter = Meter(tuple(pids))
        meter.measure()
        begun, by_workers, by_all = time.monotonic(), meter.cpu_seconds, busy_seconds()
        while cluster.count(runs, status.SUCCESS, status.FAILURE) < len(runs):
            time.sleep(0.1)
        meter.measure()
        seconds, by_workers, by_all = time.monotonic() - begun, meter.cpu_seconds - by_workers, busy_seconds() - by_all
        if cluster.count(runs, status.FAILURE):
            raise RuntimeError((folders[0] / "celery.log").read_text())
        return seconds, by_workers / seconds, (by_all - by_workers) / seconds


@contextlib.contextmanager
def _worker(folder: Path, environment: dict[str, str], core: int) -> Iterator[int]:
    """The process of a worker on a machine of its own, whose runs stay on the core."""
    own = environment | {"NPF_DATA": str(prepared(folder)), "DAGSTER_HOME": str(folder / "dagster")}
    words = f"--app dagster_celery.app worker --queues dagster --concurrency 1 --loglevel INFO --hostname {folder.name}"
    with process(folder, own, "celery", *words.split()) as worker:
        os.sched_setaffinity(worker.pid, {core})
        yield worker.pid


def _stores(clients: list[str]) -> dict[str, SandboxStore]:
    return {
        client: generated_store(client, number, orders=100, products=20, days=DAYS)
        for number, client in enumerate(clients)
    }


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description="Two Celery workers beside one.")
    arguments.add_argument("--clients", type=int, default=12, help="of each of the four measurements")
    count = arguments.parse_args().clients
    logging.disable(logging.WARNING)
    console, alone = Console(soft_wrap=True), 0.0
    console.print(f"{count} new clients' first runs of orders, on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, _cluster(Path(name)) as cluster:
        for number, (latency, workers) in enumerate(itertools.product((150.0, 0.0), (1, 2))):
            clients = client_names(count, number * count)  # New ones each time, with the same stores.
            seconds, by_workers, by_others = _measured(cluster, clients, workers, latency)
            alone = seconds if workers == 1 else alone
            console.print(
                f"stores {latency:.0f} ms away, workers: {workers}: {seconds:.1f} s, ratio {alone / seconds:.2f}; cores"
                f" taken by the workers {by_workers:.2f}, by everything else {by_others:.2f}"
            )


if __name__ == "__main__":
    main()
