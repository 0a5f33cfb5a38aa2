"""Tests of the server: its block, its port, its end."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from npf_pipelines.sandbox.samples import sample_store
from npf_pipelines.sandbox.server import SandboxServer


def test_it_listens_inside_the_block_only() -> None:
    store = sample_store("doc")
    with SandboxServer({"doc": store}) as server:
        assert server.url.startswith("http://127.0.0.1:")
        url = f"{server.store_url('doc')}/api/2.0/orders/96"
        assert httpx.get(url, auth=(store.api_user, store.api_key)).json()["order_id"] == "96"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_given_port_is_taken() -> None:
    with SandboxServer({}) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match=f"the port {port} of 127.0.0.1 is taken"):
            SandboxServer({}, port=port).__enter__()
    with SandboxServer({}, port=port) as again:
        assert again.url == first.url


def test_it_ends_while_a_request_hangs() -> None:
    store = sample_store("doc")
    store.hangs = True
    with SandboxServer({"doc": store}) as server:
        asking = threading.Thread(target=_ask, args=(server.store_url("doc"),))
        asking.start()
        while not store.requests:
            time.sleep(0.001)
    asking.join(5)
    assert not asking.is_alive()


def _ask(url: str) -> None:
    with contextlib.suppress(httpx.TransportError):
        httpx.get(f"{url}/api/2.0/orders")


def test_latency_is_added() -> None:
    store = sample_store("doc")
    with (
        SandboxServer({"doc": store}, latency_ms=5000) as server,
        pytest.raises(httpx.ReadTimeout),
    ):
        httpx.get(f"{server.store_url('doc')}/api/2.0/orders", timeout=0.02)
    assert store.requests == 0


_ALONE = """
import sys
from npf_pipelines.sandbox.samples import sample_store
from npf_pipelines.sandbox.server import serve_stores
serve_stores({"doc": sample_store("doc")}, int(sys.argv[1]), lambda: None)
"""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_alone_it_ends_on_a_signal(ending: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    alone = subprocess.Popen([sys.executable, "-c", _ALONE, str(port)], stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        control = f"http://127.0.0.1:{port}/_sandbox/stores/doc"
        transport = httpx.HTTPTransport(retries=8)  # grows from half a second: the process has to start
        with httpx.Client(transport=transport) as client:
            assert client.get(control).json()["store_id"] == "doc"
        alone.send_signal(ending)
        alone.wait(10)
    finally:
        alone.kill()
        alone.wait()
