"""An empty shop on a real socket, and a client of it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from npf_pipelines.cscart import page_size
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import start_of_day
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.shop_server import no_pauses, server, stores

__all__ = ["no_pauses", "server", "stores"]

ZONE = ZoneInfo("Australia/Sydney")
FIRST = date(2026, 9, 28)
"""The clocks go forward on the seventh day, 4 October: it has 23 hours."""
DAYS = 14
LAST = FIRST + timedelta(days=DAYS - 1)


def second_of(day: int, second: int = 0) -> int:
    """Unix seconds of a day's begin (0 is FIRST), and so many seconds on."""
    return int(start_of_day(FIRST + timedelta(days=day), ZONE).timestamp()) + second


def day_at(timestamp: int) -> date:
    return datetime.fromtimestamp(timestamp, UTC).astimezone(ZONE).date()


@pytest.fixture(autouse=True)
def _slow_machines_are_quick_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a page doesn't depend on what else this machine does."""
    monkeypatch.setattr(page_size, "_MOST_SECONDS", 60.0)


@pytest.fixture
def box(stores: dict[str, SandboxStore]) -> SandboxStore:
    store = SandboxStore("acme", clock=lambda: second_of(DAYS) - 1)
    store.add_product(Product(1, "TOY", "A toy", 1250, amount=1_000_000))
    stores["acme"] = store
    return store


@pytest.fixture
async def store(box: SandboxStore, server: SandboxServer) -> AsyncIterator[Store]:
    async with Store(server.store_url("acme"), box.api_user, SecretStr(box.api_key), timeout=5) as client:
        yield client
