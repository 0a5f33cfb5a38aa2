"""Calls to one store over HTTP: connection, sign-in, repeats, and the detours that some hosts need.

Here: everything between "get this path" and decoded JSON. Not here: what an answer's status or body means
(answers.py), which paths exist (store.py).
"""

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache, partial
from http import HTTPStatus
from http.cookiejar import CookieJar
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import httpx
import stamina
from pydantic import SecretStr

from npf_pipelines.cscart.answers import holds_json, read_answer
from npf_pipelines.cscart.body import read_body
from npf_pipelines.cscart.errors import (
    BadCertificate,
    MalformedResponse,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    Stalled,
    StoreError,
    TooLarge,
    Unreachable,
)
from npf_pipelines.cscart.page_size import PageSize
from npf_pipelines.cscart.redaction import clean_words, secrets_of
from npf_pipelines.cscart.write_check import check_write
from npf_pipelines.domain.progress import note_progress, stalled_for

Params = Mapping[str, str | int]
Query = Mapping[str, str | int | list[str]]
"""Parameters of a call; a name that ends in `[]` has several values."""

_LOG = logging.getLogger(__name__)

ATTEMPTS = 4
LARGEST_ANSWER = 64_000_000
"""Bytes of an answer, unpacked, if nothing else is set."""
_LARGE = 200_000
"""Bytes of JSON from which on it is decoded beside the other work."""
LONGEST_PAUSE = 60.0
"""Seconds of `Retry-After` that are waited for; whoever asks for more is left alone until the next run."""


_RARE_VERBS = frozenset({"PUT", "DELETE"})
_OF_THE_WIRE = {b"content-encoding", b"content-length", b"transfer-encoding"}
"""Headers that don't hold any more when the body is unpacked."""


def pause_before_repeat(error: Exception, *, is_write: bool) -> bool | float:
    """The one place that says what is repeated, and why.

    Reading changes nothing, so a read is repeated after whatever may pass by itself. CS-Cart has neither an
    idempotency key nor uniqueness (documented), so a write is repeated only if the store surely did not act:
    no connection was made, or the call was turned away with 429. After any other failure of a write the caller
    has to look at what the store has.

    Args:
        error: how the attempt ended.
        is_write: whether the call could have changed something.

    Returns:
        False to give up, True for the usual growing pause, or the pause in seconds that the store asked for.
    """
    if not isinstance(error, StoreError) or not error.transient:
        return False
    if is_write and not error.store_untouched:
        return False
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_PAUSE else False
    return True


class Sized(NamedTuple):
    """A list's answer: its JSON, the rows that were asked for, its bytes, and the seconds that it took."""

    content: Any
    asked: int
    size: int
    seconds: float


class _Way(NamedTuple):
    """How a host lets us through: through rewritten URLs, with all verbs."""

    rewritten: bool = True
    all_verbs: bool = True


def _tell_of_repeat(details: stamina.instrumentation.RetryDetails) -> None:
    _LOG.warning("%s Tried again in %.1f s.", details.caused_by, details.wait_for)


# Our sentence in the place of stamina's own line, which would quote the call's arguments.
stamina.instrumentation.set_on_retry_hooks([_tell_of_repeat])


class _NoCookies(CookieJar):
    """PHP lets calls of one session wait for each other; without cookies each is on its own."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Read none."""


async def _set_redirect_aside(response: httpx.Response) -> None:
    """Keep the target of a redirect from httpx, which builds its request even if none is followed."""
    if "Location" in response.headers:
        response.extensions["location"] = response.headers.pop("Location")


