"""A store's HTTP answer, as decoded JSON or as the failure that it is.

Here: the meaning of each status and each odd body. No body is ever quoted: an HTML error page may hold SQL and a
backtrace. Not here: sending (http.py) and repeating (repeats.py), the meaning of the JSON (order_parser.py and its
siblings).
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from npf_pipelines.cscart.errors import (
    Blocked,
    Forbidden,
    MalformedResponse,
    NotFound,
    RateLimited,
    RequestRejected,
    ServerError,
    StoreError,
    Unauthorized,
)
from npf_pipelines.cscart.json_body import decode_json_text, is_web_page
from npf_pipelines.cscart.redaction import clean_words
from npf_pipelines.domain.text import one_line

_MOST_SAID = 20
"""Sentences of the store's that are read, and how deep in its answer."""
_DEPTH = 4
_LONGEST_HOST = 260
_LONGEST_PAUSE = 10.0**9
"""Seconds; a longer one is as good as none that ends."""
_RIGHTS = {
    ("orders", True): "view_orders",
    ("orders", False): "edit_order",
    ("shipments", True): "view_orders",
    ("shipments", False): "edit_order",
    ("products", True): "view_catalog",
    ("products", False): "manage_catalog",
    ("combinations", True): "view_catalog",
    ("combinations", False): "manage_catalog",
    # Known behaviour: even reading statuses takes the right to manage them.
    ("statuses", True): "manage_order_statuses",
    ("users", True): "view_users",
}


def decode_json(response: httpx.Response) -> Any:
    """The object or list in a body, also between the warnings that some hosts print around it (known behaviour).

    Raises:
        ValueError: there is none, or it is cut short.
    """
    return decode_json_text(response.content.decode("utf-8-sig", errors="replace"))


def holds_json(response: httpx.Response) -> bool:
    """Whether the store itself is speaking: its errors are JSON, its host's are not."""
    try:
        decode_json(response)
    except ValueError:
        return False
    return True


def read_answer(response: httpx.Response, method: str, path: str, secrets: tuple[str, ...]) -> Any:
    """The decoded JSON of a success; None where there is no content.

    Args:
        response: the answer, read whole.
        method: the call's verb.
        path: the call's path behind the version, `orders/96`.
        secrets: what no text may hold (`redaction.secrets_of`).

    Raises:
        StoreError: the failure that the answer is.
    """
    call = f"{method} {path} at {response.url.host}"
    if not response.is_success:
        raise _failure(response, call, method, path, secrets)
    if response.status_code == HTTPStatus.NO_CONTENT:
        return None
    try:
        return decode_json(response)
    except ValueError:
        pass
    # Never by the encoding that the answer names: `charset=hex` is one, too.
    if is_web_page(response.content[:4096].decode(errors="replace")):
        raise MalformedResponse(
            f"{call}: a web page came instead of JSON. Check the store's address, that its API is switched on,"
            " and that no firewall or maintenance page is in front of it."
        )
    raise MalformedResponse(
        f"{call}: the JSON in the answer is missing or cut short. If it goes on, the store's host ends its"
        " answers early: ask for its PHP error log.",
        transient=True,
    )


def _failure(response: httpx.Response, call: str, method: str, path: str, secrets: tuple[str, ...]) -> StoreError:
    status = response.status_code
    match status:
        case 401:
            return Unauthorized(
                f"{call}: 401, the store doesn't accept the API user and key. Check both in its administration,"
                " and that its host passes the Authorization header on."
            )
        case 403:
            return _forbidden(response, call, method, path)
        case 404:
            return _not_found(response, call)
        case 429 | 503 | 509:
            return _busy(response, call)
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return ServerError(
                f"{call}: {status}, the store or its host failed. If it goes on, ask the merchant for the store's"
                " error log of this moment."
            )
    return _refused(response, call, secrets)


def _forbidden(response: httpx.Response, call: str, method: str, path: str) -> Forbidden | Blocked:
    if not holds_json(response):
        return Blocked(
            f"{call}: 403, and not in the store's own words. A firewall in front of the store refuses us. If it goes"
            " on, ask its host to let this machine through."
        )
    right = _RIGHTS.get((path.split("/", 1)[0], method == "GET"))
    named = f"the right {right}" if right else "the right to do this"
    return Forbidden(
        f"{call}: 403. Give the API user's administrator group {named}, and check that the address starts with https."
    )


def _not_found(response: httpx.Response, call: str) -> StoreError:
    if holds_json(response):
        return NotFound(f"{call}: 404, the store has no such thing. It was deleted, or the number is wrong.")
    # Only the store's own 404 says that something doesn't exist.
    return RequestRejected(
        f"{call}: 404, and not in the store's own words: no CS-Cart API answers there. Check the store's address"
        " in the master setup."
    )


def _busy(response: httpx.Response, call: str) -> RateLimited:
    status = response.status_code
    pause = _retry_after(response)
    asked = "" if pause is None else f" It asks for a pause of {pause:.0f} s."
    return RateLimited(
        f"{call}: {status}, too many calls or maintenance.{asked} If it goes on, lower the client's concurrency"
        " or ask the store's host for its limits.",
        retry_after=pause,
        # Maintenance may have begun behind a proxy that had passed the call on; 429 turns it away at the door.
        store_untouched=status == HTTPStatus.TOO_MANY_REQUESTS,
    )


def _refused(response: httpx.Response, call: str, secrets: tuple[str, ...]) -> RequestRejected:
    status = response.status_code
    if response.has_redirect_location:
        return RequestRejected(
            f"{call}: {status}, a redirect to {_host_of(response)}, which is not followed. Put the address that"
            " the store really has into the master setup."
        )
    return RequestRejected(
        f"{call}: {status}, refused. {_words(response, secrets)}"
        "It won't be accepted in this form: correct what was sent, or ask for the store's version and add-ons."
    )


def _host_of(response: httpx.Response) -> str:
    """Scheme and host of a redirect, for a person to read: nothing is sent there."""
    try:
        target = response.url.join(response.headers["Location"])
        host = target.host
    except (httpx.InvalidURL, ValueError):
        return "nowhere readable"
    if target.scheme not in {"http", "https"} or not host:
        return "nowhere that a store could be"
    return one_line(f"{target.scheme}://{host}", _LONGEST_HOST)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds or a date, as HTTP allows; None for anything else."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(value)
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        pause = (until - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, LookupError, OverflowError):
        return None
    return min(max(0.0, pause), _LONGEST_PAUSE)


def _words(response: httpx.Response, secrets: tuple[str, ...]) -> str:
    """`message`, `messages` and `errors` of the store's error object, cleaned; empty for any other body."""
    try:
        body = decode_json(response)
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    words = (word for name in ("message", "messages", "errors") for word in _strings(body.get(name)) if word)
    said = dict.fromkeys(itertools.islice(words, _MOST_SAID))
    return f"The store says: {clean_words('; '.join(said), secrets)}. " if said else ""


def _strings(value: object, depth: int = _DEPTH) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict) and depth:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner, depth - 1)
