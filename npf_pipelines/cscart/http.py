"""Calls to one store over HTTP: sign-in, budget, page sizes, and the detours that some hosts need.

Here: everything between "get this path" and decoded JSON. Not here: the connection (connection.py), repeats
(repeats.py), what an answer's status or body means (answers.py), which paths exist (order_calls.py and its siblings).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from npf_pipelines.cscart.answers import holds_json, read_answer
from npf_pipelines.cscart.body import read_body
from npf_pipelines.cscart.connection import certificate_failure, checked_address, open_client
from npf_pipelines.cscart.errors import (
    BadCertificate,
    MalformedResponse,
    OutcomeUnknown,
    ServerError,
    Stalled,
    StoreError,
    TooLarge,
    Unreachable,
)
from npf_pipelines.cscart.page_size import PageSize
from npf_pipelines.cscart.redaction import clean_words, secrets_of
from npf_pipelines.cscart.repeats import ATTEMPTS, attempts_of_call
from npf_pipelines.cscart.write_check import check_write
from npf_pipelines.domain.progress import note_progress, stalled_for

Params = Mapping[str, str | int]
Query = Mapping[str, str | int | list[str]]
"""Parameters of a call; a name that ends in `[]` has several values."""

TIMEOUT = 30.0
"""Seconds without progress after which a call is abandoned, if nothing else is set."""
LARGEST_ANSWER = 64_000_000
"""Bytes of an answer, unpacked, if nothing else is set."""
_BEGINNING = 4096
"""Bytes of the store's own page that are read."""
_LARGE = 200_000
"""Bytes of JSON above which it is decoded in a thread."""
_OF_A_VENDOR = frozenset({"orders", "shipments", "products", "combinations"})
"""The entities that belong to a vendor; statuses, shipping methods and users are the store's."""
_RARE_VERBS = frozenset({"PUT", "DELETE"})
_OF_THE_WIRE = {b"content-encoding", b"content-length", b"transfer-encoding"}
"""Headers that no longer hold when the body is unpacked."""


class Sized(NamedTuple):
    """A list's answer: its JSON, the rows that were asked for, its bytes, and the seconds that it took."""

    content: Any
    asked: int
    size: int
    seconds: float


class _Route(NamedTuple):
    """The calls that a host lets through: rewritten URLs, all verbs."""

    rewritten: bool = True
    all_verbs: bool = True


