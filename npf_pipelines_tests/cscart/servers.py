"""Servers on real sockets that answer as badly as a test wants.

Not here: a store that behaves (npf_pipelines.sandbox).
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

USER = "api@acme.example"
KEY = "S3cr3t/Key+1"

Answer = Callable[[Request], Response | Awaitable[Response]]


def key() -> SecretStr:
    return SecretStr(KEY)


def json_answer(content: Any, status: int = 200, **headers: str) -> Response:
    return Response(json.dumps(content), status, headers, "application/json")


def html_answer(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(f"<!DOCTYPE html><html><body>{text}</body></html>", status, headers, "text/html")


def order_list(rows: list[Any], total: int | None = None) -> dict[str, Any]:
    return {"orders": rows, "params": {"total_items": str(len(rows) if total is None else total)}}


@asynccontextmanager
async def odd_store(answer: Answer) -> AsyncIterator[str]:
    """The address of a server that gives each request to `answer`."""

    async def endpoint(request: Request) -> Response:
        given = answer(request)
        return given if isinstance(given, Response) else await given

    app = Starlette(routes=[Route("/{path:path}", endpoint, methods=["GET", "POST", "PUT", "DELETE"])])
    listener = socket.create_server(("127.0.0.1", 0))
    # Head and body of an answer are sent apart: without this, the body waits 40 ms for the head's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(app, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # Its own shutdown takes a tenth of a second.
        for connection in list(server.server_state.connections):
            connection.shutdown()
        for listening in server.servers:
            listening.close()


class RawStore:
    """A server that sends given bytes, one by one, and closes the connection.

    Attributes:
        heads: the heads of the requests so far.
        replies: what comes back, one for each request, the last one again and again; None: nothing ever comes.
    """

    def __init__(self, *replies: bytes | None) -> None:
        self.heads: list[bytes] = []
        self.url = ""
        self._replies = list(replies)

    async def __aenter__(self) -> "RawStore":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if reply is None:
            await reader.read()
        else:
            writer.write(reply)
            await writer.drain()
        writer.close()
