"""The sandbox as a web application: several stores side by side, each under its own path.

Here: addresses, the door (maintenance, credentials, rights, content types), the journal, the control paths
for tests and for test orders. Not here: what a call does (api/) and what the store holds (store.py).
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from npf_pipelines.sandbox import error_pages, php
from npf_pipelines.sandbox.api import combinations, companies, orders, products, shipments, shippings, statuses, users
from npf_pipelines.sandbox.api.call import Answer, Call, refusal
from npf_pipelines.sandbox.certification_orders import NotPlaced, place_test_orders
from npf_pipelines.sandbox.store import SandboxStore

_Answering = Callable[[Call], Awaitable[Answer]]
_ENTITIES: dict[str, tuple[dict[str, str], _Answering]] = {
    "combinations": (combinations.RIGHTS, combinations.answer),
    "orders": (orders.RIGHTS, orders.answer),
    "products": (products.RIGHTS, products.answer),
    "shipments": (shipments.RIGHTS, shipments.answer),
    "shippings": (shippings.RIGHTS, shippings.answer),
    "statuses": (statuses.RIGHTS, statuses.answer),
    "stores": (companies.RIGHTS, companies.answer_stores),
    "users": (users.RIGHTS, users.answer),
    "vendors": (companies.RIGHTS, companies.answer_vendors),
}
"""By name, the right that each method takes, and the answer."""
_EVERY_METHOD = ["GET", "POST", "PUT", "DELETE", "PATCH"]
_STILL_HANGING = 0.005
"""Seconds between two checks whether a store still hangs."""


def sandbox_app(stores: Mapping[str, SandboxStore], *, latency_ms: float = 0) -> Starlette:
    """The application that serves `stores` under `/{store id}/api/2.0/…` and `/{store id}/api.php?_d=…`.

    Args:
        stores: by store id; read at each request, so that a store may be added later.
        latency_ms: milliseconds that each API request waits before the store sees it.
    """

    async def serve_api(request: Request) -> Response:
        store = stores.get(request.path_params["store_id"])
        if store is None:
            return _response(Answer(404, error_pages.NOT_FOUND))
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)
        return await _serve(store, request)

    async def control(request: Request) -> Response:
        store = stores.get(request.path_params["store_id"])
        if store is None:
            return JSONResponse({"message": "no such store"}, 404)
        if request.method == "POST":
            store.switched_off = bool((await request.json())["switched_off"])
        return JSONResponse(
            {
                "store_id": store.store_id,
                "requests": store.requests,
                "writes": store.writes,
                "mails": len(store.mails),
                "switched_off": store.switched_off,
            }
        )

    async def test_orders(request: Request) -> Response:
        store = stores.get(request.path_params["store_id"])
        if store is None:
            return JSONResponse({"message": "no such store"}, 404)
        try:
            return JSONResponse({"order_ids": place_test_orders(store, **await request.json())})
        except NotPlaced as error:
            return JSONResponse({"message": str(error)}, 409)

    return Starlette(
        routes=[
            Route("/_sandbox/stores/{store_id}/test-orders", test_orders, methods=["POST"]),
            Route("/_sandbox/stores/{store_id}", control, methods=["GET", "POST"]),
            Route("/{store_id}/{path:path}", serve_api, methods=_EVERY_METHOD),
        ]
    )


async def _serve(store: SandboxStore, request: Request) -> Response:
    """One request to a store, counted on arrival and written into the journal when it is answered."""
    query = php.query(request.query_params.multi_items())
    path, routed = _address(request.path_params["path"], query)
    method = request.method
    if method == "POST":
        method = php.text(query, "_METHOD", method).upper()
    store.requests += 1
    store.writes += method not in {"GET", "HEAD"}
    await request.body()  # A host takes the whole request in before PHP sees it, even if the client has gone.
    while store.hangs:  # noqa: ASYNC110 - taken back from other threads, which an event of the loop isn't made for
        await asyncio.sleep(_STILL_HANGING)
    if routed:
        answer = await _answer(store, request, method, path, query)
    else:
        answer = _page(store, path, query)
    answer.headers["Date"] = formatdate(store.clock(), usegmt=True)
    store.journal.append((request.method, path, answer.status))
    if store.loses_answers:
        return _Broken(_response(answer).body)
    return _response(answer, before=store.prints_warnings, behind=store.prints_warnings_behind)


def _address(path: str, query: php.Query) -> tuple[str, bool]:
    """The path inside the API, and whether the store's web server leads there at all.

    Without URL rewriting the path is in `_d` (documented); `/api/2/` leads nowhere (known behaviour).
    """
    if path == "api.php":
        return "/" + php.text(query, "_d").strip("/"), True
    inside = path.removeprefix("api/2.0/")
    return "/" + inside.strip("/"), inside != path


async def _answer(store: SandboxStore, request: Request, method: str, path: str, query: php.Query) -> Answer:
    """Through the door, then to the entity."""
    closed = _door(store, request)
    if closed:
        return closed
    path, query, is_hidden = _in_scope(store, path.removeprefix("/"), query)
    name, _, number = path.partition("/")
    if is_hidden or name not in _ENTITIES:
        return refusal(404)
    rights, answer = _ENTITIES[name]
    if rights.get(method) in store.missing_rights:
        return refusal(403)
    body = await _body(request, method)
    if isinstance(body, Answer):
        return body
    return await answer(Call(store, method, php.identifier(number) if number else None, query, body))


def _in_scope(store: SandboxStore, path: str, query: php.Query) -> tuple[str, php.Query, bool]:
    """A call behind `/vendors/:id/` sees that vendor's orders and products alone (documented).

    Returns:
        The path without the vendor, the query with it, and whether what the path names is another vendor's.
    """
    scope, _, inside = path.partition("/")
    vendor, _, inside = inside.partition("/")
    if scope != "vendors" or not inside:
        return path, query, False
    name, _, number = inside.partition("/")
    key = php.identifier(number)
    row = {"orders": store.orders.get(key), "products": store.products.get(key)}.get(name) if number else None
    return inside, {**query, "company_id": vendor}, row is not None and row.company_id != php.identifier(vendor)


def _page(store: SandboxStore, path: str, query: php.Query) -> Answer:
    """A page of the store itself, which takes no credentials; its version in the place of the first, if asked for."""
    if store.switched_off:
        return Answer(503, error_pages.MAINTENANCE, {"Retry-After": "300"})
    if path != "/":
        return Answer(404, error_pages.NOT_FOUND)
    if "version" not in query or not store.shows_version:
        return Answer(200, error_pages.FRONT_PAGE)
    brand, edition = ("Multi-Vendor", "MULTIVENDOR") if store.multi_vendor else ("CS-Cart", "ULTIMATE")
    number = ".".join(map(str, store.version))
    return Answer(200, error_pages.VERSION.format(brand=brand, number=number, edition=edition))


def _door(store: SandboxStore, request: Request) -> Answer | None:
    """Why a request doesn't get in, or None."""
    if store.refuses_put_and_delete and request.method in {"PUT", "DELETE"}:
        return Answer(405, error_pages.NOT_ALLOWED)
    if store.switched_off:
        return Answer(503, error_pages.MAINTENANCE, {"Retry-After": "300"})
    if store.strips_authorization or not _admits(store, request.headers.get("authorization", "")):
        return Answer(
            401,
            {"message": "Unauthorized", "status": 401},
            {"WWW-Authenticate": 'Basic realm="User email/API key"'},
        )
    accepted = request.headers.get("accept", "*/*")
    if not any(kind in accepted for kind in ("application/json", "application/*", "*/*")):
        return refusal(406)
    return None


