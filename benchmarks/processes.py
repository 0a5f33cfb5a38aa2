"""The processes of a benchmark: the sandbox store in one of its own, and each contender in another.

Not here: what is measured (pull.py, memory.py, stock.py).
"""

import contextlib
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.server import serve_stores
from npf_pipelines.sandbox.store import SandboxStore

DAYS = 30
ZONE = "Australia/Sydney"
T = TypeVar("T")

API_USER, API_KEY = "api@store.example", "sandbox-api-key"


@dataclass(frozen=True)
class Shop:
    """A store to be served.

    Attributes:
        orders: how many it has, including orders that lists hide.
        days: over how many days they are spread.
        whole: whether its lists give whole orders.
        padding: characters by which each whole order is longer.
    """

    name: str
    orders: int
    days: int = DAYS
    whole: bool = True
    padding: int = 0


def served(*shops: Shop, latency_ms: float = 0) -> contextlib.AbstractContextManager[str]:
    """The address under which another process serves the shops, each under its name."""
    return serving(_generate, shops, latency_ms=latency_ms)


@contextlib.contextmanager
def serving(make: Callable[[T], dict[str, SandboxStore]], what: T, *, latency_ms: float = 0) -> Iterator[str]:
    """The address under which another process serves the stores that it makes of `what`, each under its name."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(make, what, port, latency_ms), daemon=True
    )
    process.start()
    try:
        url = f"http://127.0.0.1:{port}"
        while not _is_up(url):
            if not process.is_alive():
                raise RuntimeError("The store's process ended before it was up.")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.join()


def requests_so_far(url: str, shop: str) -> int:
    """How many requests a shop has had."""
    counted: int = httpx.get(f"{url}/_sandbox/stores/{shop}").json()["requests"]
    return counted


def in_process(script: str, *arguments: str) -> dict[str, Any]:
    """Run the script in a process of its own and return the JSON that it prints."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, script, *arguments], stdout=subprocess.PIPE, check=True, env=environment
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def peak_megabytes() -> float:
    """The most memory that this process has had resident so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def all_days(days: int = DAYS) -> tuple[date, date]:
    """The first and the last day on which a shop can have orders."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=days), today + timedelta(days=1)


def _serve(make: Callable[[T], dict[str, SandboxStore]], what: T, port: int, latency_ms: float) -> None:
    serve_stores(make(what), port, lambda: None, latency_ms)


def _generate(shops: tuple[Shop, ...]) -> dict[str, SandboxStore]:
    stores = {}
    for shop in shops:
        store = generate_store(
            shop.name, seed=1, orders=shop.orders, products=60, days=shop.days, today=datetime.now(UTC)
        )
        store.whole_orders_in_lists = shop.whole
        store.padding = shop.padding
        stores[shop.name] = store
    return stores


def _is_up(url: str) -> bool:
    try:
        httpx.get(url)
    except httpx.ConnectError:
        return False
    return True