class StoreHttp:
    """The HTTP side of one store: one pool of connections, a few requests at a time.

    Attributes:
        requests: the requests sent so far, repeats included.
        writes: those of them that could change something.
    """

    def __init__(
        self,
        url: str,
        api_user: str,
        api_key: SecretStr,
        *,
        concurrency: int = 4,
        timeout: float = 30.0,
        attempts: int = ATTEMPTS,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        """Open nothing yet.

        Args:
            url: the store's address without `/api`; https, except on this machine.
            api_user: the administrator's e-mail.
            api_key: the API key.
            concurrency: requests at a time.
            timeout: seconds without progress after which a call is given up; a whole call may take four times
                as long, however steadily it drips.
            attempts: at one call; 1 for no repeats.
            largest_answer: bytes that an answer may have, unpacked.

        Raises:
            ValueError: the address isn't one to which a key may be sent.
        """
        self.requests = 0
        self.writes = 0
        self._base = _checked(url)
        self._host = urlsplit(self._base).hostname
        self._secrets = secrets_of(api_user, api_key.get_secret_value())
        self._gate = asyncio.Semaphore(concurrency)
        self._longest_call = 4 * timeout
        self._attempts = attempts
        self._largest_answer = largest_answer
        self._way = _Way()
        self._client = httpx.AsyncClient(
            auth=httpx.BasicAuth(api_user, api_key.get_secret_value()),
            headers={"Accept": "application/json", "User-Agent": "npf_pipelines"},
            timeout=timeout,
            verify=_certificates(),
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
            follow_redirects=False,
            cookies=_NoCookies(),
            event_hooks={"response": [_set_redirect_aside]},
        )

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
            StoreError: whichever it was, after the repeats.
        """
        return await self._call("GET", path, params)

    async def get_page(
        self, path: str, asking: Callable[[int], Query], page_size: PageSize, at_least: int = 1
    ) -> Sized:
        """One page of a list; where the store fails or doesn't answer in time, it is asked for half as much.

        So it is where the answer is too large, without counting as a repeat, as long as there is less to ask for.

        Args:
            path: behind `/api/2.0/`.
            asking: the parameters by which so many rows are asked for.
            page_size: how much to ask for. Learns from failures; from the answer whoever knows its rows.
            at_least: rows that have to be asked for, whatever the size is.

        Raises:
            StoreError: whichever it was, after the repeats.
        """
        async for attempt in _attempts(self._attempts, is_write=False):
            with attempt:
                while True:
                    asked = max(page_size.rows, at_least)
                    try:
                        response = await self._with_detours("GET", path, asking(asked), None)
                        content = await self._read(response, "GET", path)
                        break
                    except (ServerError, OutcomeUnknown, MalformedResponse) as error:
                        page_size.failed(asked)
                        if not isinstance(error, TooLarge) or max(page_size.rows, at_least) >= asked:
                            raise
                return Sized(content, asked, len(response.content), response.elapsed.total_seconds())
        raise AssertionError("the last attempt returns or raises")

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create something; the store's JSON.

        Raises:
            StoreError: whichever it was. If not `store_untouched`, look at what the store has before trying again.
        """
        return await self._call("POST", path, body=body)

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change something; the store's JSON. Raises as `post` does."""
        return await self._call("PUT", path, body=body)

    async def put_once(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change something to what is only right for now: as `put`, without any repeat."""
        answer = await self._read(await self._with_detours("PUT", path, None, body), "PUT", path)
        note_progress()
        return answer

    async def delete(self, path: str) -> Any:
        """Delete something; the store's JSON, None where it has nothing to say. Raises as `post` does."""
        return await self._call("DELETE", path)

    async def _call(
        self, method: str, path: str, params: Query | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        async for attempt in _attempts(self._attempts, is_write=method != "GET"):
            with attempt:
                response = await self._with_detours(method, path, params, body)
                answer = await self._read(response, method, path)
                if method != "GET":
                    note_progress()
                return answer
        raise AssertionError("the last attempt returns or raises")

    async def _read(self, response: httpx.Response, method: str, path: str) -> Any:
        """What an answer means; a large one holds up no other store."""
        if len(response.content) < _LARGE:
            return read_answer(response, method, path, self._secrets)
        return await asyncio.to_thread(read_answer, response, method, path, self._secrets)

    async def _with_detours(
        self, method: str, path: str, params: Query | None, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        """The answer, by the way that this store's host allows; the way is remembered once it is found."""
        way = self._way
        response = await self._send(way, method, path, params, body)
        if way.rewritten and response.status_code == HTTPStatus.NOT_FOUND and not holds_json(response):
            # Not the store's own 404: perhaps a host without URL rewriting (documented).
            other = way._replace(rewritten=False)
            detour = await self._send(other, method, path, params, body)
            if holds_json(detour):
                self._way, way, response = other, other, detour
        if way.all_verbs and response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and method in _RARE_VERBS:
            # The content type is right, so it is the verb that is refused; it got no further, so asking
            # again is safe.
            other = way._replace(all_verbs=False)
            detour = await self._send(other, method, path, params, body)
            if detour.is_success:
                self._way = other
            if detour.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
                response = detour
        return response

    async def _send(
        self, way: _Way, method: str, path: str, params: Query | None, body: Mapping[str, Any] | None
    ) -> httpx.Response:
        verb, url, query = method, f"{self._base}/api/2.0/{path}", dict(params or {})
        if not way.rewritten:
            url, query = f"{self._base}/api.php", {"_d": path, **query}
        if not way.all_verbs and method in _RARE_VERBS:
            # Known behaviour: the verb as a parameter works, the override header isn't read.
            verb, query = "POST", {**query, "_METHOD": method}
        # Without the content type a write is a 405 (known behaviour).
        headers = {} if method == "GET" else {"Content-Type": "application/json"}
        call = f"{method} {path} at {self._host}"
        request = self._client.build_request(verb, url, params=query, json=body, headers=headers)
        async with self._gate:
            if (longest := stalled_for()) is not None:
                raise Stalled(call, longest)
            if method != "GET":
                await check_write()
            self.requests += 1
            self.writes += method != "GET"
            try:
                async with asyncio.timeout(self._longest_call):
                    return await self._whole(request, call)
            except StoreError:
                raise
            except Exception as error:
                raise self._failure(error, call) from error

    async def _whole(self, request: httpx.Request, call: str) -> httpx.Response:
        """The answer with its body, unpacked; however it ends, the connection is free again."""
        answer = await self._client.send(request, stream=True)
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
        """Whatever a wire can do is the store's failure: the libraries raise more kinds than they document."""
        if (certificate := _certificate_trouble(error)) is not None:
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
            " If it was a write, look at what the store has before trying again."
        )


def _certificate_trouble(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The refusal of a certificate beneath the errors that the libraries made of it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _attempts(attempts: int, *, is_write: bool) -> AsyncIterator[stamina.Attempt]:
    """The attempts at one call, the pauses between them included."""
    return stamina.retry_context(
        on=partial(pause_before_repeat, is_write=is_write),
        attempts=attempts,
        timeout=None,
        wait_initial=1.0,
        wait_max=15.0,
    ).__aiter__()


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust. Read once for all stores: it takes longer than a store's whole share of a run."""
    return httpx.create_ssl_context()


def _checked(url: str) -> str:
    """The address without a slash at its end, if a key may be sent there; no text quotes it, as it may hold one."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError("The store's address must be like https://shop.example.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("The store's address must not hold a user or a password.")
    if parts.query or parts.fragment:
        raise ValueError("The store's address must end with its path.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(f"The store at {parts.hostname} must be called by https: the key would be readable.")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
