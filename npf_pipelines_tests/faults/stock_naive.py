"""The pusher that one writes first: the warehouse's Available SOH of every SKU, put into the store.

It reads nothing of the store: neither what the store has sold that the warehouse doesn't know yet, nor what came of
its writes. A write that fails is tried again.
"""

import random
import sys
from collections.abc import Sequence

import httpx

from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import open_platform
from npf_pipelines.rules.stock import available
from npf_pipelines_tests.faults.lives import WAITS
from npf_pipelines_tests.faults.stock_client import product_id_of
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER, CLIENT

_ATTEMPTS = 4


def push(store_url: str, figures: Sequence[StockFigure], timeout: float) -> bool:
    """Write these figures one after the other; whether the store has confirmed all.

    Args:
        store_url: the store's address without `/api`.
        figures: the warehouse's count.
        timeout: seconds.
    """
    auth = (API_USER, API_KEY.get_secret_value())
    with httpx.Client(base_url=f"{store_url}/api/2.0/", auth=auth, timeout=timeout) as store:
        done = [_write(store, figure) for figure in figures]
    return all(done)


def _write(store: httpx.Client, figure: StockFigure) -> bool:
    for _ in range(_ATTEMPTS):
        try:
            body = {"amount": max(0, available(figure))}
            store.put(f"products/{product_id_of(figure.sku)}", json=body).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            continue
        return True
    return False


def live(store_url: str, platform_url: str, folder: str, timeout: str) -> None:
    """One life of a process.

    Raises:
        SystemExit: always, with the life's exit code.
    """
    figures, _ = Platform(open_platform(platform_url)).count_stock(CLIENT, [])
    # Shuffled: it doesn't know where the life before was killed, and shall not come to the same ones for ever.
    sys.exit(0 if push(store_url, random.sample(figures, len(figures)), float(timeout)) else WAITS)
