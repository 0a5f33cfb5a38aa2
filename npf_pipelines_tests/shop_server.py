"""Fixtures of tests that call one sandbox shop over a real socket, for their conftest to import.

Not here: what is in the shop, and its client (each folder's conftest).
"""

from collections.abc import Iterator

import pytest
import stamina

from npf_pipelines.cscart.repeats import ATTEMPTS
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    """Repeats come without their pauses."""
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


@pytest.fixture(scope="module")
def stores() -> dict[str, SandboxStore]:
    """The stores that the server serves, by client; a test puts its shop here."""
    return {}


@pytest.fixture(scope="module")
def server(stores: dict[str, SandboxStore]) -> Iterator[SandboxServer]:
    """The server of the stores."""
    with SandboxServer(stores) as running:
        yield running
