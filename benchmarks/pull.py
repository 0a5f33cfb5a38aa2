"""How fast orders are pulled, side by side with what others do: `python -m benchmarks.pull`.

Only the pulling is timed, until the last order is in hand: dlt neither normalizes nor loads here.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.processes import (
    API_KEY,
    API_USER,
    ZONE,
    Shop,
    all_days,
    in_process,
    peak_megabytes,
    requests_so_far,
    served,
)

CONCURRENCY = 4
LATENCY_MS = 50
WHOLE, PLAIN = "whole", "plain"


@dataclass(frozen=True)
class Contender:
    """Who pulls.

    Attributes:
        shop: which of the shops it pulls from.
        places: how many of its requests are under way at a time.
    """

    letter: str
    name: str
    shop: str
    places: int
    run: Callable[[str, int], int]


def ours(url: str, _page: int) -> int:
    """The pull of this project."""
    # Imported here, so that no contender carries another's memory.
    from npf_pipelines.assets.pull import pull_days  # noqa: PLC0415
    from npf_pipelines.cscart.store import Store  # noqa: PLC0415

    async def pull() -> int:
        async with Store(url, API_USER, SecretStr(API_KEY), concurrency=CONCURRENCY) as store:
            days = pull_days(store, *all_days(), ZoneInfo(ZONE))
            return sum([len(orders) async for _, orders in days])

    return asyncio.run(pull())


def dlt_dependent(url: str, page: int) -> int:
    """The rest_api source of dlt as documented: a list, and a dependent resource with a call for each order."""
    details = {
        "name": "order_details",
        "endpoint": {"path": "orders/{resources.orders.order_id}", "paginator": "single_page"},
        "parallelized": True,
    }
    return _dlt(url, {"items_per_page": page}, details)


def dlt_whole(url: str, page: int) -> int:
    """The same source with the parameter `get_orders_data`: its list alone has the whole orders."""
    return _dlt(url, {"items_per_page": page, "get_orders_data": 1})


def _dlt(url: str, params: dict[str, Any], *further: dict[str, Any]) -> int:
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "EXTRACT__WORKERS": str(CONCURRENCY)}
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    orders: Any = {
        "name": "orders",
        "endpoint": {
            "path": "orders",
            "params": {"sort_by": "order_id", "sort_order": "asc", **params},
            "data_selector": "orders",
            "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
        },
        "parallelized": True,
    }
    resources: list[Any] = [orders, *further]
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{url}/api/2.0/",
                "auth": {"type": "http_basic", "username": API_USER, "password": API_KEY},
            },
            "resources": resources,
        }
    )
    return len(list(source.resources[resources[-1]["name"]]))


def plain_loop(url: str, page: int) -> int:
    """Page by page, and a call for each order, one after the other."""
    count = 0
    with httpx.Client(base_url=f"{url}/api/2.0/", auth=(API_USER, API_KEY)) as client:
        for number in range(1, sys.maxsize):
            rows = client.get("orders", params={"page": number, "items_per_page": page}).json()["orders"]
            for row in rows:
                client.get(f"orders/{row['order_id']}").raise_for_status()
                count += 1
            if not rows:
                break
    return count


CONTENDERS = [
    Contender("a", "this pull, lists give whole orders", WHOLE, CONCURRENCY, ours),
    Contender("b", "this pull, lists don't", PLAIN, CONCURRENCY, ours),
    Contender("c", "dlt rest_api, dependent resource", PLAIN, CONCURRENCY, dlt_dependent),
    Contender("d", "dlt rest_api, lists give whole orders", WHOLE, 1, dlt_whole),
    Contender("e", "plain loop", PLAIN, 1, plain_loop),
]


def contend(letter: str, url: str, page: int) -> None:
    """Be one of the contenders, and say as JSON what it took."""
    contender = next(one for one in CONTENDERS if one.letter == letter)
    contender.run(f"{url}/few", page)  # Imports, certificates and such are not what is measured.
    started = time.perf_counter()
    orders = contender.run(f"{url}/{contender.shop}", page)
    seconds = time.perf_counter() - started
    sys.stdout.write(json.dumps({"orders": orders, "seconds": seconds, "megabytes": peak_megabytes()}))


def compare(orders: int, slow_orders: int, page: int, rounds: int) -> None:
    """Let them all pull from the same process, one after the other, and print the table."""
    table = Table(title=f"{LATENCY_MS} ms latency, concurrency {CONCURRENCY}, median of {rounds}", title_justify="left")
    for name in ("", "contender", "orders", "orders/s", "limit", "of limit", "requests/order", "peak MB"):
        table.add_column(name, justify="left" if name in {"", "contender"} else "right")
    rates: dict[str, float] = {}
    shops = (Shop(WHOLE, orders), Shop(PLAIN, slow_orders, whole=False), Shop("few", 5))
    with served(*shops, latency_ms=LATENCY_MS) as url:
        for one in CONTENDERS:
            before = requests_so_far(url, one.shop)
            results = [in_process(__file__, "--contender", one.letter, url, str(page)) for _ in range(rounds)]
            requests = (requests_so_far(url, one.shop) - before) / rounds
            pulled = results[0]["orders"]
            rate = rates[one.letter] = pulled / statistics.median(result["seconds"] for result in results)
            limit = one.places / (LATENCY_MS / 1000) * pulled / requests
            table.add_row(
                one.letter,
                one.name,
                f"{pulled}",
                f"{rate:,.0f}",
                f"{limit:,.0f}",
                f"{rate / limit:.0%}",
                f"{requests / pulled:.3f}",
                f"{max(result['megabytes'] for result in results):.0f}",
            )
    console = Console()
    console.print(table)
    console.print("limit: what its own requests would allow if they took nothing but the latency.")
    per_order = CONCURRENCY / (LATENCY_MS / 1000)
    console.print(f"(b) reaches {rates['b'] / per_order:.0%} of {per_order:.0f} orders/s, a call for each order.")
    for other in "cde":
        console.print(f"(a) is {rates['a'] / rates[other]:.1f} times as fast as ({other}).")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Pulls of orders, side by side.")
    arguments.add_argument("--orders", type=int, default=2000, help="of the store whose lists give whole orders")
    arguments.add_argument("--slow-orders", type=int, default=600, help="of the store whose lists don't")
    arguments.add_argument("--page", type=int, default=50, help="rows to a page for the others; 50 is CS-Cart's own")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--contender", nargs=3, metavar=("LETTER", "URL", "PAGE"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.contender:
        letter, address, rows = given.contender
        contend(letter, address, int(rows))
    else:
        compare(given.orders, given.slow_orders, given.page, given.rounds)
