"""A sandbox on a real socket, and a small store to put into it."""

import itertools
import ssl
from collections.abc import Callable, Iterator

import httpx
import pytest

from npf_pipelines.sandbox.model import Product, ShippingMethod
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore

NOON = 1_790_000_000
"""The time on the small store's clock."""

Serve = Callable[[SandboxStore], httpx.Client]


@pytest.fixture(scope="session")
def stores() -> dict[str, SandboxStore]:
    return {}


@pytest.fixture(scope="session")
def server(stores: dict[str, SandboxStore]) -> Iterator[SandboxServer]:
    with SandboxServer(stores) as running:
        yield running


_TLS = ssl.create_default_context()
"""Not used, as the sandbox speaks plain HTTP, but slow to make: one for all clients."""

_names = (f"store{number}" for number in itertools.count())


@pytest.fixture
def make_store() -> Callable[..., SandboxStore]:
    """A store with a kite (11), a drum (12) of which there are few, a PDF (13) and untracked sand (14)."""

    def make(version: tuple[int, int, int] = (4, 18, 1)) -> SandboxStore:
        store = SandboxStore(next(_names), version=version, clock=lambda: NOON)
        store.shippings[3] = ShippingMethod(3, "Express")
        store.add_product(Product(11, "KITE", "Kite", 1250, amount=100))
        store.add_product(Product(12, "DRUM", "Drum", 4000, amount=2))
        store.add_product(Product(13, "PDF", "Plans of a kite", 500, amount=0, tracking="D", is_edp=True))
        store.add_product(Product(14, "SAND", "Sand", 100, amount=0, tracking="D"))
        return store

    return make


@pytest.fixture
def store(make_store: Callable[..., SandboxStore]) -> SandboxStore:
    return make_store()


@pytest.fixture
def serve(server: SandboxServer, stores: dict[str, SandboxStore]) -> Iterator[Serve]:
    """Puts a store on the server and gives a client with its credentials."""
    clients = []

    def client_of(store: SandboxStore) -> httpx.Client:
        stores[store.store_id] = store
        client = httpx.Client(
            base_url=f"{server.store_url(store.store_id)}/api/2.0/",
            auth=(store.api_user, store.api_key),
            verify=_TLS,
        )
        clients.append(client)
        return client

    yield client_of
    for client in clients:
        client.close()


@pytest.fixture
def api(serve: Serve, store: SandboxStore) -> httpx.Client:
    """A client of the small store."""
    return serve(store)
