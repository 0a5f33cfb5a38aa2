"""A web server on a port of this machine: in a thread, or in the foreground until it is ended.

It binds to 127.0.0.1 and nothing else. Not here: the applications (sandbox/app.py, reports/server.py).
"""

import errno
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from npf_pipelines.errors import NpfError

_LOOPBACK = "127.0.0.1"


class PortTaken(NpfError, OSError):
    """Another process listens on the port; the text names it."""


def listen(port: int, *, option: str = "--port") -> socket.socket:
    """A socket that listens on a port of 127.0.0.1; 0 is any free one. `option` sets the port, for the refusal.

    Raises:
        PortTaken: another process listens there.
        OSError: the port can't be had for another reason.
    """
    try:
        return socket.create_server((_LOOPBACK, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        said = f"the port {port} of {_LOOPBACK} is taken: end what listens there, or give another port with {option}"
        raise PortTaken(said) from None


class LoopbackServer:
    """An application on a port of 127.0.0.1 for the length of a `with` block.

    Attributes:
        url: `http://127.0.0.1:PORT`, known inside the block.
    """

    def __init__(self, app: ASGIApp, *, port: int = 0, option: str = "--port") -> None:
        """Port 0 is any free one; `option` sets it, for the refusal."""
        self.url = ""
        self._port, self._option = port, option
        self._server = _Announcing(_config(app))

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            PortTaken: another process listens on the port.
        """
        self._socket = listen(self._port, option=self._option)
        self.url = f"http://{_LOOPBACK}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=type(self).__name__, daemon=True
        )
        self._thread.start()
        self._server.up.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, dropping requests that still hang."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._socket.close()


def serve_forever(app: ASGIApp, port: int, announce: Callable[[], None]) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM; `announce` says so once the port is had.

    Raises:
        PortTaken: another process listens on the port.
    """
    with listen(port) as taken:
        announce()
        uvicorn.Server(_config(app)).run(sockets=[taken])


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=_LOOPBACK,
        lifespan="off",
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
        date_header=False,  # A sandbox store has a clock of its own.
    )


class _Announcing(uvicorn.Server):
    """A server that sets an event when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then set the event."""
        await super().startup(sockets)
        self.up.set()
