"""A proxy on a real socket in front of the sandbox, which loses, breaks and delays by a sequence of faults.

Not here: which request meets which fault (injector.py).
"""

import asyncio
import contextlib
import re
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from npf_pipelines_tests.faults.injector import BEFORE_THE_STORE, Fault

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CONNECTION = re.compile(rb"\r\nconnection: [^\r]*", re.IGNORECASE)
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)

_PAGES = {
    Fault.ERROR_UNDONE: (b"500 Internal Server Error", b""),
    Fault.ERROR_DONE: (b"500 Internal Server Error", b""),
    Fault.TOO_MANY: (b"429 Too Many Requests", b""),
    Fault.TOO_MANY_PAUSE: (b"429 Too Many Requests", b"Retry-After: 1\r\n"),
    Fault.CLOSED: (b"503 Service Unavailable", b""),
    Fault.CLOSED_PAUSE: (b"503 Service Unavailable", b"Retry-After: 1\r\n"),
}


class Moment(NamedTuple):
    """A request has arrived, or its answer is under way."""

    method: str
    path: str
    is_answer: bool

    @property
    def is_write(self) -> bool:
        """Whether the request could change something."""
        return self.method != "GET"


Watcher = Callable[[Moment], None]
"""Called at every moment, before the store sees the request and before anything else happens."""


class FaultyProxy:
    """The proxy, for the length of an `async with` block. Each request has a connection of its own.

    Attributes:
        url: `http://127.0.0.1:PORT`, known inside the block.
        is_on: whether requests meet faults.
        requests: how many have arrived.
        injected: how often each fault was done.
        watcher: called at every moment; may raise nothing.
    """

    def __init__(self, upstream: str, faults: Iterator[Fault | None]) -> None:
        self.url = ""
        self.is_on = True
        self.requests = 0
        self.injected: Counter[Fault] = Counter()
        self.watcher: Watcher | None = None
        self._upstream = urlsplit(upstream)
        self._faults = faults
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen on any free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        self._server.close()
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until no request is on its way any more."""
        await asyncio.sleep(0.005)  # Connections that wait at the door are let in.
        while self._open:
            await asyncio.wait(self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        if this is None:
            return
        self._open.add(this)
        try:
            # A killed client leaves half a request or reads no answer.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(await _read_request(reader), reader, writer)
        finally:
            writer.close()
            self._open.discard(this)

    async def _answer(self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = next(self._faults) if self.is_on else None
        method, path = request.split(b" ", 2)[:2]
        arrival = Moment(method.decode(), path.decode(), is_answer=False)
        self.requests += 1
        if fault:
            self.injected[fault] += 1
        self._tell(arrival)
        answer = b"" if fault in BEFORE_THE_STORE else await self._ask_store(request)
        if fault is Fault.TOO_LATE:
            await reader.read()  # Ends when the client has hung up.
        if fault is None or fault is Fault.TOO_LATE:
            writer.write(answer)
        elif fault in _PAGES:
            writer.write(_page(*_PAGES[fault]))
        elif fault is Fault.CUT_SHORT:
            writer.write(_cut_short(answer))
        elif fault in {Fault.BROKEN_OFF, Fault.ANSWER_RESET}:
            writer.write(answer[:-1])
        await writer.drain()
        if fault in {Fault.RESET, Fault.ANSWER_RESET}:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
            writer.transport.abort()
        self._tell(arrival._replace(is_answer=True))

    def _tell(self, moment: Moment) -> None:
        if self.watcher:
            self.watcher(moment)

    async def _ask_store(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        try:
            writer.write(_CONNECTION.sub(b"\r\nConnection: close", request, count=1))
            return await reader.read()
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


def _page(status: bytes, header: bytes) -> bytes:
    body = b"<!DOCTYPE html><html><body><h1>" + status + b"</h1></body></html>"
    length = str(len(body)).encode()
    return (
        b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html\r\nConnection: close\r\n" + header
        + b"Content-Length: " + length + b"\r\n\r\n" + body
    )  # fmt: skip


def _cut_short(answer: bytes) -> bytes:
    """The answer without the end of its JSON, and with the length that it then has: nothing else shows it."""
    head, _, body = answer.partition(b"\r\n\r\n")
    kept = body[: len(body) // 2]
    return _LENGTH.sub(b"\r\ncontent-length: " + str(len(kept)).encode(), head) + b"\r\n\r\n" + kept
