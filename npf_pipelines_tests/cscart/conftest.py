"""Fixtures of the client's tests: repeats without their pauses, and a client of a sandbox store."""

from collections.abc import AsyncIterator

import pytest

from npf_pipelines.cscart.store import Store
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import KEY, USER, key
from npf_pipelines_tests.shop_server import no_pauses, server, stores

__all__ = ["no_pauses", "server", "stores"]


@pytest.fixture
def box(stores: dict[str, SandboxStore]) -> SandboxStore:
    """An empty shop with two products."""
    store = SandboxStore("acme", api_user=USER, api_key=KEY)
    store.add_product(Product(1, "TOY-1", "A toy", 1250, 100))
    store.add_product(Product(2, "TOY-2", "Another toy", 500, 100))
    stores["acme"] = store
    return store


@pytest.fixture
async def store(box: SandboxStore, server: SandboxServer) -> AsyncIterator[Store]:
    async with Store(server.store_url("acme"), USER, key(), timeout=5) as client:
        yield client
