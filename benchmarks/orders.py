"""`npf run orders` for new orders of one client, end to end: `python -m benchmarks.orders`. Exits with 1 above a limit.

Processor time, start-up included, of a run that imports every order and of a second one that finds nothing changed, in
multiples of the time that it takes to read the same pages with httpx and json. The store is in a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.processes import API_KEY, API_USER, all_days, in_process, peak_megabytes, serving
from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import KEY_VARIABLE, write_setup

CLIENT, DAYS = "shop", 5
PAGE = 250
ORDERS = 20_000
ALL_NEW, UNCHANGED = "all orders new", "nothing changed"
LIMITS = {ALL_NEW: 13.5, UNCHANGED: 11.5}
"""Seconds of a processor for so many orders."""
_PLAIN = "the same pages with httpx and json"
_NPF = [sys.executable, "-c", "from npf_pipelines.cli import app; app()"]


@dataclass(frozen=True)
class Taken:
    """The cost of a process: seconds of a processor, and megabytes at most."""

    seconds: float
    megabytes: float


def make_store(orders: int) -> dict[str, SandboxStore]:
    """A store with so many new orders of two lines, over the last days."""
    now = datetime.now(UTC)
    store = generate_store(CLIENT, seed=1, orders=0, products=60, days=DAYS, today=now)
    goods = [product for product in store.products.values() if product.product_code and not product.is_edp]
    for product in goods:
        product.amount = orders
    codes = [product.product_id for product in goods if not product.combinations]
    first = now - timedelta(days=DAYS - 1)
    for number in range(orders):
        placed = first + (now - first) * number / orders
        chosen = [(codes[number % len(codes)], 1), (codes[(number + 1) % len(codes)], 2)]
        store.place_order(chosen, timestamp=int(placed.timestamp()))
    return {CLIENT: store}


def read_pages(url: str) -> None:
    """Read every order of the store, one page after the other, decode it, and say as JSON what that took."""
    begun = time.process_time()
    with httpx.Client(auth=(API_USER, API_KEY)) as client:
        read, page, total = 0, 1, 1
        while read < total:
            parameters = {"get_orders_data": 1, "items_per_page": PAGE, "page": page}
            answer = json.loads(client.get(f"{url}/{CLIENT}/api/2.0/orders", params=parameters).content)
            read, page, total = read + len(answer["orders"]), page + 1, int(answer["params"]["total_items"])
    taken = Taken(time.process_time() - begun, peak_megabytes())
    sys.stdout.write(json.dumps(asdict(taken)))


def measured(*command: str, **environment: str) -> Taken:
    """The cost of a command.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return Taken(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(orders: int) -> Mapping[str, Taken]:
    """The two runs and the plain reading, each in a process of its own."""
    first = all_days(DAYS)[0]
    with tempfile.TemporaryDirectory() as name, serving(make_store, orders) as url:
        folder = Path(name)
        store = {"api_user": API_USER}
        write_setup(folder / "clients", CLIENT, url, store=store, orders={"start_date": first})
        environment = {"NPF_DATA": name, "DAGSTER_HOME": "", KEY_VARIABLE: API_KEY}
        run = [*_NPF, "run", "orders", "--client", CLIENT, "--from", str(first)]
        raw = Taken(**in_process(__file__, "--read", url))
        return {
            _PLAIN: raw,
            ALL_NEW: measured(*run, **environment),
            UNCHANGED: measured(*run, **environment),
        }


def main() -> None:
    """Measure and print; exit with 1 when a limit is missed."""
    arguments = argparse.ArgumentParser(description="`npf run orders` for new orders of one client.")
    arguments.add_argument("--orders", type=int, default=ORDERS, help="fewer orders have no limit")
    arguments.add_argument("--read", metavar="URL", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.read:
        read_pages(given.read)
        return
    taken = measure(given.orders)
    table = Table(title=f"{given.orders:,} orders of two lines", title_justify="left")
    for name in ("", "s of a processor", "times the plain reading", "peak memory"):
        table.add_column(name, justify="right" if name else "left")
    for name, run in taken.items():
        times = run.seconds / taken[_PLAIN].seconds
        table.add_row(name, f"{run.seconds:.1f}", f"{times:.1f}", f"{run.megabytes:.0f} MB")
    Console().print(table)
    is_slow = given.orders >= ORDERS and any(taken[name].seconds > limit for name, limit in LIMITS.items())
    sys.exit(1 if is_slow else 0)


if __name__ == "__main__":
    main()
