"""A lake in a bucket that is far away: `python -m benchmarks.bucket`. Exits with 1 above its limit.

The first run of orders for 100 new clients, with 30 ms added to each request of the bucket; beside it the same run with
a lake in a folder. Not here: the pretend stores (town.py), the S3 server (npf_pipelines_tests/buckets.py).
"""

import argparse
import contextlib
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import dagster as dg
from rich.console import Console

from benchmarks.town import Town, client_names
from npf_pipelines.automation.launch import launch
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines_tests.buckets import ENVIRONMENT, opened_bucket
from npf_pipelines_tests.daemon import environment_of
from npf_pipelines_tests.dagster_speed import make_usual_home

LATENCY = 0.03
LONGEST = 60.0
"""Seconds for 100 clients."""


def main() -> None:
    """Print the times and the requests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    clients = client_names(parser.parse_args().clients)
    logging.disable(logging.WARNING)
    console = Console(soft_wrap=True)
    local, _ = _measured(clients, None)
    with _far_bucket() as far:
        took, orders = _measured(clients, far)
        far.send("how many?")
        requests = far.recv()
    limit = LONGEST * len(clients) / 100
    console.print(
        f"{orders} orders of {len(clients)} new clients: {took:.1f} s with a bucket {LATENCY * 1000:.0f} ms away (limit"
        f" {limit:.0f} s), {local:.1f} s with a folder; {requests / len(clients):.1f} requests for each client"
    )
    sys.exit(0 if took < limit else 1)


def _measured(clients: list[str], far: Connection | None) -> tuple[float, int]:
    """The seconds of the first run of orders, and how many orders came onto the platform."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        make_usual_home(folder / "dagster")
        os.environ |= environment_of(folder)
        if far:
            far.send("where?")
            endpoint, os.environ["NPF_LAKE"] = far.recv()
            os.environ |= ENVIRONMENT | {"AWS_ENDPOINT_URL": endpoint}
        with Town(folder, clients) as town, dg.DagsterInstance.get() as instance:
            defs, today = build_defs(Settings()), datetime.now(UTC).date()
            begun = time.monotonic()
            # The stores are in Sydney, where it may be tomorrow.
            run = launch(defs, instance, "orders_job", clients, (today - timedelta(days=2), today + timedelta(days=1)))
            took = time.monotonic() - begun
            if run.failure:
                raise RuntimeError(run.failure)
            time.sleep(2)
            return took, len(town.happened().imported)


@contextlib.contextmanager
def _far_bucket() -> Iterator[Connection]:
    """A server in a process of its own, which answers questions about itself."""
    spawn = multiprocessing.get_context("spawn")
    near, far = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(far,))
    process.start()
    try:
        yield near
    finally:
        near.send("end")
        process.join()


def _serve(asked: Connection) -> None:
    with opened_bucket() as bucket:
        bucket.latency = LATENCY
        while (question := asked.recv()) != "end":
            asked.send((bucket.endpoint, bucket.url) if question == "where?" else len(bucket.requests))


if __name__ == "__main__":
    main()
