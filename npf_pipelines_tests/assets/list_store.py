"""A store of given rows, whatever is in them, behind HTTP: in the test's own event loop.

Not here: a store that acts (npf_pipelines.sandbox).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.store import Store
from npf_pipelines_tests.cscart.servers import USER, json_answer, key, odd_store, order_list


class ListStore:
    """Lists rows by the second at which they were really placed; their own timestamps may differ.

    Attributes:
        whole: whether lists hold whole orders.
        queries: of each request for a list.
        on_request: called as each request comes.
        most: how many requests were there at a time at most.
    """

    def __init__(self, rows: list[tuple[int, Any]], *, whole: bool = True) -> None:
        self.whole = whole
        self.queries: list[dict[str, str]] = []
        self.on_request: Callable[[], None] = lambda: None
        self.most = 0
        self._rows = sorted(rows, key=lambda placed: placed[0])
        self._inside = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Store]:
        """A client of it, for the time that it is served."""
        async with odd_store(self._answer) as url, Store(url, USER, key(), timeout=5) as store:
            yield store

    async def _answer(self, request: Request) -> Response:
        self.on_request()
        self._inside += 1
        self.most = max(self.most, self._inside)
        if request.url.path.endswith("/orders"):
            response = self._list(dict(request.query_params))
        else:
            response = self._detail(request.url.path.rpartition("/")[2])
        await asyncio.sleep(0)
        self._inside -= 1
        return response

    def _list(self, query: dict[str, str]) -> Response:
        self.queries.append(query)
        since, until, size = (int(query[name]) for name in ("time_from", "time_to", "items_per_page"))
        found = [row for second, row in self._rows if since <= second <= until]
        shown = found[:size]
        if not (self.whole and "get_orders_data" in query):
            shown = [
                {k: v for k, v in row.items() if k != "products"} if isinstance(row, dict) else row for row in shown
            ]
        return json_answer(order_list(shown, len(found)))

    def _detail(self, number: str) -> Response:
        for _, row in self._rows:
            if isinstance(row, dict) and str(row.get("order_id")) == number:
                return json_answer(row)
        return json_answer({"message": "Not Found", "status": 404}, 404)


def _without_lines(row: Any) -> Any:
    return {name: value for name, value in row.items() if name != "products"} if isinstance(row, dict) else row


def order_row(order_id: int, second: int, **changes: Any) -> tuple[int, dict[str, Any]]:
    """A whole order as a store prints it, with the second at which it was placed."""
    line = {
        "item_id": "11",
        "product_id": "1",
        "product_code": "TOY",
        "amount": "1",
        "price": "1.00",
        "product": "A toy",
    }
    row = {"order_id": str(order_id), "timestamp": str(second), "status": "P", "total": "1.00", "notes": ""}
    return second, row | {"products": {"11": line}} | changes
