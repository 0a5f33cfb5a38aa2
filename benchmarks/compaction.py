"""A query over all clients' days, before and after compaction: `python -m benchmarks.compaction`.

Exits with 1 above the limits. Not here: the time that readers at work are given (automation/compaction.py).
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console

from benchmarks.processes import in_process, peak_megabytes
from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.lake.compaction import Compaction
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import FILTERED_ORDERS
from npf_pipelines.runs.partitions import settled_before

LIMIT_SECONDS, LIMIT_MB, LIMIT_OPEN = 5, 1000, 1
ORDERS = 300
"""Orders of a day; its file has 17 kB then."""
_CONTENTS = 10
_QUERY = "SELECT client, rule, count(*) FROM filtered_orders GROUP BY ALL"
_RULES = [rule for rule in Rule if rule is not Rule.ALL_PASSED]


def write_lakes(root: Path, clients: int, days: int, today: date) -> None:
    """Write a lake of days' files, and one that is compacted; all clients have the contents of the first few."""
    lake = Lake(f"{root}/pattern")
    patterns = [_content(lake, seed, today) for seed in range(_CONTENTS)]
    for client in range(_CONTENTS):
        for back in range(days):
            folder = _folder(root / "days", client) / f"day={today - timedelta(days=back)}"
            folder.mkdir(parents=True)
            (folder / "part.parquet").write_bytes(patterns[(client + back) % _CONTENTS])
    shutil.copytree(root / "days", root / "months")
    began, processor = time.perf_counter(), time.process_time()
    _compact(Lake(f"{root}/months"), today)
    took = time.perf_counter() - began, time.process_time() - processor
    _print(f"compaction of {_CONTENTS} clients: {took[0]:.1f} s, {took[1]:.1f} s of processor")
    for kind in ("days", "months"):
        for client in range(_CONTENTS, clients):
            shutil.copytree(_folder(root / kind, client % _CONTENTS), _folder(root / kind, client))


def query(root: str) -> None:
    """Run the query in this process, and say as JSON what it took."""
    began, processor = time.perf_counter(), time.process_time()
    connection = Lake(root).connect()
    opened = time.perf_counter() - began
    connection.execute("SET threads = 2")
    answer = connection.execute(_QUERY).rows
    took = {"seconds": time.perf_counter() - began, "processor": time.process_time() - processor}
    orders = sum(count for _, _, count in answer)
    files = sum(len(names) for _, _, names in os.walk(root))
    took |= {"opened": opened, "orders": orders, "files": files, "megabytes": peak_megabytes()}
    sys.stdout.write(json.dumps(took))


def measure(clients: int, days: int) -> bool:
    """Measure both in the same run, and say whether the limits were kept."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_lakes(root, clients, days, datetime.now(UTC).date())
        rounds = [[in_process(__file__, "--query", str(root / kind)) for kind in ("days", "months")] for _ in range(3)]
    small, compacted = (min(took, key=lambda one: one["processor"]) for took in zip(*rounds, strict=True))
    for name, took in (("small files", small), ("compacted", compacted)):
        _print(
            f"{name}: {took['files']:,} files, {took['seconds']:.2f} s, {took['processor']:.2f} s of processor,"
            f" {took['megabytes']:.0f} MB, opened in {took['opened']:.2f} s"
        )
    _print(f"{small['processor'] / compacted['processor']:.1f} times the processor before compaction")
    return bool(
        compacted["orders"] == small["orders"] == clients * days * ORDERS
        and compacted["seconds"] < LIMIT_SECONDS
        and compacted["megabytes"] < LIMIT_MB
        and compacted["opened"] < LIMIT_OPEN
    )


def _compact(lake: Lake, today: date) -> None:
    before = settled_before(datetime(today.year, today.month, today.day, tzinfo=UTC))
    for client in lake.clients():
        months = Compaction(lake.files, FILTERED_ORDERS, client)
        for month in months.unfinished(before):
            months.commit(month, before)
            months.clean(month, lambda: None)


def _folder(lake: Path, client: int) -> Path:
    return lake / FILTERED_ORDERS.name / f"client=c{client:03}"


def _print(text: str) -> None:
    Console().print(text, soft_wrap=True, highlight=False)


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


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="A query over all clients' days, before and after compaction.")
    arguments.add_argument("--clients", type=int, default=200)
    arguments.add_argument("--days", type=int, default=365)
    arguments.add_argument("--query", metavar="LAKE", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.query:
        query(given.query)
    elif not measure(given.clients, given.days):
        sys.exit(1)
