"""Stores that are bad neighbours: each breaks one thing while `are_bad` is set, and is a sandbox store otherwise.

Not here: the good stores beside them (neighbours_town.py), what they may cost those (neighbours_campaign.py), answers
that are odd byte by byte (answers.py).
"""

import asyncio
import functools
import itertools
import json
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SELF_SIGNED = "certificate"
"""The kind that answers by TLS, from a server of its own."""
_CERTIFICATES = Path(__file__).parents[1] / "cscart" / "certificates"
_LISTS = {"orders": "order_id", "shipments": "shipment_id", "products": "product_id"}
_BOMB_MEGABYTES = 500
_ODD_PAUSES = itertools.cycle(["-1", "1e400", "soon", "Fri, 1 Jan 0001 0:0:0 +9999", "Fri, 31 Dec 9999 23:59:59 -2359"])
_LONGEST_HEEDED = "60"
"""Seconds of a Retry-After that are waited for in a run."""

_STILL_BAD = 0.2
"""Seconds between two checks whether a hanging store still hangs."""


class SandboxAnswer(NamedTuple):
    """The sandbox's own answer."""

    status: int
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The JSON object in it; an empty one for anything else."""
        content = json.loads(self.body or b"{}")
        return content if isinstance(content, dict) else {}


Answer = Callable[["BadStores", Request], Awaitable[Response]]


@functools.cache
def make_bomb() -> bytes:
    """The bomb's bytes. The first call takes seconds: it must not come from the server that good stores share."""
    packer = zlib.compressobj(9, wbits=31)
    return (
        packer.compress(b"[") + b"".join(packer.compress(b" " * 10**6) for _ in range(_BOMB_MEGABYTES)) + packer.flush()
    )


def _always(response: Callable[[], Response]) -> Answer:
    async def answer(stores: "BadStores", request: Request) -> Response:
        return response()

    return answer


async def _hang(stores: "BadStores", request: Request) -> Response:
    while stores.are_bad and not await request.is_disconnected():  # noqa: ASYNC110 - taken back from another thread
        await asyncio.sleep(_STILL_BAD)
    return Response(status_code=503)


async def _drip(stores: "BadStores", request: Request) -> Response:
    return _Dripping(stores, request)


async def _break_off(stores: "BadStores", request: Request) -> Response:
    answer = await stores.sandbox(request)
    length = str(len(answer.body) + 100)
    return Response(answer.body, headers={"Content-Length": length}, media_type="application/json")


async def _redirect_to_itself(stores: "BadStores", request: Request) -> Response:
    return RedirectResponse(str(request.url), 302)


async def _repeat(stores: "BadStores", request: Request) -> Response:
    """Whatever page of a list is asked for, the first one comes, and a million rows are said to exist."""
    answer = await stores.sandbox(request, page="1")
    content = answer.content
    if _LISTS.keys() & content.keys():
        content["params"] = content.get("params", {}) | {"total_items": "1000000"}
    return JSONResponse(content, answer.status)


async def _garble(stores: "BadStores", request: Request) -> Response:
    """The rows of the lists have no number that can be read, and lists in lists where they should hold lines."""
    answer = await stores.sandbox(request)
    content = answer.content
    for name in _LISTS.keys() & content.keys():
        content[name] = [row | {_LISTS[name]: "\ud800", "products": [[[["x"]]]]} for row in content[name]]
    return Response(json.dumps(content), answer.status, media_type="application/json")


KINDS: Mapping[str, Answer] = {
    "bomb": _always(lambda: Response(make_bomb(), headers={"Content-Encoding": "gzip"}, media_type="application/json")),
    "brackets": _always(lambda: Response(b"[" * 600_000, media_type="application/json")),
    "breaks-off": _break_off,
    "broken": _always(lambda: JSONResponse({"message": "Internal Server Error"}, 500)),
    "busy": _always(lambda: JSONResponse({}, 429, {"Retry-After": next(_ODD_PAUSES)})),
    "busy-for-ever": _always(lambda: JSONResponse({}, 429, {"Retry-After": "9" * 14})),
    "busy-for-long": _always(lambda: JSONResponse({}, 503, {"Retry-After": _LONGEST_HEEDED})),
    "drips": _drip,
    "garbles": _garble,
    "hangs": _hang,
    "javascript": _always(lambda: Response(status_code=302, headers={"Location": "javascript:alert(1)"})),
    "key": _always(lambda: JSONResponse({"message": "Unauthorized", "status": 401}, 401)),
    "redirects": _redirect_to_itself,
    "repeats": _repeat,
    "surrogate": _always(lambda: Response(rb'{"message": "bad \ud800 end"}', 400, media_type="application/json")),
    "web-page": _always(lambda: HTMLResponse("<!DOCTYPE html><html><body>Welcome to our shop</body></html>")),
}
"""The answer of each kind of store to every request."""


class BadStores:
    """An application around the sandbox's in which some stores answer as their kind does.

    Attributes:
        are_bad: whether they do so now.
    """

    def __init__(self, sandbox: ASGIApp, kinds: Mapping[str, str]) -> None:
        """Take the sandbox's application, and the kinds of its bad stores by store id."""
        self.are_bad = False
        self._sandbox, self._kinds = sandbox, kinds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        kind = self._kinds.get(request.url.path.split("/")[1])
        if kind is None or not self.are_bad:
            await self._sandbox(scope, receive, send)
            return
        answer = await KINDS[kind](self, request)
        await answer(scope, receive, send)

    async def sandbox(self, request: Request, **query: str) -> SandboxAnswer:
        """The sandbox's own answer to the request, with `query` in place of the parameters of the same names."""
        there = {name: value for name, value in query.items() if name in request.query_params}
        asked = dict(request.scope) | {"query_string": request.url.include_query_params(**there).query.encode()}
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await self._sandbox(asked, request.receive, keep)
        return SandboxAnswer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent))


class _Dripping(Response):
    """An answer of which a byte a second comes."""

    def __init__(self, stores: BadStores, request: Request) -> None:
        super().__init__()
        self._stores, self._request = stores, request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Drip until nobody listens any more."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]})
        while self._stores.are_bad and not await self._request.is_disconnected():
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(1)


class SelfSignedServer:
    """A server on 127.0.0.1 with a certificate that nobody has signed; a context manager.

    Attributes:
        url: its address, known inside the block.
    """

    url = ""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_CERTIFICATES / "self-signed.pem", _CERTIFICATES / "key.pem")
        # A client that refuses the certificate breaks the connection off, as expected.
        self._loop.set_exception_handler(lambda *_: None)
        starting = asyncio.start_server(_close, "127.0.0.1", 0, ssl=context)
        server = self._loop.run_until_complete(starting)
        self.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _close(_: asyncio.StreamReader, writer: Any) -> None:
    writer.close()
