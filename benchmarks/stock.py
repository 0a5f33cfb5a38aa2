"""The cost of a stock push to a large catalogue: `python -m benchmarks.stock`; ends with 1 when a limit is broken.

100,000 products in a store that answers after 50 ms, and a pusher in a process of its own, three times: the first push
ever, when all amounts are right but for 1 % of them; the same again, when nothing has changed; and when the warehouse
has changed its count of another 1 %. The event loop's longest lag is measured, too: other clients wait for it.
Beside it the pusher that writes every SKU (npf_pipelines_tests/faults/stock_naive.py), measured on a sample, and what
sellers of such integrations state: 20,000 SKUs in 10 to 20 minutes.
"""

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from benchmarks.processes import in_process, peak_megabytes, serving
from npf_pipelines.assets import stock_plan
from npf_pipelines.cscart.http import StoreHttp
from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import stock
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.faults import stock_naive, stock_pusher
from npf_pipelines_tests.faults.stock_client import SETUP, sku_of
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER, CLIENT
from npf_pipelines_tests.loop_lag import measured_lag

SKUS = 100_000
CHANGED = SKUS // 100
SAMPLE = 500
"""SKUs that the other pusher writes; its pace is that of all."""
LATENCY_MS = 50
AT_A_TIME = 50
"""Changes for which the push reads the store once and lists its orders once."""
PLAN_SECONDS = 2.0
LAG_SECONDS = 1.0
MEGABYTES = 450.0
_SETUP = {**SETUP, "orders": {name: value for name, value in SETUP["orders"].items() if name != "skus"}}
"""The campaign's client, without its kits."""
SOLD_AS = "20,000 SKUs in 10-20 min"
_PARTS = ("pages", "writes", "reads", "lists", "statuses")
_EXPLAINED = f"""\
requests = pages of products + writes + reads before writes + lists of orders + statuses
reads: one for every {AT_A_TIME} changes and one after the last; each also reads back the writes since the previous read
lists of orders: one with each read, so that no sale is overwritten unnoticed, and one before the count
statuses: read when they have not been for a day
limit: pages + changes + 2 x (changes / {AT_A_TIME} + 1) + 2; with nothing changed, pages + 2
plan: seconds of a processor, for figures, comparison and change limit; at most {PLAN_SECONDS:.0f} s
lag: the longest time for which the event loop, which the run's clients share, was held up; at most {LAG_SECONDS:.0f} s
peak memory: at most {MEGABYTES:.0f} MB"""


def main() -> None:
    """Measure, print, judge."""
    with tempfile.TemporaryDirectory() as folder, serving(_catalogue, SKUS, latency_ms=LATENCY_MS) as url:
        store_url = f"{url}/{CLIENT}"
        platform_url = f"sqlite:///{folder}/platform.sqlite"

        def push() -> dict[str, Any]:
            return in_process(__file__, "push", store_url, platform_url, folder)

        _fill(platform_url)
        _receive(platform_url, 0)
        runs = {"first push, {} changed": (CHANGED, push()), "again, nothing changed": (0, push())}
        _receive(platform_url, 1)
        runs["later, {} changed"] = (CHANGED, push())
        beside = in_process(__file__, "naive", store_url, platform_url, folder)
    table = Table(title=f"{SKUS:,} SKUs in a store that answers after {LATENCY_MS} ms")
    for column in ("", "requests", *_PARTS, "seconds", "plan", "lag", "SKUs/s", "peak memory"):
        table.add_column(column, justify="left" if not column else "right")
    for name, (changed, run) in runs.items():
        parts = Counter(run["parts"])
        table.add_row(
            f"this push: {name.format(changed)}",
            *(f"{parts.total():,}", *(f"{parts[part]:,}" for part in _PARTS)),
            *(
                f"{run['seconds']:.1f} s",
                f"{run['plan']:.2f} s",
                f"{run['lag']:.2f} s",
                f"{SKUS / run['seconds']:,.0f}",
            ),
            f"{run['megabytes']:.0f} MB",
        )
    pace = SAMPLE / beside["seconds"]
    table.add_row(
        f"one that writes every SKU (pace of {SAMPLE})",
        *(f"{SKUS:,}", "", f"{SKUS:,}", "", "", "", f"{SKUS / pace:,.0f} s", "", "", f"{pace:.0f}", ""),
    )
    table.add_row(f"stated by sellers: {SOLD_AS}", *("", "", "", "", "", "", "3,000-6,000 s", "", "", "17-33", ""))
    console = Console(width=150)
    console.print(table)
    console.print(_EXPLAINED, highlight=False)
    broken = [
        f"{name.format(changed)}: {limit}" for name, (changed, run) in runs.items() for limit in _broken(changed, run)
    ]
    for limit in broken:
        console.print(f"broken: {limit}")
    sys.exit(1 if broken else 0)


