"""Tests of npf_pipelines.cscart.http, on real sockets."""

import asyncio
import base64
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from npf_pipelines.cscart import connection
from npf_pipelines.cscart.errors import (
    MalformedResponse,
    OutcomeUnknown,
    RateLimited,
    RequestRejected,
    ServerError,
    StoreError,
    Unreachable,
)
from npf_pipelines.cscart.http import Query, StoreHttp
from npf_pipelines.cscart.page_size import PageSize
from npf_pipelines.cscart.repeats import ATTEMPTS, LONGEST_PAUSE, pause_before_repeat
from npf_pipelines_tests.cscart.servers import KEY, USER, RawStore, html_answer, json_answer, key, odd_store


def client(url: str, *, concurrency: int = 4, timeout: float = 5.0) -> StoreHttp:
    return StoreHttp(url, USER, key(), concurrency=concurrency, timeout=timeout)


class Scripted:
    """Answers in turn, the last one again and again, and remembers the requests."""

    def __init__(self, *answers: Response) -> None:
        self.calls: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self._answers = list(answers)

    def __call__(self, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        self.calls.append((request.method, request.url.path + query))
        self.headers.append(dict(request.headers))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


# Addresses


@pytest.mark.parametrize(
    "url", ["https://shop.example", "https://shop.example/shop/", "http://localhost:1", "http://[::1]"]
)
def test_takes_https_and_this_machine(url: str) -> None:
    client(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example",
        "http://127.0.0.1.shop.example",
        "ftp://shop.example",
        "shop.example",
        "https://user:S3cr3t@shop.example",
        "https://shop.example/?key=S3cr3t",
        "",
    ],
)
def test_sends_no_key_anywhere_else(url: str) -> None:
    with pytest.raises(ValueError, match="store") as caught:
        client(url)
    assert "S3cr3t" not in str(caught.value)


# Requests


async def test_signs_in_and_says_what_it_reads_and_sends() -> None:
    store = Scripted(json_answer({"order_id": "96"}))
    async with odd_store(store) as url, client(url + "/") as http:
        assert await http.get("orders/96", {"a": 1}) == {"order_id": "96"}
        await http.put("orders/96", {"status": "C"})
        await http.post("shipments", {})
        await http.delete("shipments/1")
    assert store.calls == [
        ("GET", "/api/2.0/orders/96?a=1"),
        ("PUT", "/api/2.0/orders/96"),
        ("POST", "/api/2.0/shipments"),
        ("DELETE", "/api/2.0/shipments/1"),
    ]
    token = base64.b64encode(f"{USER}:{KEY}".encode()).decode()
    assert {headers["authorization"] for headers in store.headers} == {f"Basic {token}"}
    assert {headers["accept"] for headers in store.headers} == {"application/json"}
    assert [headers.get("content-type") for headers in store.headers] == [None, *["application/json"] * 3]
    assert (http.requests, http.writes) == (4, 3)


async def test_starts_no_session() -> None:
    answer = json_answer({})
    answer.set_cookie("sid", "1")
    store = Scripted(answer)
    async with odd_store(store) as url, client(url) as http:
        await http.get("orders")
        await http.get("orders")
    assert "cookie" not in store.headers[1]


async def test_keeps_to_its_concurrency() -> None:
    running = Counter[str]()
    full = asyncio.Event()

    async def store(_: Request) -> Response:
        running["now"] += 1
        running["most"] = max(running["most"], running["now"])
        if running["now"] == 3:
            full.set()
        await full.wait()
        await asyncio.sleep(0.002)
        running["now"] -= 1
        return json_answer({})

    async with odd_store(store) as url, client(url, concurrency=3) as http:
        await asyncio.gather(*(http.get("orders") for _ in range(12)))
    assert running["most"] == 3


async def test_keeps_its_connection() -> None:
    ports = set()

    def store(request: Request) -> Response:
        assert request.client
        ports.add(request.client.port)
        return json_answer({})

    async with odd_store(store) as url, client(url) as http:
        for _ in range(3):
            await http.get("orders")
    assert len(ports) == 1


