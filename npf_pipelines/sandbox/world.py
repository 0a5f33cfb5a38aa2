"""The world of the demo: three pretend stores with shoppers, their clients' master setups, and the warehouse floor.

It is kept in the data folder: a second demo continues where the first one ended.
Not here: the demo (cli/demo.py), the check at its end (agreement.py).
"""

import contextlib
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.place_files import files_in
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.sku_file import sku_file_path
from npf_pipelines.platform.database import create_platform
from npf_pipelines.sandbox.floor import WarehouseFloor
from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.people import draw_customer
from npf_pipelines.sandbox.samples import sample_store
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.state import StateFile
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_orders import OutOfStockError

PORT = 8520
SEED = 7
"""The seed of all dice of the world."""
_DAYS = 10
_KEY_VARIABLE = "NPF_SANDBOX_API_KEY"
_MOST_ORDERS = 2
_CANCELLED = 0.1
"""The probability that an order is cancelled in a round of a store."""

_CLIENTS: dict[str, dict[str, Any]] = {
    "toys": {
        "name": "Toys (generated)",
        "store": {"time_zone": "Australia/Sydney"},
        "orders": {
            "prefix": "CS",
            "statuses": ["Paid", "Open"],
            "countries": ["Australia", "NZ", "South Korea"],
            # "Free shipping" is left out: orders with it show what is held.
            "shipping_methods": {"Custom shipping method": "STD", "EXPRESS POST": "EXP", "3": "INT"},
        },
        "tracking": {
            "shipped_status": "Complete",
            "partially_shipped_status": "On hold",  # Back Ordered gives the stock back.
            "carriers": {"Australia Post": "aup"},
        },
        "stock": {"quantity": "available", "negative_as_zero": True},
    },
    "kites": {
        "name": "Kites (generated, an older CS-Cart)",
        "store": {"time_zone": "Pacific/Auckland", "concurrency": 2},
        "orders": {
            "statuses": ["Processed", "Ready to pack"],
            "cut_off": "15:00",
            "hold": {"total_above": 3000},  # A few of its orders.
            "skus": "file",
        },
        "tracking": {"shipped_status": "C"},
        "stock": {"quantity": "on_hand", "negative_as_zero": False, "buffer": {"*": "5%", "KITE-SET": 1}},
    },
    "documented": {
        "name": "The orders that CS-Cart's documentation prints",
        "store": {"time_zone": "America/New_York"},
        "orders": {"prefix": "D-", "statuses": ["Paid", "Open"], "countries": ["United States"]},
        "tracking": {"shipped_status": "Complete"},
        "stock": {"quantity": "available", "negative_as_zero": False},
    },
}
"""The master setups, less what depends on the port and on today."""

_SKU_MAPS: dict[str, Mapping[str, Mapping[str, int]]] = {
    "kites": {
        "KITE-SET": {"KITE-WING": 1, "KITE-LINE": 2},
        "KITE-LINE-3": {"KITE-LINE": 3},
        "WING": {"KITE-WING": 1},
    }
}
"""The maps of store codes by client: a kit, a pack and an alias, which share their parts."""


@dataclass(frozen=True)
class World:
    """The stores by client id, where they answer, and the floor."""

    stores: dict[str, SandboxStore]
    url: str
    floor: WarehouseFloor

    @property
    def sku_maps(self) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
        """The parts of the stores' codes in the warehouse, by client."""
        return _SKU_MAPS

    def shop(self, dice: random.Random) -> int:
        """Let shoppers order in every store: none to two orders each, and now and then one is cancelled.

        Returns:
            The orders placed.
        """
        placed = 0
        for store in self.stores.values():
            for _ in range(dice.randint(0, _MOST_ORDERS)):
                placed += order_something(store, dice)
            if dice.random() < _CANCELLED:
                cancel_something(store, dice)
        return placed

    def work(self, now: datetime) -> int:
        """Let the floor work once for every client; the parcels lodged."""
        parcels = 0
        for client, store in self.stores.items():
            self.floor.count(client, _warehouse_skus(client, store), now)
            parcels += self.floor.work(client, now)
        return parcels


def is_demo(settings: Settings) -> bool:
    """Whether the data folder is a demo's, which has no room for other clients."""
    return _state_path(settings).exists()


def _state_path(settings: Settings) -> Path:
    return settings.data / "sandbox" / "stores.sqlite"