def _admits(store: SandboxStore, header: str) -> bool:
    scheme, _, given = header.partition(" ")
    expected = base64.b64encode(f"{store.api_user}:{store.api_key}".encode()).decode()
    return scheme.lower() == "basic" and given.strip() == expected


async def _body(request: Request, method: str) -> dict[str, Any] | Answer:
    """The JSON object of a write; a PUT that isn't JSON is a 405 "Missing parameters" (known behaviour)."""
    if method not in {"POST", "PUT"}:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = await request.body()
    if kind != "application/json" or not text:
        return refusal(405, "Missing parameters") if method == "PUT" else refusal(415)
    try:
        body = json.loads(text)
    except ValueError:
        return refusal(400)
    return body if isinstance(body, dict) else refusal(400)


def _response(answer: Answer, *, before: bool = False, behind: bool = False) -> Response:
    if isinstance(answer.content, str):
        return Response(answer.content, answer.status, answer.headers, "text/html; charset=utf-8")
    text = "" if answer.status == 204 else json.dumps(answer.content)  # noqa: PLR2004
    if text:
        text = f"{error_pages.WARNING if before else ''}{text}{error_pages.WARNING if behind else ''}"
    return Response(text, answer.status, answer.headers, "application/json")


class _Broken(Response):
    """An answer that breaks off: more is announced than comes, and the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the head and half of the body."""
        body = bytes(self.body) + b" "
        length = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": body[: len(body) // 2]})
