"""The cost of a shipment for the store, compared with a naive pusher: `python -m benchmarks.push`.

Both push the same lodged shipments into a store of their own that answers after 50 ms; ours then once more. The
naive pusher (npf_pipelines_tests/faults/tracking_naive.py) reads nothing, calls one at a time, and knows what it has
done only by its own file.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines_tests.faults import tracking_naive, tracking_pusher
from npf_pipelines_tests.faults.tracking_client import CLIENT
from npf_pipelines_tests.faults.tracking_world import build_world

SHIPMENTS = 1000
LATENCY_MS = 50
TIMEOUT = 30.0


def main() -> None:
    """Print requests, writes and seconds for each shipment."""
    logging.getLogger("npf_pipelines").setLevel(logging.ERROR)
    table = Table(title=f"{SHIPMENTS} shipments, {LATENCY_MS} ms latency")
    for column in ("", "requests/shipment", "writes/shipment", "ms/shipment"):
        table.add_column(column, justify="left" if not column else "right")

    def ours(store_url: str, platform_url: str, folder: Path) -> None:
        asyncio.run(tracking_pusher.push(store_url, platform_url, folder, TIMEOUT))

    def theirs(store_url: str, platform_url: str, folder: Path) -> None:
        tracking_naive.push(store_url, platform_url, folder, TIMEOUT)

    first, again = _measure(ours, times=2)
    (beside,) = _measure(theirs, times=1)
    for name, figures in (("this push", first), ("this push, run again", again), ("naive pusher", beside)):
        table.add_row(name, *figures)
    Console().print(table)


def _measure(push: Callable[[str, str, Path], None], times: int) -> list[tuple[str, ...]]:
    """The figures of each of several runs over one world."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        world = build_world(Path(folder), 1, SHIPMENTS)
        with SandboxServer({CLIENT: world.store}, latency_ms=LATENCY_MS) as server:
            for _ in range(times):
                requests, writes, begun = world.store.requests, world.store.writes, time.perf_counter()
                push(server.store_url(CLIENT), world.platform_url, Path(folder))
                seconds = time.perf_counter() - begun
                counted = (world.store.requests - requests, world.store.writes - writes)
                figures.append((*(f"{n / SHIPMENTS:.3f}" for n in counted), f"{1000 * seconds / SHIPMENTS:.1f}"))
    return figures


if __name__ == "__main__":
    main()
