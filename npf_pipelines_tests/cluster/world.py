"""The world of the cluster: stores, platform and bucket, with the machines that work on them.

Not here: the machines (machines.py), the kills (campaign.py).
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psycopg
from upath import UPath

from npf_pipelines.config.settings import Settings
from npf_pipelines.platform.database import create_platform
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import instance_in
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines_tests.cluster.machines import Worker, centre, prepared
from npf_pipelines_tests.cluster.servers import BUCKET, running_redis, running_s3
from npf_pipelines_tests.daemon import Automation
from npf_pipelines_tests.databases import new_database, running_postgresql
from npf_pipelines_tests.loop import API_KEY, KEY_VARIABLE, Loop, generated_store, write_setup

CLIENTS = ("acme", "bolt", "coil", "dune")
"""Two of them in each of two shards."""
_LATENCY_MS = 400.0
"""Added to each request to a store: a push takes seconds, and can be cut off."""
_SCHEMA = "npf_state"


@dataclass
class Cluster:
    """The world and its machines."""

    loop: Loop
    workers: tuple[Worker, Worker]
    automation: Automation


@contextlib.contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster whose automation is at work, for the length of the block."""
    stores = {
        client: generated_store(client, number, orders=15, products=25, days=3)
        for number, client in enumerate(CLIENTS, 1)
    }
    with contextlib.ExitStack() as opened:
        socket = opened.enter_context(running_postgresql())
        redis = opened.enter_context(running_redis())
        bucket = opened.enter_context(running_s3())
        server = opened.enter_context(SandboxServer(stores, latency_ms=_LATENCY_MS))
        environment = environment_of_all(socket, redis) | bucket
        os.environ |= environment
        for client in stores:
            write_setup(UPath(environment["NPF_CLIENTS"]), client, server.url)
        create_platform(environment["NPF_PLATFORM_URL"]).dispose()
        home = prepared(folder / "centre")
        init(home)
        instance = opened.enter_context(instance_in(home / "dagster"))
        loop = _loop(home, instance, stores, server.url)
        opened.callback(loop.services.close_databases)
        Cell().register(instance, CLIENTS)
        _begin(loop)
        workers = (Worker(folder / "a", environment), Worker(folder / "b", environment))
        for worker in workers:
            opened.callback(worker.end)
        automation = centre(home, environment)
        opened.callback(automation.end)
        yield Cluster(loop, workers, automation)


def _begin(loop: Loop) -> None:
    """Do what no automatic run does: pull the past days, and let the first push of stock through its change limit.

    Raises:
        RuntimeError: a run failed.
    """
    runs = loop.run("orders")
    loop.work()
    for run in (*runs, *loop.run("stock", override_change_limit=True)):
        if run.failure:
            raise RuntimeError(run.failure)


def _loop(home: Path, instance: dg.DagsterInstance, stores: Mapping[str, object], url: str) -> Loop:
    os.environ["NPF_DATA"] = str(home)
    return Loop(Settings(), instance, dict(stores), url)  # type: ignore[arg-type]


def environment_of_all(socket: Path, redis: str) -> dict[str, str]:
    """The variables of every machine, but for its own folders."""
    platform = new_database(socket)
    with psycopg.connect(platform.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {_SCHEMA}".encode())
    return {
        "NPF_CLIENTS": f"s3://{BUCKET}/clients",
        "NPF_LAKE": f"s3://{BUCKET}/lake",
        "NPF_PLATFORM_URL": platform,
        # A schema of the platform's database: the writes of orders are fenced.
        "NPF_STATE_URL": f"{platform}&options=-csearch_path%3D{_SCHEMA}",
        "DAGSTER_POSTGRES_URL": new_database(socket).replace("+psycopg", "+psycopg2"),
        "REDIS_URL": redis,
        "NPF_SHARDS": "2",
        "NPF_SENSOR_SECONDS": "10",
        "NPF_SHIPMENTS_MINUTES": "5",
        "NPF_STOCK_MINUTES": "5",
        KEY_VARIABLE: API_KEY,
    }


def init(home: Path, **others: str) -> None:
    """`npf init` for a machine's data folder; `others` are further variables of its environment."""
    words = [str(Path(sys.executable).with_name("npf")), "init"]
    environment = os.environ | {"NPF_DATA": str(home), "DAGSTER_HOME": str(home / "dagster")} | others
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own environment's npf
