"""How much memory a large backfill takes: `python -m benchmarks.memory`. Exits with 1 above the limit."""

import argparse
import asyncio
import json
import sys
import time
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from rich.console import Console

from benchmarks.processes import API_KEY, API_USER, ZONE, Shop, all_days, in_process, peak_megabytes, served
from npf_pipelines.assets.pull import pull_days
from npf_pipelines.cscart.store import Store

LIMIT_MB = 400
DAYS = 365
KILOBYTES = 20
_WITHOUT_PADDING = 4_500
"""Bytes of a generated order as it is printed."""


def pull(url: str) -> None:
    """Pull everything, keep nothing, and say as JSON what it took."""

    async def count() -> tuple[int, int]:
        async with Store(f"{url}/shop", API_USER, SecretStr(API_KEY)) as store:
            days = pull_days(store, *all_days(DAYS), ZoneInfo(ZONE))
            return sum([len(orders) async for _, orders in days]), store.requests

    started = time.perf_counter()
    orders, requests = asyncio.run(count())
    took = {"orders": orders, "requests": requests, "seconds": time.perf_counter() - started}
    sys.stdout.write(json.dumps(took | {"megabytes": peak_megabytes()}))


def measure(orders: int) -> bool:
    """Serve that many orders, pull them in another process, and say whether it kept to the limit."""
    # Of thirty-one generated orders, two are hidden from lists.
    shop = Shop("shop", orders * 31 // 29 + 1, DAYS, padding=KILOBYTES * 1000 - _WITHOUT_PADDING)
    with served(shop) as url:
        took = in_process(__file__, "--pull", url)
    Console().print(
        f"{took['orders']:,} orders of {KILOBYTES} kB in {took['seconds']:.0f} s and {took['requests']:,} requests:"
        f" at most {took['megabytes']:.0f} MB (limit {LIMIT_MB})",
        soft_wrap=True,
        highlight=False,
    )
    return bool(took["megabytes"] <= LIMIT_MB)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Memory of a large backfill.")
    arguments.add_argument("--orders", type=int, default=100_000)
    arguments.add_argument("--pull", metavar="URL", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.pull:
        pull(given.pull)
    elif not measure(given.orders):
        sys.exit(1)
