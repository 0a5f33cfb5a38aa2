"""The sandbox on a real socket of this machine: beside a test, or alone until it is ended.

Not here: what it answers (app.py), the socket (loopback.py).
"""

from collections.abc import Callable, Mapping

from npf_pipelines.loopback import LoopbackServer, serve_forever
from npf_pipelines.sandbox.app import sandbox_app
from npf_pipelines.sandbox.store import SandboxStore


class SandboxServer(LoopbackServer):
    """The stores on a port of 127.0.0.1 for the length of a `with` block."""

    def __init__(self, stores: Mapping[str, SandboxStore], *, port: int = 0, latency_ms: float = 0) -> None:
        """Port 0 is any free one; `latency_ms` is added to each request."""
        super().__init__(sandbox_app(stores, latency_ms=latency_ms), port=port)

    def store_url(self, store_id: str) -> str:
        """The address of a store, to which `/api/2.0/` is added."""
        return f"{self.url}/{store_id}"


def serve_stores(
    stores: Mapping[str, SandboxStore], port: int, announce: Callable[[], None], latency_ms: float = 0
) -> None:
    """Serve the stores on 127.0.0.1 until SIGINT or SIGTERM; `announce` says so once the port is had.

    Raises:
        PortTaken: another process listens on the port.
    """
    serve_forever(sandbox_app(stores, latency_ms=latency_ms), port, announce)