async def test_an_idle_connection_is_closed_before_the_host_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # Apache's KeepAliveTimeout as it comes, and uvicorn's.
    assert connection.KEPT_IDLE < 5
    monkeypatch.setattr(connection, "KEPT_IDLE", 0.1)
    ports = set()

    def store(request: Request) -> Response:
        assert request.client
        ports.add(request.client.port)
        return json_answer({})

    async with odd_store(store) as url, client(url) as http:
        await http.get("orders")
        await asyncio.sleep(0.2)
        await http.post("orders", {})
    assert len(ports) == 2


async def test_follows_no_redirect() -> None:
    store = Scripted(Response(status_code=301, headers={"Location": "https://other.example/api?token=abc"}))
    async with odd_store(store) as url, client(url) as http:
        with pytest.raises(RequestRejected, match=r"https://other\.example,") as caught:
            await http.get("orders")
    assert len(store.calls) == 1
    assert "abc" not in str(caught.value)


# Repeats


@pytest.mark.parametrize(
    "trouble",
    [
        html_answer("Fatal error", 500),
        html_answer("Bad gateway", 502),
        html_answer("Maintenance", 503),
        json_answer({"message": "slow down"}, 429),
        json_answer({}, 509),
        Response('{"orders": [', 200),
        Response("", 200),
    ],
    ids=["500", "502", "503", "429", "509", "cut", "empty"],
)
async def test_repeats_a_read_that_may_pass(trouble: Response) -> None:
    store = Scripted(trouble, trouble, json_answer({"orders": []}))
    async with odd_store(store) as url, client(url) as http:
        assert await http.get("orders") == {"orders": []}
        assert (http.requests, http.writes) == (3, 0)


async def test_gives_a_read_up_after_a_few_attempts() -> None:
    store = Scripted(html_answer("Fatal error", 500))
    async with odd_store(store) as url, client(url) as http:
        with pytest.raises(ServerError):
            await http.get("orders")
    assert len(store.calls) == ATTEMPTS


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 418])
async def test_repeats_no_read_that_stays_refused(status: int) -> None:
    store = Scripted(json_answer({"message": "no"}, status))
    async with odd_store(store) as url, client(url) as http:
        with pytest.raises(StoreError):
            await http.get("orders")
    assert len(store.calls) == 1


@pytest.mark.parametrize(
    "trouble", [html_answer("x", 500), html_answer("x", 503), Response("{", 200)], ids=["500", "503", "cut"]
)
@pytest.mark.parametrize("method", ["post", "put"])
async def test_repeats_no_write_that_may_have_happened(method: str, trouble: Response) -> None:
    store = Scripted(trouble, json_answer({}))
    async with odd_store(store) as url, client(url) as http:
        with pytest.raises(StoreError) as caught:
            await getattr(http, method)("shipments", {})
    assert len(store.calls) == 1
    assert not caught.value.store_untouched


async def test_repeats_a_write_that_was_turned_away() -> None:
    store = Scripted(json_answer({}, 429), json_answer({"shipment_id": 7}, 201))
    async with odd_store(store) as url, client(url) as http:
        assert await http.post("shipments", {}) == {"shipment_id": 7}
        assert http.writes == 2


async def test_repeats_a_write_that_found_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with client(f"http://127.0.0.1:{port}") as http:
        with pytest.raises(Unreachable) as caught:
            await http.post("shipments", {})
        assert http.writes == ATTEMPTS
    assert caught.value.transient
    assert caught.value.store_untouched


async def test_a_lost_answer_to_a_write_is_the_callers_to_look_into() -> None:
    async with RawStore(b"") as store, client(store.url) as http:
        with pytest.raises(OutcomeUnknown, match="check the store before trying again") as caught:
            await http.post("shipments", {})
    assert len(store.heads) == 1
    assert caught.value.transient
    assert not caught.value.store_untouched


async def test_an_answer_shorter_than_announced_is_none() -> None:
    short = b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"shipment_id": 1}'
    async with RawStore(short) as store, client(store.url) as http:
        with pytest.raises(OutcomeUnknown):
            await http.post("shipments", {})
    assert len(store.heads) == 1