class StoreHttp:
    """The HTTP side of one store: one pool of connections, a few requests at a time.

    Attributes:
        requests: the requests sent so far, repeats included.
        writes: the requests sent so far that could change something.
        vendor: the vendor to which calls are limited; None for the whole store.
    """

    def __init__(
        self,
        url: str,
        api_user: str,
        api_key: SecretStr,
        *,
        concurrency: int = 4,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
        largest_answer: int = LARGEST_ANSWER,
        read_only: bool = False,
        vendor: int | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            url: the store's address without `/api`; https, except on this machine.
            api_user: the administrator's e-mail.
            api_key: the API key.
            concurrency: requests at a time.
            timeout: seconds without progress after which a call is abandoned; a whole call may take four times
                as long, however steadily it drips.
            attempts: at one call; 1 for no repeats.
            largest_answer: bytes that an answer may have, unpacked.
            read_only: whether a write is a fault of the program: it is raised as one, and nothing is sent.
            vendor: the vendor to which calls for orders, shipments and products are limited (documented).

        Raises:
            ValueError: the address isn't one to which a key may be sent.
        """
        self.requests = 0
        self.writes = 0
        self._base = checked_address(url)
        self._host = urlsplit(self._base).hostname
        self._secrets = secrets_of(api_user, api_key.get_secret_value())
        self._gate = asyncio.Semaphore(concurrency)
        self._longest_call = 4 * timeout
        self._attempts = attempts
        self._largest_answer = largest_answer
        self._read_only = read_only
        self.vendor = vendor
        self._route = _Route()
        self._client = open_client(api_user, api_key, concurrency=concurrency, timeout=timeout)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, traceback)

    async def get(self, path: str, params: Query | None = None) -> Any:
        """The JSON at a path behind `/api/2.0/`.

        Raises:
            StoreError: of any kind, after the repeats.
        """
        return await self._call("GET", path, params)

    async def get_page(
        self, path: str, asking: Callable[[int], Query], page_size: PageSize, at_least: int = 1
    ) -> Sized:
        """One page of a list; where the store fails or doesn't answer in time, it is asked for half as much.

        An answer that is too large is asked for again in the same way, without counting as a repeat, as long as there
        is less to ask for.

        Args:
            path: behind `/api/2.0/`.
            asking: the parameters by which so many rows are asked for.
            page_size: how much to ask for. Learns from failures here; the caller lets it learn from answers.
            at_least: rows to ask for at least, even if the page size is smaller.

        Raises:
            StoreError: of any kind, after the repeats.
        """
        async for attempt in attempts_of_call(self._attempts, is_write=False):
            with attempt:
                while True:
                    asked = max(page_size.rows, at_least)
                    try:
                        response = await self._with_detours("GET", path, asking(asked), None)
                        content = await self._read(response, "GET", path)
                        break
                    except (ServerError, OutcomeUnknown, MalformedResponse) as error:
                        if not isinstance(error, TooLarge):
                            page_size.failed(asked)
                            raise
                        page_size.too_large(asked)
                        if max(page_size.rows, at_least) >= asked:
                            raise
                return Sized(content, asked, len(response.content), response.elapsed.total_seconds())
        raise AssertionError("the last attempt returns or raises")

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create something; the store's JSON.

        Raises:
            StoreError: of any kind. If not `store_untouched`, read what the store has before trying again.
        """
        return await self._call("POST", path, body=body)

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change something; the store's JSON. Raises as `post` does."""
        return await self._call("PUT", path, body=body)

    def watch_heads(self, note: Callable[[httpx.Response], Awaitable[None]]) -> None:
        """Give each answer to `note` from now on, when its head has come."""
        self._client.event_hooks["response"].append(note)

    async def front_page(self, query: str) -> str:
        """The beginning of the store's own page for a query, whatever its status; asked for without the key.

        Raises:
            StoreError: of any kind, after the repeats; none for a status.
        """
        async for attempt in attempts_of_call(self._attempts, is_write=False):
            with attempt:
                request = self._client.build_request("GET", f"{self._base}/?{query}", headers={"Accept": "text/html"})
                response = await self._exchange(request, f"GET /?{query} at {self._host}", "GET", signed=False)
                return response.content[:_BEGINNING].decode(errors="replace")
        raise AssertionError("the last attempt returns or raises")

    async def put_once(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change something to a value that is right only now: as `put`, without any repeat."""
        answer = await self._read(await self._with_detours("PUT", path, None, body), "PUT", path)
        note_progress()
        return answer

    async def delete(self, path: str) -> Any:
        """Delete something; the store's JSON, None where it has nothing to say. Raises as `post` does."""
        return await self._call("DELETE", path)

    async def _call(
        self, method: str, path: str, params: Query | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        async for attempt in attempts_of_call(self._attempts, is_write=method != "GET"):
            with attempt:
                response = await self._with_detours(method, path, params, body)
                answer = await self._read(response, method, path)
                if method != "GET":
                    note_progress()
                return answer
        raise AssertionError("the last attempt returns or raises")

    async def _read(self, response: httpx.Response, method: str, path: str) -> Any:
        """The decoded answer; a large one is decoded in a thread, so that no other store waits for it."""
        if len(response.content) < _LARGE:
            return read_answer(response, method, path, self._secrets)
        return await asyncio.to_thread(read_answer, response, method, path, self._secrets)

    async def _with_detours(
        self, method: str, path: str, params: Query | None, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        """The answer, by the route that this store's host allows; the route is remembered once it is found."""
        route = self._route
        response = await self._send(route, method, path, params, body)
        if route.rewritten and response.status_code == HTTPStatus.NOT_FOUND and not holds_json(response):
            # Not the store's own 404: perhaps a host without URL rewriting (documented).
            other = route._replace(rewritten=False)
            detour = await self._send(other, method, path, params, body)
            if holds_json(detour):
                self._route, route, response = other, other, detour
        if route.all_verbs and response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and method in _RARE_VERBS:
            # The content type is right, so it is the verb that is refused; it got no further, so asking
            # again is safe.
            other = route._replace(all_verbs=False)
            detour = await self._send(other, method, path, params, body)
            if detour.is_success:
                self._route = other
            if detour.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
                response = detour
        return response

    async def _send(
        self, route: _Route, method: str, path: str, params: Query | None, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        if self.vendor and path.partition("/")[0] in _OF_A_VENDOR:
            path = f"vendors/{self.vendor}/{path}"
        verb, url, query = method, f"{self._base}/api/2.0/{path}", dict(params or {})
        if not route.rewritten:
            url, query = f"{self._base}/api.php", {"_d": path, **query}
        if not route.all_verbs and method in _RARE_VERBS:
            # Known behaviour: the verb as a parameter works, the override header isn't read.
            verb, query = "POST", {**query, "_METHOD": method}
        # Without the content type a write is a 405 (known behaviour).
        headers = {} if method == "GET" else {"Content-Type": "application/json"}
        call = f"{method} {path} at {self._host}"
        # One text: httpx parses an address twice if its parameters are apart.
        address = f"{url}?{httpx.QueryParams(query)}" if query else url
        request = self._client.build_request(verb, address, json=body, headers=headers)
        return await self._exchange(request, call, method)

    async def _exchange(self, request: httpx.Request, call: str, method: str, *, signed: bool = True) -> httpx.Response:
        """The answer to a request, with its body; `signed` is with the API user and key."""
        async with self._gate:
            if (longest := stalled_for()) is not None:
                raise Stalled(call, longest)
            if method != "GET":
                if self._read_only:
                    raise RuntimeError(f"{call}: not sent, the client is in trial and nothing may be written")
                await check_write()
            self.requests += 1
            self.writes += method != "GET"
            try:
                async with asyncio.timeout(self._longest_call):
                    return await self._whole(request, call, signed=signed)
            except StoreError:
                raise
            except Exception as error:
                raise self._failure(error, call) from error

    async def _whole(self, request: httpx.Request, call: str, *, signed: bool) -> httpx.Response:
        """The answer with its body, unpacked; however it ends, the connection is free again."""
        answer = await self._client.send(request, stream=True, auth=httpx.USE_CLIENT_DEFAULT if signed else None)
        try:
            body = await read_body(answer, self._largest_answer, call)
        finally:
            await answer.aclose()
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _OF_THE_WIRE]
        if location := answer.extensions.get("location"):
            headers.append((b"Location", location.encode(errors="replace")))
        whole = httpx.Response(answer.status_code, headers=headers, content=body, request=request)
        whole.elapsed = answer.elapsed
        return whole

    def _failure(self, error: Exception, call: str) -> StoreError:
        """The store's failure for any error on the wire: the libraries raise more kinds than they document."""
        if (certificate := certificate_failure(error)) is not None:
            why = clean_words(certificate.verify_message, self._secrets)
            return BadCertificate(
                f"{call}: no connection, the store's certificate isn't accepted ({why}). Have the merchant's host put"
                " a valid one in place; nothing has to be changed here."
            )
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
            why = clean_words(str(error), self._secrets) or type(error).__name__
            return Unreachable(f"{call}: no connection ({why}). Check the store's address and that it is up.")
        return OutcomeUnknown(
            f"{call}: the request was sent, but no whole answer came ({type(error).__name__})."
            " If it was a write, check the store before trying again."
        )
