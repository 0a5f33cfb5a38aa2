"""The bytes of one answer, unpacked and counted while they come: none may be larger than its budget.

Not here: what an answer means (answers.py), what is asked again smaller (http.py).
httpx unpacks whatever comes in one go, so that 64 kB on the wire become 66 MB at a time, and again for each coding
that an answer names.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator

import httpx

from npf_pipelines.cscart.errors import MalformedResponse, TooLarge

_AT_A_TIME = 1 << 20
"""Bytes that are unpacked before others get their turn."""
_GZIP = zlib.MAX_WBITS | 16
_PACKED = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


async def read_body(response: httpx.Response, largest: int, call: str) -> bytes:
    """The body of a streamed answer, unpacked.

    Args:
        response: its head has been read.
        largest: bytes, on the wire and unpacked.
        call: the call and the store, for the texts.

    Raises:
        TooLarge: there are more.
        MalformedResponse: it isn't packed as it says.
        httpx.HTTPError: the connection broke.
    """
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and float(announced) > largest:
        raise TooLarge(call, largest)
    # What isn't known by name is taken as it is: some hosts say `utf-8` or `none`.
    names = (name.strip().lower() for name in response.headers.get("Content-Encoding", "").split(","))
    packed = [_PACKED[name] for name in names if name in _PACKED]
    if len(packed) > 1:
        raise MalformedResponse(
            f"{call}: the answer is packed several times over, which nobody asked for. Ask its host."
        )
    body, raw = bytearray(), 0
    try:
        async for unpacked, came in _pieces(response, packed):
            raw += came
            body += unpacked
            if len(body) > largest or raw > largest:
                raise TooLarge(call, largest)
    except zlib.error:
        raise MalformedResponse(
            f"{call}: the answer isn't packed as it says. If it goes on, ask the store's host.", transient=True
        ) from None
    return bytes(body)


async def _pieces(response: httpx.Response, packed: list[int]) -> AsyncIterator[tuple[bytes, int]]:
    """What each piece unpacks to, and the bytes that came for it."""
    unpack = None
    async for piece in response.aiter_raw():
        if not packed:
            yield piece, len(piece)
            continue
        if unpack is None:
            unpack = zlib.decompressobj(_window(packed[0], piece))
        left, came = piece, len(piece)
        while left and not unpack.eof:
            yield unpack.decompress(left, _AT_A_TIME), came
            left, came = unpack.unconsumed_tail, 0
            await asyncio.sleep(0)
        yield b"", came
    if unpack:
        yield unpack.flush(), 0


def _window(window: int, first: bytes) -> int:
    """`deflate` comes with a head (documented) or, from some hosts, without (known behaviour)."""
    has_head = first[0] & 0x0F == zlib.DEFLATED and (len(first) == 1 or int.from_bytes(first[:2], "big") % 31 == 0)
    return window if window == _GZIP or has_head else -window
