"""An answer's budget: what is larger is not taken in, a page of a list is asked for again smaller."""

import gzip
import tracemalloc
import zlib
from datetime import UTC, datetime

import pytest
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.errors import MalformedResponse, TooLarge
from npf_pipelines.cscart.http import StoreHttp
from npf_pipelines.cscart.page_size import PageSize
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines_tests.cscart.servers import USER, RawStore, json_answer, key, odd_store, order_list

LARGEST = 1_000_000


def client(url: str) -> StoreHttp:
    return StoreHttp(url, USER, key(), timeout=5.0, attempts=1, largest_answer=LARGEST)


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def packed(body: bytes, coding: str = "gzip") -> Response:
    way = {"gzip": gzip.compress, "deflate": zlib.compress, "gzip, gzip": lambda it: gzip.compress(gzip.compress(it))}
    return Response(way[coding](body), headers={"Content-Encoding": coding})


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_packed_answer_is_unpacked(coding: str) -> None:
    body = b'["' + b"x" * 900_000 + b'"]'
    async with odd_store(lambda _: packed(body, coding)) as url, client(url) as http:
        assert await http.get("orders") == ["x" * 900_000]


async def test_deflate_without_its_head_is_unpacked() -> None:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = squeeze.compress(b'{"a": 1}') + squeeze.flush()
    answer = Response(body, headers={"Content-Encoding": "deflate"})
    async with odd_store(lambda _: answer) as url, client(url) as http:
        assert await http.get("orders") == {"a": 1}


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_taken_in() -> None:
    answer = packed(b"[" + b" " * 300_000_000 + b"]")
    async with odd_store(lambda _: answer) as url, client(url) as http:
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge, match=r"larger than 1 MB.*NPF_ANSWER_MEGABYTES") as caught:
                await http.get("orders/96")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert not caught.value.transient
    assert peak < 20 * LARGEST


async def test_what_is_packed_several_times_over_is_refused() -> None:
    async with odd_store(lambda _: packed(b"[]", "gzip, gzip")) as url, client(url) as http:
        with pytest.raises(MalformedResponse, match="several times"):
            await http.get("orders")


async def test_what_announces_too_much_is_not_waited_for() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"
    async with RawStore(head + b"[") as store, client(store.url) as http:
        with pytest.raises(TooLarge):
            await http.get("orders")


async def test_what_is_not_packed_as_it_says_may_pass() -> None:
    answer = Response(b"[]", headers={"Content-Encoding": "gzip"})
    async with odd_store(lambda _: answer) as url, client(url) as http:
        with pytest.raises(MalformedResponse, match="isn't packed as it says") as caught:
            await http.get("orders")
    assert caught.value.transient


async def test_a_page_that_is_too_large_is_asked_for_again_smaller_and_counts_as_no_repeat() -> None:
    asked = []

    def answer(request: Request) -> Response:
        asked.append(int(request.query_params["items_per_page"]))
        return json_answer(["x" * 60_000] * asked[-1])

    async with odd_store(answer) as url, client(url) as http:
        page = await http.get_page("orders", lambda rows: {"items_per_page": rows}, PageSize(400))
    assert asked == [400, 50, 6]
    assert page.asked == 6


async def test_one_order_that_is_too_large_costs_only_itself() -> None:
    huge = {"order_id": "2", "timestamp": "1795132902", "products": {}, "notes": "x" * 2 * LARGEST}
    rows = [{"order_id": str(number), "timestamp": str(1795132900 + number)} for number in (1, 2, 3)]

    def answer(request: Request) -> Response:
        if request.url.path.endswith("/orders/2"):
            return json_answer(huge)
        if "/orders/" in request.url.path:
            number = int(request.url.path.rsplit("/", 1)[1])
            return json_answer({**rows[number - 1], "status": "P", "products": {}})
        whole = "get_orders_data" in request.query_params
        since, most = int(request.query_params["time_from"]), int(request.query_params["items_per_page"])
        left = [row for row in rows if int(row["timestamp"]) >= since]
        shown = [huge if whole and row["order_id"] == "2" else row for row in left[:most]]
        rows_shown = [{"status": "P", "products": {}, **row} if whole else row for row in shown]
        return json_answer(order_list(rows_shown, len(left)))

    async with odd_store(answer) as url:
        store = Store(url, USER, key(), timeout=5.0, attempts=1, largest_answer=LARGEST)
        async with store:
            pages = store.orders_placed(at(1795132900), at(1795132910))
            orders = [order async for page in pages for order in page]
    assert [(order.order_id, type(order)) for order in orders] == [
        ("1", Order),
        ("2", UnreadableOrder),
        ("3", Order),
    ]
    (unreadable,) = [order for order in orders if isinstance(order, UnreadableOrder)]
    assert "NPF_ANSWER_MEGABYTES" in unreadable.reason
