"""Answers as no store should give them, byte by byte: heads, codings, lengths, chunks, JSON, and where they break off.

Not here: what is asked and what has to come of it (wire.py).
"""

import gzip
import json
import zlib
from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True)
class Reply:
    """The bytes sent over the wire, after which the connection is closed or left open in silence."""

    raw: bytes
    hangs: bool = False


_STATUSES = [200, 200, 200, 201, 204, 301, 302, 304, 400, 401, 403, 404, 405, 429, 500, 503, 509]
_ODD_STATUSES = [100, 101, 199, 299, 600, 999, 0, -1, 20, 2000]
_HEADERS: dict[str, list[str]] = {
    "Content-Type": ["application/json", "text/html; charset=hex", "application/json; charset=utf-7", ";;="],
    "Retry-After": [
        "5",
        "-1",
        "1e400",
        "9" * 5000,
        "Fri, 31 Dec 99999999999999 23:59:59 GMT",
        "Fri, 1 Jan 0001 0:0:0 +9999",
        "Fri, 31 Dec 9999 23:59:59 -2359",
    ],
    "Location": [
        "https://x.example/",
        "javascript:alert(1)",
        "//",
        "http://[",
        "http://a:99999999/",
        "\\",
        "https://xn--\u00ff.example",
        "https://" + "a" * 300,
    ],
    "Set-Cookie": ["a=b", "=" * 3000, "sid=1; expires=Thu, 99 Foo 99999 99:99:99 GMT; domain=."],
    "Content-Encoding": ["gzip", "deflate", "gzip, gzip", "br", "zstd", "utf-8", ",", "x-gzip"],
    "Connection": ["close", "keep-alive", "upgrade"],
    "X-Odd": ["\u00ff", "\t", "a" * 5000],
}
_FRAMING: dict[str, list[str]] = {
    "Content-Length": ["0", "5", "99999999999999999999", "-1", "1, 1", "abc", "+3"],
    "Transfer-Encoding": ["chunked", "gzip, chunked", "identity", "chunked, chunked"],
    "X\u00e9": ["1"],
    "X-Control": ["\x0c", "\x7f"],
    "X-Filler": ["x" * 140_000],
}
"""Headers that break an answer's frame, mostly."""


def _seldom(draw: st.DrawFn) -> bool:
    """Once in twenty times: so many parts have to be right for the others to be reached."""
    return draw(st.integers(0, 19)) == 13


_MANY_DIGITS = "more than Python prints"

_texts = st.text(max_size=8) | st.sampled_from(["\ud800", "\0", "\u202e", "[/red]", "<br>", "9" * 5000, "\x1b[31m"])
_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([_MANY_DIGITS, -1, 10**18, "96", "1.5", "Y", "P"])
    | _texts
)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=8,
)
_LINE = {"product_id": "5", "product_code": "KITE", "amount": "2", "price": "1.5", "product": "Kite", "extra": {}}
_ROWS: dict[str, dict[str, object]] = {
    "orders": {
        "order_id": "96",
        "status": "P",
        "timestamp": "1795132900",
        "total": "3.00",
        "email": "jo@x.example",
        "s_firstname": "Jo",
        "s_country": "AU",
        "products": {"1": _LINE},
        "shipping": [{"shipping_id": "1"}],
    },
    "shipments": {
        "shipment_id": "7",
        "order_id": "96",
        "tracking_number": "1Z",
        "carrier": "ups",
        "comments": "",
        "shipment_timestamp": "1795132900",
        "products": {"1": "2"},
        "carrier_info": {"tracking_url": ""},
    },
    "products": {"product_id": "5", "product_code": "KITE", "amount": "2", "tracking": "B", "status": "A"},
    "statuses": {"status": "P", "description": "Paid", "params": {"inventory": "D"}},
}