@contextlib.contextmanager
def demo_world(settings: Settings, *, port: int = PORT) -> Iterator[World]:
    """The world, its stores answering on 127.0.0.1 for the length of the block.

    Args:
        settings: name the data folder that it is kept in and the platform, whose tables are created if missing.
        port: of the stores; 0 for any free one.

    Raises:
        SetupError: the folder of the master setups holds other clients: they are not to be mixed with pretend ones.
        OSError: the port is taken.
    """
    strangers = [path for path in files_in(settings.clients, "*.y*ml") if path.stem not in _CLIENTS]
    if strangers:
        removals = " and ".join(f"npf client remove {path.stem}" for path in strangers)
        raise SetupError(
            f"{settings.clients} holds real clients ({', '.join(path.name for path in strangers)}): "
            f"give the demo another folder by NPF_DATA, or remove them: {removals}"
        )
    with StateFile(_state_path(settings)) as state:
        stores = state.load()
        if not stores:
            stores = _new_stores(datetime.now(UTC))
            for store in stores.values():
                state.keep(store)
        with SandboxServer(stores, port=port) as server:
            _write_setups(settings, server.url)
            os.environ[_KEY_VARIABLE] = next(iter(stores.values())).api_key
            floor = WarehouseFloor(create_platform(settings.platform_url.get_secret_value()), seed=SEED)
            for client in _SKU_MAPS:  # A part that the warehouse doesn't count makes a map wrong.
                floor.count(client, _warehouse_skus(client, stores[client]), datetime.now(UTC))
            yield World(stores, server.url, floor)


def order_something(store: SandboxStore, dice: random.Random) -> bool:
    """One checkout; whether the store had what was in the cart."""
    goods = [product.product_id for product in store.products.values() if product.tracked and product.product_code]
    cart = [(product_id, dice.choice((1, 1, 2))) for product_id in dice.sample(goods, min(len(goods), 2))]
    try:
        store.place_order(cart, customer=draw_customer(dice, dice.randint(1, 99)), status=dice.choice("PPPO"))
    except OutOfStockError:
        return False
    return True


def cancel_something(store: SandboxStore, dice: random.Random) -> None:
    """A paid order is cancelled by its shopper, if there is one."""
    with store.lock:
        paid = [order_id for _, order_id in store.listed() if store.orders[order_id].status == "P"]
        if paid:
            store.change_status(dice.choice(paid), "I", user=False)


def _new_stores(now: datetime) -> dict[str, SandboxStore]:
    toys = generate_store(
        "toys", seed=SEED, orders=160, products=60, days=_DAYS, today=now, api_user="api@toys.example"
    )
    kites = generate_store(
        "kites",
        seed=SEED + 1,
        orders=90,
        products=40,
        days=_DAYS,
        today=now,
        time_zone="Pacific/Auckland",
        version=(4, 11, 5),
        api_user="api@kites.example",
    )
    kites.whole_orders_in_lists = False
    _sell_kits(kites)
    documented = sample_store("documented", placed_at=now - timedelta(days=1), api_user="api@documented.example")
    return {store.store_id: store for store in (toys, kites, documented)}


def _sell_kits(store: SandboxStore) -> None:
    """Products that are a kit, a pack and an alias, and one that is a part of them; each is ordered."""
    names = {"KITE-SET": "Kite with two lines", "KITE-LINE-3": "Three lines", "WING": "Wing", "KITE-LINE": "Line"}
    for number, (code, name) in enumerate(names.items(), 901):
        store.add_product(Product(number, code, name, 2500, amount=12))
        store.place_order([(number, 2)], customer=draw_customer(random.Random(number), number), status="P")


def _warehouse_skus(client: str, store: SandboxStore) -> list[str]:
    """The warehouse's codes of a store's products."""
    parts = _SKU_MAPS.get(client, {})
    return list(dict.fromkeys(part for sku in store.skus() for part in parts.get(sku, {sku: 1})))


def _write_setups(settings: Settings, url: str) -> None:
    settings.clients.mkdir(parents=True, exist_ok=True)
    for client, setup in _CLIENTS.items():
        path = settings.clients / f"{client}.yaml"
        start, mode = (datetime.now(UTC) - timedelta(days=_DAYS - 3)).date(), "live"
        if path.exists():  # A later demo keeps the order start date of the first, and a mode that was changed.
            before = yaml.safe_load(path.read_text(encoding="utf-8"))
            start, mode = before["orders"]["start_date"], before.get("mode", mode)
        whole = {
            "id": client,
            "name": setup["name"],
            "mode": mode,
            "store": {
                "url": f"{url}/{client}",
                "api_user": f"api@{client}.example",
                "api_key_env": _KEY_VARIABLE,
                "user_id": 1,
                **setup["store"],
            },
            "orders": {"start_date": start, **setup["orders"]},
            "tracking": setup["tracking"],
            "stock": setup["stock"],
        }
        path.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True), encoding="utf-8")
    for client, codes in _SKU_MAPS.items():
        rows = [f"{code},{part},{quantity}" for code, parts in codes.items() for part, quantity in parts.items()]
        text = "\n".join(["store_sku,warehouse_sku,quantity", *rows, ""])
        sku_file_path(settings.clients, client).write_text(text, encoding="utf-8")
