"""Helpers of the tests of a store's calls: clients of odd servers, rows of orders, a usual shipment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines_tests.cscart.servers import USER, Answer, key, odd_store

START = 1_790_000_000


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@asynccontextmanager
async def odd(answer: Answer) -> AsyncIterator[Store]:
    async with odd_store(answer) as url, Store(url, USER, key(), timeout=5) as client:
        yield client


async def everything(client: Store, page_size: int = 50) -> list[Order | UnreadableOrder]:
    client._order_pages.rows = page_size
    return [order async for page in client.orders_placed(at(START), at(START + 1000)) for order in page]


def whole(order_id: int, second: int = START, **changes: Any) -> dict[str, Any]:
    return {
        "order_id": str(order_id),
        "timestamp": str(second),
        "status": "P",
        "total": "1.00",
        "products": {"11": {"item_id": "11", "product_id": "1", "product_code": "A", "amount": "1"}},
    } | changes


def plain(order_id: int, second: int = START) -> dict[str, Any]:
    row = whole(order_id, second)
    del row["products"]
    return row


async def make_shipment(store: Store, order_id: str, **changes: Any) -> str:
    """A shipment by the post, with only what matters to a test named there."""
    usual: dict[str, Any] = {
        "shipping_id": "1",
        "carrier": "aup",
        "tracking_number": "T",
        "comments": "",
        "notify_customer": False,
    }
    return await store.create_shipment(order_id, **usual | changes)