async def test_reads_again_after_a_lost_answer() -> None:
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    async with (
        RawStore(b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", good) as store,
        client(store.url) as http,
    ):
        assert await http.get("orders") == {}
    assert len(store.heads) == 3


async def test_a_proxy_that_the_environment_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    async with RawStore(good) as proxy:
        with monkeypatch.context() as set_up:
            set_up.setenv("http_proxy", proxy.url)
            set_up.setenv("no_proxy", "")
            connection._has_proxy.cache_clear()
            async with client("http://127.0.0.1:9") as http:
                assert await http.get("orders") == {}
        assert proxy.heads[0].startswith(b"GET http://127.0.0.1:9/api/2.0/orders HTTP/1.1")
    connection._has_proxy.cache_clear()


async def test_a_store_that_hangs_is_given_up() -> None:
    async with RawStore(None) as store, client(store.url, timeout=0.2) as http:
        with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            await http.put("orders/1", {})
    assert len(store.heads) == 1


async def test_a_store_that_drips_is_given_up() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.005)

    async with odd_store(lambda _: StreamingResponse(drip())) as url, client(url, timeout=0.1) as http:
        with pytest.raises(OutcomeUnknown):
            await http.put("orders/1", {})


@pytest.mark.parametrize("is_write", [False, True])
def test_waits_as_long_as_it_is_asked_to(is_write: bool) -> None:
    assert pause_before_repeat(RateLimited("", retry_after=7.0, store_untouched=True), is_write=is_write) == 7.0
    assert (
        pause_before_repeat(RateLimited("", retry_after=LONGEST_PAUSE, store_untouched=True), is_write=is_write)
        == LONGEST_PAUSE
    )


async def test_waits_for_no_maintenance() -> None:
    store = Scripted(html_answer("Closed", 503, {"Retry-After": "300"}))
    async with odd_store(store) as url, client(url) as http:
        with pytest.raises(RateLimited) as caught:
            await http.get("orders")
    assert caught.value.retry_after == 300
    assert len(store.calls) == 1


def test_repeats_nothing_it_does_not_know() -> None:
    assert pause_before_repeat(RuntimeError(), is_write=False) is False


# Detours


async def test_a_host_without_put_and_delete_is_asked_by_post() -> None:
    def store(request: Request) -> Response:
        calls.append((request.method, request.url.query))
        return html_answer("Not allowed", 405) if request.method in {"PUT", "DELETE"} else json_answer({})

    calls: list[tuple[str, str]] = []
    async with odd_store(store) as url, client(url) as http:
        await http.put("orders/1", {"status": "C"})
        await http.put("orders/2", {"status": "C"})
        await http.delete("shipments/1")
    # Seen once, remembered for all.
    assert calls == [("PUT", ""), ("POST", "_METHOD=PUT"), ("POST", "_METHOD=PUT"), ("POST", "_METHOD=DELETE")]


async def test_a_refusal_by_the_store_itself_is_no_missing_verb() -> None:
    store = Scripted(json_answer({"message": "Method Not Allowed"}, 405))
    async with odd_store(store) as url, client(url) as http:
        with pytest.raises(RequestRejected, match="Method Not Allowed"):
            await http.put("shipments/1", {})
        with pytest.raises(RequestRejected):
            await http.put("shipments/1", {})
    assert [method for method, _ in store.calls] == ["PUT", "POST", "PUT", "POST"]


async def test_a_host_without_url_rewriting_is_asked_by_its_script() -> None:
    def store(request: Request) -> Response:
        calls.append(f"{request.url.path}?{request.url.query}")
        return json_answer({}) if request.url.path == "/shop/api.php" else html_answer("Not found", 404)

    calls: list[str] = []
    async with odd_store(store) as url, client(url + "/shop") as http:
        await http.get("orders/96", {"page": 1})
        await http.get("orders")
    assert calls == ["/shop/api/2.0/orders/96?page=1", "/shop/api.php?_d=orders%2F96&page=1", "/shop/api.php?_d=orders"]


async def test_an_address_without_a_store_is_no_missing_order() -> None:
    store = Scripted(html_answer("Not found", 404))
    async with odd_store(store) as url, client(url) as http:
        with pytest.raises(RequestRejected, match="no CS-Cart API"):
            await http.get("orders/96")
        with pytest.raises(RequestRejected):
            await http.get("orders/96")
    assert [path.split("?")[0] for _, path in store.calls] == ["/api/2.0/orders/96", "/api.php"] * 2


