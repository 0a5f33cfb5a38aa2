"""Stores made of dice: the same seed gives the same store.

Not here: its products and orders (generate_catalogue.py, generate_orders.py), the documented orders (samples.py).
"""

import random
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from npf_pipelines.sandbox.generate_catalogue import TEST_ITEMS, draw_products
from npf_pipelines.sandbox.generate_orders import METHODS, PICK_UP, PastOrders
from npf_pipelines.sandbox.model import Product, Status
from npf_pipelines.sandbox.store import SandboxStore

_CUSTOM_STATUSES = (
    Status("B", "Back Ordered", "I"),
    Status("A", "Ready to pack", "D", notify=False),
    Status("E", "On hold", "D"),
    Status("H", "Returned", "I"),
)
"""One renamed status and three of the merchant's own."""

_VARIATIONS_ONLY = (4, 12, 0)
"""The version from which on there is no tracking by option combination any more; 4.12 is an assumption."""


def generate_store(
    store_id: str,
    *,
    seed: int,
    orders: int,
    products: int,
    days: int,
    today: date,
    time_zone: str = "Australia/Sydney",
    version: tuple[int, int, int] = (4, 18, 1),
    api_user: str = "api@store.example",
    api_key: str = "sandbox-api-key",
    currency: str = "AUD",
    clock: Callable[[], float] = time.time,
) -> SandboxStore:
    """A store with a past.

    Args:
        store_id: its name in addresses.
        seed: of the dice; the same arguments give the same store.
        orders: how many, parents and incomplete ones included.
        products: how many besides the test items; 1 or more.
        days: how many days the orders are spread over, `today` included.
        today: the last day, in the store's zone, or the last moment as a datetime with a zone. A whole day
            is cut at the clock, so that no order is in the future.
        time_zone: the store's zone.
        version: of CS-Cart.
        api_user: the administrator's e-mail.
        api_key: the API key.
        currency: of the prices.
        clock: unix seconds; the store goes on with it.
    """
    store = SandboxStore(
        store_id,
        version=version,
        api_user=api_user,
        api_key=api_key,
        currency=currency,
        time_zone=time_zone,
        multi_vendor=True,  # Some of its orders are parents.
        clock=clock,
    )
    dice = random.Random(seed)
    store.statuses |= {status.letter: status for status in _CUSTOM_STATUSES}
    store.shippings = {number: way for way in (*METHODS, PICK_UP) if (number := way.shipping_id)}
    for number, code in enumerate(TEST_ITEMS, 1):
        store.add_product(Product(number, code, f"Test item {number}", 100, amount=1000))
    for product in draw_products(dice, products, with_combinations=version < _VARIATIONS_ONLY):
        store.add_product(product)
    start, end = _span(today, days, ZoneInfo(time_zone), clock)
    PastOrders(store, dice, orders).write(start, end)
    return store


def _span(today: date, days: int, zone: ZoneInfo, clock: Callable[[], float]) -> tuple[int, int]:
    """The first and the last second of the orders, the last never after the clock."""
    if isinstance(today, datetime):
        last = int(today.timestamp())
        today = today.astimezone(zone).date()
    else:
        midnight = datetime.combine(today + timedelta(days=1), time_of_day.min, tzinfo=zone)
        last = int(midnight.timestamp()) - 1
    first = datetime.combine(today - timedelta(days=days - 1), time_of_day.min, tzinfo=zone)
    last = min(last, int(clock()))
    return min(int(first.timestamp()), last), last
