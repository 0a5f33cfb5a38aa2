"""Tests of npf_pipelines.assets.pull against a store whose orders come and go between two requests."""

import itertools
import random
from collections import Counter
from collections.abc import Iterable

import httpx
import pytest

from npf_pipelines.assets.pull import pull_days
from npf_pipelines.cscart.store import Store
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_state import Change
from npf_pipelines_tests.assets.conftest import DAYS, FIRST, LAST, ZONE, second_of

ORDERS = 400


@pytest.fixture(params=[1, 2, 3])
def seed(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def touched(box: SandboxStore, seed: int) -> set[int]:
    """Fill the shop and make it restless; returns the orders that changed during the test."""
    dice = random.Random(seed)
    for moment in sorted(dice.randrange(second_of(0), second_of(DAYS)) for _ in range(ORDERS)):
        box.place_order([(1, 1)], timestamp=moment, status=dice.choice("PPPN"))
    changed: set[int] = set()

    def record(changes: Iterable[Change]) -> None:
        changed.update(number for kind, number in changes if kind == "order")

    box.recorder = record
    box.restless = dice
    return changed


@pytest.mark.parametrize("whole", [True, False])
async def test_what_is_there_throughout_is_pulled_once(
    store: Store, box: SandboxStore, touched: set[int], whole: bool
) -> None:
    box.whole_orders_in_lists = whole
    store._order_pages.rows = 10
    before = {order_id for _, order_id in box.listed()}
    orders = [order async for _, orders in pull_days(store, FIRST, LAST, ZONE) for order in orders]
    seen = Counter(int(order.order_id or 0) for order in orders)
    throughout = before - touched
    assert len(throughout) > len(before) / 2
    assert before & touched, "nothing happened"
    assert {order_id: seen[order_id] for order_id in throughout} == dict.fromkeys(throughout, 1)
    assert set(seen.values()) == {1}


def test_page_numbers_lose_and_double_orders_there(box: SandboxStore, server: SandboxServer, touched: set[int]) -> None:
    """Paging by number fails on the same shop; otherwise the test above would prove nothing."""
    before = {order_id for _, order_id in box.listed()}
    seen: Counter[int] = Counter()
    with httpx.Client(base_url=server.store_url("acme"), auth=(box.api_user, box.api_key)) as client:
        for page in itertools.count(1):
            query: dict[str, str | int] = {"page": page, "items_per_page": 10, "sort_by": "date", "sort_order": "asc"}
            rows = client.get("/api/2.0/orders", params=query).json()["orders"]
            seen.update(int(row["order_id"]) for row in rows)
            if not rows:
                break
    assert {order_id for order_id in before - touched if seen[order_id] != 1}