@st.composite
def _documents(draw: st.DrawFn, about: str) -> bytes:
    """A list of the store's, with some fields that hold what they shouldn't."""
    name = draw(st.sampled_from(sorted(_ROWS))) if _seldom(draw) else about
    rows: list[object] = []
    for number in range(draw(st.integers(0, 3))):
        row = _ROWS[name] | {next(iter(_ROWS[name])): str(90 + number)}
        for field in draw(st.lists(st.sampled_from(sorted(row)), max_size=2)):
            row[field] = draw(_values)
        rows.append(draw(_values) if _seldom(draw) else row)
    total = draw(st.sampled_from([len(rows), "3", 10**9, -1, None, "x"])) if _seldom(draw) else str(len(rows))
    value = {name: rows, "params": {"total_items": total}}
    whole = draw(_values) if _seldom(draw) else draw(st.sampled_from([value, value, {**_ROWS[name], "message": "x"}]))
    text = json.dumps(whole, ensure_ascii=draw(st.booleans())).replace(f'"{_MANY_DIGITS}"', "9" * 5000)
    return text.encode("utf-8", "surrogatepass")


_WARNING = b"<br />\n<b>Warning</b>: x [0] on line <b>7</b><br />\n"
_ODD_BODIES = st.binary(max_size=60) | st.sampled_from(
    [
        b"[" * 100_000,
        b"<br> " + b" [" * 50_000,
        b'{"a":' * 50_000,
        b"<" * 40_000,
        b"",
        b"\xef\xbb\xbf{}",
        b'{"message": "' + b"x" * 10_000 + b'"}',
        b'{"message": "bad \\ud800 end"}',
        b"<!DOCTYPE html>",
    ]
)


@st.composite
def _bodies(draw: st.DrawFn, about: str) -> bytes:
    if draw(st.integers(0, 3)) == 3:
        return draw(_ODD_BODIES)
    before, behind = draw(st.sampled_from([(b"", b""), (b"", b""), (_WARNING, b""), (b"", _WARNING)]))
    return before + draw(_documents(about)) + behind


def _packed(body: bytes, way: str) -> bytes:
    if way == "gzip":
        return gzip.compress(body)
    if way == "bomb":
        return gzip.compress(b"[" + b" " * 4_000_000 + b"]")
    return zlib.compress(body) if way == "deflate" else body


def _chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)][:200]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@st.composite
def replies(draw: st.DrawFn, about: str) -> Reply:
    """A reply to a call about a list: mostly right in most parts, so that the wrong ones are reached."""
    if _seldom(draw):
        return Reply(draw(st.binary(max_size=200)), draw(st.booleans()))
    way = draw(st.sampled_from(["", "", "", "gzip", "deflate", "bomb"]))
    body = _packed(draw(_bodies(about)), way)
    headers = [("Content-Encoding", way.replace("bomb", "gzip"))] if way and not _seldom(draw) else []
    framing = draw(st.sampled_from(["length", "length", "length", "chunked", "close"]))
    if framing == "length":
        headers.append(("Content-Length", str(len(body) + (draw(st.sampled_from([1, -1])) if _seldom(draw) else 0))))
    elif framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
        body = _chunked(body, draw(st.integers(1, 5000)))
    pool = _HEADERS | _FRAMING if _seldom(draw) else _HEADERS
    names = draw(st.lists(st.sampled_from(sorted(pool)), max_size=3))
    headers += [(name, draw(st.sampled_from(pool[name]))) for name in names]
    status = draw(st.sampled_from(_ODD_STATUSES if _seldom(draw) else _STATUSES))
    words = draw(st.sampled_from(["\u00e9", "\x0b"])) if _seldom(draw) else "OK"
    head = f"HTTP/1.1 {status} {words}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    raw = head.encode("utf-8", "surrogatepass") + body
    if _seldom(draw):
        raw = raw[: draw(st.integers(0, len(raw)))]
    if raw and _seldom(draw):
        at = draw(st.integers(0, len(raw) - 1))
        raw = raw[:at] + draw(st.binary(min_size=1, max_size=4)) + raw[at + 1 :]
    return Reply(raw, hangs=_seldom(draw))