def _broken(changed: int, run: dict[str, Any]) -> Iterator[str]:
    parts = Counter(run["parts"])
    reads = changed / AT_A_TIME + 1 if changed else 0
    for part, limit in {"writes": changed, "reads": reads, "lists": reads + 1, "statuses": 1}.items():
        if parts[part] > limit:
            yield f"{parts[part]} {part}: at most {limit:.0f}"
    if parts["writes"] < changed:
        yield f"{parts['writes']} writes for {changed} changes"
    if run["plan"] > PLAN_SECONDS:
        yield f"{run['plan']:.2f} s to plan and compare: at most {PLAN_SECONDS:.0f} s"
    if run["lag"] > LAG_SECONDS:
        yield f"the event loop was held up for {run['lag']:.2f} s: at most {LAG_SECONDS:.0f} s"
    if run["megabytes"] > MEGABYTES:
        yield f"{run['megabytes']:.0f} MB: at most {MEGABYTES:.0f} MB"


def _push(store_url: str, platform_url: str, folder: str) -> dict[str, Any]:
    """One push; what it asked for, and how long it took."""
    logging.getLogger("npf_pipelines").setLevel(logging.ERROR)
    watch = _Watch()
    for step in ("target_amount", "plan", "why_stopped"):
        setattr(stock_plan, step, watch.timing(getattr(stock_plan, step)))
    parts: Counter[str] = Counter()
    _count_into(parts)
    begun = time.perf_counter()
    lag = asyncio.run(_push_and_watch(store_url, platform_url, Path(folder)))
    seconds = time.perf_counter() - begun
    return {"parts": parts, "seconds": seconds, "plan": watch.seconds, "lag": lag, "megabytes": peak_megabytes()}


async def _push_and_watch(store_url: str, platform_url: str, folder: Path) -> float:
    """Push; the longest lag of the event loop, in seconds."""
    async with measured_lag() as lag:
        if not await stock_pusher.push(store_url, platform_url, folder, 30.0, _SETUP):
            raise RuntimeError("the push didn't come through")
    return lag.longest


def _naive(store_url: str, platform_url: str, folder: str) -> dict[str, Any]:  # noqa: ARG001
    figures, _ = Platform(open_platform(platform_url)).count_stock(CLIENT, [])
    begun = time.perf_counter()
    stock_naive.push(store_url, figures[:SAMPLE], 30.0)
    return {"seconds": time.perf_counter() - begun}


class _Watch:
    """The processor's seconds spent in some functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **more: Any) -> Any:
            begun = time.thread_time()
            try:
                return function(*arguments, **more)
            finally:
                self.seconds += time.thread_time() - begun

        return timed


def _fill(platform_url: str) -> None:
    """The warehouse has as much of each SKU as the store."""
    now = datetime.now(UTC)
    engine = open_platform(platform_url)
    with engine.begin() as connection:
        connection.execute(
            sa.insert(stock),
            [
                {"client": CLIENT, "sku": sku_of(number), "on_hand": 5, "updated_at": now}
                for number in range(1, SKUS + 1)
            ],
        )
    engine.dispose()


def _receive(platform_url: str, which: int) -> None:
    """One unit more of one SKU in a hundred."""
    engine = open_platform(platform_url)
    with engine.begin() as connection:
        skus = [sku_of(number) for number in range(1, SKUS + 1) if number % (SKUS // CHANGED) == which]
        connection.execute(sa.update(stock).where(stock.c.sku.in_(skus)).values(on_hand=stock.c.on_hand + 1))
    engine.dispose()


def _catalogue(skus: int) -> dict[str, SandboxStore]:
    store = SandboxStore(CLIENT, api_user=API_USER, api_key=API_KEY.get_secret_value())
    for number in range(1, skus + 1):
        store.add_product(Product(number, sku_of(number), f"Product {number}", 1250, amount=5))
    return {CLIENT: store}


def _count_into(parts: Counter[str]) -> None:
    """Count each request that is sent, by what it is for."""
    plain = StoreHttp._send  # noqa: SLF001

    async def counted(self: StoreHttp, way: Any, method: str, path: str, params: Any, *body: Any) -> Any:
        kind = "writes" if method != "GET" else {"orders": "lists", "products": "pages"}.get(path, path)
        parts["reads" if "pid" in (params or {}) else kind] += 1
        return await plain(self, way, method, path, params, *body)

    StoreHttp._send = counted  # type: ignore[method-assign, assignment]  # noqa: SLF001


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps({"push": _push, "naive": _naive}[sys.argv[1]](*sys.argv[2:])))
    else:
        main()
