"""A query over all clients' days, before and after compaction: `python benchmarks/compaction.py`.

Exits with 1 above the limits. Not here: the time that readers at work are given (automation/compaction.py).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from processes import in_process, peak_megabytes
from rich.console import Console

from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.lake.compaction import Compaction
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import FILTERED_ORDERS
from npf_pipelines.runs.partitions import settled_before

LIMIT_SECONDS, LIMIT_MB, LIMIT_OPEN = 5, 1000, 1
ORDERS = 300
"""Orders of a day; its file has 17 kB then."""
_QUERY = "SELECT client, rule, count(*) FROM filtered_orders GROUP BY ALL"
_RULES = [rule for rule in Rule if rule is not Rule.ALL_PASSED]


def write_lake(root: str, clients: int, days: int, today: date) -> None:
    """Write the days' files: all clients have the same few contents."""
    lake = Lake(f"{root}/pattern")
    patterns = [_content(lake, seed, today) for seed in range(10)]
    for client in range(clients):
        for back in range(days):
            folder = Path(root, "lake/filtered_orders", f"client=c{client:03}", f"day={today - timedelta(days=back)}")
            folder.mkdir(parents=True)
            (folder / "part.parquet").write_bytes(patterns[(client + back) % len(patterns)])


def compact(root: str) -> None:
    """Compact, and say as JSON what it took."""
    began, processor = time.perf_counter(), time.process_time()
    lake, before = Lake(root), settled_before(datetime.now(UTC))
    for client in lake.clients():
        months = Compaction(lake.files, FILTERED_ORDERS, client)
        for month in months.unfinished(before):
            months.commit(month, before)
            months.clean(month, lambda: None)
    _say(began, processor, files=_files(root))


def query(root: str) -> None:
    """Run the query in this process, and say as JSON what it took."""
    began, processor = time.perf_counter(), time.process_time()
    connection = Lake(root).connect()
    opened = time.perf_counter() - began
    connection.execute("SET threads = 2")
    answer = connection.execute(_QUERY).rows
    _say(began, processor, opened=opened, orders=sum(count for _, _, count in answer), files=_files(root))


def measure(clients: int, days: int) -> bool:
    """Measure both in the same run, and say whether the limits were kept."""
    today = datetime.now(UTC).date()
    with tempfile.TemporaryDirectory() as root:
        write_lake(root, clients, days, today)
        lake = f"{root}/lake"
        in_process(__file__, "--query", lake)  # The first one reads the disk.
        small = in_process(__file__, "--query", lake)
        compaction = in_process(__file__, "--compact", lake)
        compacted = in_process(__file__, "--query", lake)
    console = Console()
    for name, took in (("small files", small), ("compaction", compaction), ("compacted", compacted)):
        console.print(
            f"{name}: {took['files']:,} files, {took['seconds']:.2f} s, {took['processor']:.2f} s of processor,"
            f" {took['megabytes']:.0f} MB",
            soft_wrap=True,
            highlight=False,
        )
    ratio = small["processor"] / compacted["processor"]
    console.print(f"{ratio:.1f} times the processor before; opened in {compacted['opened']:.2f} s", highlight=False)
    return bool(
        compacted["orders"] == small["orders"] == clients * days * ORDERS
        and compacted["seconds"] < LIMIT_SECONDS
        and compacted["megabytes"] < LIMIT_MB
        and compacted["opened"] < LIMIT_OPEN
    )


def _content(lake: Lake, seed: int, day: date) -> bytes:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    rows = [
        {
            "order_id": str(100_000 + number),
            "order_number": f"A{100_000 + number * 7 + seed}",
            "decision": Decision.REJECTED,
            "rule": _RULES[(number * 31 + seed) % len(_RULES)],
            "reason": f"the order's status is one that is not imported: {number * 7919 % 104_729}",
            "status": "P",
            "is_test": False,
            "placed_at": moment + timedelta(seconds=number * 283 + seed),
            "decided_at": moment + timedelta(seconds=number * 286 + seed),
            "earlier": [],
        }
        for number in range(ORDERS)
    ]
    lake.write(FILTERED_ORDERS, rows, client=f"c{seed}", day=day)
    return Path(lake.files.path(FILTERED_ORDERS.name, client=f"c{seed}", day=day)).read_bytes()


def _files(root: str) -> int:
    return sum(len(files) for _, _, files in os.walk(root))


def _say(began: float, processor: float, **more: float) -> None:
    took = {"seconds": time.perf_counter() - began, "processor": time.process_time() - processor}
    sys.stdout.write(json.dumps(took | {"megabytes": peak_megabytes()} | more))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="A query over all clients' days, before and after compaction.")
    arguments.add_argument("--clients", type=int, default=200)
    arguments.add_argument("--days", type=int, default=365)
    arguments.add_argument("--query", metavar="LAKE", help=argparse.SUPPRESS)
    arguments.add_argument("--compact", metavar="LAKE", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.query:
        query(given.query)
    elif given.compact:
        compact(given.compact)
    elif not measure(given.clients, given.days):
        sys.exit(1)
