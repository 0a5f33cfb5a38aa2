"""The sandbox on a real socket of this machine: beside a test, or alone until it is ended.

Not here: what it answers (app.py).
"""

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import uvicorn

from npf_pipelines.sandbox.app import sandbox_app
from npf_pipelines.sandbox.store import SandboxStore

_LOOPBACK = "127.0.0.1"


class SandboxServer:
    """The stores on a port of 127.0.0.1 for the length of a `with` block.

    Attributes:
        url: `http://127.0.0.1:PORT`, known inside the block.
    """

    def __init__(self, stores: Mapping[str, SandboxStore], *, port: int = 0, latency_ms: float = 0) -> None:
        """Port 0 is any free one; `latency_ms` is added to each request."""
        self.url = ""
        self._port = port
        self._server = _Announcing(_config(stores, latency_ms))

    def store_url(self, store_id: str) -> str:
        """The address of a store, to which `/api/2.0/` is added."""
        return f"{self.url}/{store_id}"

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._socket = socket.create_server((_LOOPBACK, self._port))
        self.url = f"http://{_LOOPBACK}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="sandbox", daemon=True
        )
        self._thread.start()
        self._server.up.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, dropping whatever still hangs."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._socket.close()


def serve_forever(stores: Mapping[str, SandboxStore], port: int, latency_ms: float = 0) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM.

    Raises:
        SystemExit: the port is taken.
    """
    config = _config(stores, latency_ms)
    config.port = port
    uvicorn.Server(config).run()


def _config(stores: Mapping[str, SandboxStore], latency_ms: float) -> uvicorn.Config:
    return uvicorn.Config(
        sandbox_app(stores, latency_ms=latency_ms),
        host=_LOOPBACK,
        lifespan="off",
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


class _Announcing(uvicorn.Server):
    """A server that says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.up.set()
