"""The demo's shoppers."""

import random
from pathlib import Path

from pydantic import SecretStr

from npf_pipelines.config.settings import Settings
from npf_pipelines.sandbox.world import SEED, demo_world


def test_shoppers_order_in_every_store_and_sometimes_cancel(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path, clients=tmp_path / "clients", platform_url=SecretStr(f"sqlite:///{tmp_path}/p.sqlite")
    )
    with demo_world(settings, port=0) as world:
        before = {client: len(store.orders) for client, store in world.stores.items()}
        cancelled = sum(order.status == "I" for store in world.stores.values() for order in store.orders.values())
        dice = random.Random(SEED)
        placed = sum(world.shop(dice) for _ in range(20))
        more = {client: len(store.orders) - before[client] for client, store in world.stores.items()}
        assert sum(more.values()) == placed > 0
        assert more["toys"] > 0
        assert more["kites"] > 0
        now = sum(order.status == "I" for store in world.stores.values() for order in store.orders.values())
        assert now > cancelled