# Secrets


async def test_no_secret_in_any_text(caplog: pytest.LogCaptureFixture) -> None:
    token = base64.b64encode(f"{USER}:{KEY}".encode()).decode()
    echo = {"message": f"Not {USER} with {KEY}, header Basic {token}"}
    caplog.set_level(logging.DEBUG)
    texts = []
    for trouble in [
        json_answer(echo, 400),
        json_answer(echo, 429),
        html_answer(str(echo), 500),
        html_answer(str(echo), 200),
    ]:
        async with odd_store(Scripted(trouble)) as url, client(url) as http:
            with pytest.raises(StoreError) as caught:
                await http.get("orders")
            error: BaseException | None = caught.value
            while error is not None:
                texts += [str(error), repr(error)]
                error = error.__cause__ or error.__context__
            texts += [repr(http), str(http)]
    texts.append(caplog.text)
    for secret in (KEY, USER, token):
        assert not [text for text in texts if secret in text]


async def test_no_web_page_comes_back_as_text() -> None:
    page = html_answer("SELECT password FROM cscart_users", 500)
    async with odd_store(Scripted(page)) as url, client(url) as http:
        with pytest.raises(ServerError) as caught:
            await http.get("orders")
    assert "SELECT" not in str(caught.value)


async def test_a_key_beyond_ascii_is_sent_too() -> None:
    store = Scripted(json_answer({}))
    async with odd_store(store) as url, StoreHttp(url, USER, SecretStr("schlüssel")) as http:
        await http.get("orders")
    assert base64.b64encode(f"{USER}:schlüssel".encode()).decode() in store.headers[0]["authorization"]


async def test_a_bad_answer_to_a_read_that_will_come_again_is_not_asked_for_again() -> None:
    store = Scripted(html_answer("Welcome to our shop", 200))
    async with odd_store(store) as url, client(url) as http:
        with pytest.raises(MalformedResponse, match="web page"):
            await http.get("orders")
    assert len(store.calls) == 1


# Pages


def of(rows: int) -> Query:
    return {"items_per_page": rows}


@pytest.mark.parametrize("failure", [html_answer("Fatal", 500), Response("[1", 200), html_answer("", 504)])
async def test_a_page_that_is_too_much_for_the_store_is_asked_for_by_halves(failure: Response) -> None:
    script = Scripted(failure, failure, json_answer([7]))
    size = PageSize(40)
    async with odd_store(script) as url, client(url) as http:
        answer = await http.get_page("orders", lambda rows: {"page": 1, **of(rows)}, size)
    assert [call for _, call in script.calls] == [
        f"/api/2.0/orders?page=1&items_per_page={asked}" for asked in (40, 20, 10)
    ]
    assert (answer.content, answer.asked, answer.size, size.rows) == ([7], 10, 3, 10)
    assert 0 < answer.seconds < 5


async def test_a_page_that_does_not_come_in_time_is_asked_for_by_halves() -> None:
    asked = []

    async def answer(request: Request) -> Response:
        asked.append(int(request.query_params["items_per_page"]))
        if asked[-1] > 25:
            await asyncio.Event().wait()
        return json_answer([])

    async with odd_store(answer) as url, client(url, timeout=0.05) as http:
        assert (await http.get_page("orders", of, PageSize(50))).asked == 25
    assert asked == [50, 25]


async def test_a_page_has_at_least_the_rows_that_are_needed() -> None:
    script = Scripted(html_answer("Fatal", 500), json_answer([]))
    async with odd_store(script) as url, client(url) as http:
        assert (await http.get_page("orders", of, PageSize(50), at_least=80)).asked == 80
    assert [call for _, call in script.calls] == ["/api/2.0/orders?items_per_page=80"] * 2


@pytest.mark.parametrize("status", [429, 401, 400])
async def test_what_has_nothing_to_do_with_size_leaves_it(status: int) -> None:
    size = PageSize(50)
    async with odd_store(lambda _: json_answer({"message": "no"}, status)) as url, client(url) as http:
        with pytest.raises(StoreError):
            await http.get_page("orders", of, size)
    assert size.rows == 50
