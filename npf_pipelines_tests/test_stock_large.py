"""A large catalogue holds up no other client of its run: the event loop goes on while it is compared and written."""

import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.tables import kits, stock
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.faults import stock_pusher
from npf_pipelines_tests.faults.stock_client import sku_of
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER, CLIENT
from npf_pipelines_tests.loop_lag import measured_lag

SKUS = 20_000


async def test_the_second_push_of_many_skus_holds_nobody_up(tmp_path: Path) -> None:
    store = SandboxStore(CLIENT, api_user=API_USER, api_key=API_KEY.get_secret_value())
    platform_url = f"sqlite:///{tmp_path / 'platform.sqlite'}"
    engine = open_platform(platform_url)
    for number in range(1, SKUS + 1):
        store.add_product(Product(number, sku_of(number), f"Product {number}", 1250, amount=5))
    now = datetime.now(UTC)
    rows = [{"client": CLIENT, "sku": sku_of(number), "on_hand": 5, "updated_at": now} for number in store.products]
    with engine.begin() as connection:
        connection.execute(sa.insert(stock), rows)
        # The client's map may not be empty.
        part = {"client": CLIENT, "kit_sku": "PAIR", "part_sku": sku_of(1), "quantity": 2}
        connection.execute(sa.insert(kits).values(part))
    engine.dispose()
    with SandboxServer({CLIENT: store}) as server:
        for _ in range(2):
            began = time.process_time()
            async with measured_lag() as lag:
                assert await stock_pusher.push(server.store_url(CLIENT), platform_url, tmp_path, 30.0)
            # Reading, comparing and writing take most of the time, beside the event loop.
            assert lag.longest < (time.process_time() - began) / 2
