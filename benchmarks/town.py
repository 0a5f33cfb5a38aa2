"""Many clients in one process: their pretend stores, shoppers who order at random, the floor, and what happened when.

Not here: the automation that is measured (running.py), what its figures are (clients.py).
"""

import json
import multiprocessing
import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.tables import orders, shipments
from npf_pipelines.sandbox.floor import WarehouseFloor
from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.people import draw_customer
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_orders import OutOfStockError
from npf_pipelines.sandbox.store_state import Change
from npf_pipelines_tests.loop import API_KEY, write_setup

SEED = 11
MINUTES_BETWEEN = 2.0
"""Between two orders of a client, and between two rounds of the floor at it, on average."""
_UNPAID = 0.2
"""Orders that are paid only when the next one is due."""
_ORDERS, _PRODUCTS, _DAYS = 20, 20, 3
"""Each store's orders and products at the start, and the days of the orders."""
_LATENCY_MS = 50.0
_COUNTRIES = ["AU", "NZ", "US", "GB", "KR", "DE"]
"""The shoppers' countries, all of them in the setups: every paid order is imported."""


@dataclass(frozen=True)
class Happened:
    """When things happened, in Unix seconds, by client and store order id or tracking number."""

    paid: dict[tuple[str, str], float]
    imported: dict[tuple[str, str], float]
    lodged: dict[tuple[str, str], float]
    in_store: dict[tuple[str, str], float]


@dataclass
class Town:
    """The process, to be used as a context manager.

    Attributes:
        folder: the data folder of the pipeline; the clients' setups are in it from the beginning.
        clients: their ids.
    """

    folder: Path
    clients: list[str]
    _spawn: Any = field(default_factory=lambda: multiprocessing.get_context("spawn"), init=False)

    def __enter__(self) -> "Town":
        self._ready, self._busy, self._over = (self._spawn.Event() for _ in range(3))
        self._process = self._spawn.Process(
            target=_live, args=(self.folder, self.clients, self._ready, self._busy, self._over)
        )
        self._process.start()
        while not self._ready.wait(0.5):
            if not self._process.is_alive():
                raise RuntimeError("The stores' process ended before it was up.")
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._process.join()

    @property
    def pid(self) -> int:
        """The process of stores, shoppers and floor."""
        return int(self._process.pid or 0)

    def begin(self) -> None:
        """Let shoppers order and the floor work."""
        self._busy.set()

    def pause(self) -> None:
        """No more orders, no more work; the stores answer."""
        self._busy.clear()

    def happened(self) -> Happened:
        """All events up to about a second ago."""
        kept = json.loads((self.folder / "happened.json").read_text(encoding="utf-8"))
        return Happened(**{name: {(client, what): at for client, what, at in rows} for name, rows in kept.items()})


def client_names(count: int, first: int = 0) -> list[str]:
    """Ids in order."""
    return [f"client{number:05}" for number in range(first, first + count)]


def _live(folder: Path, clients: list[str], ready: Event, busy: Event, over: Event) -> None:
    stores = {
        client: generate_store(
            client,
            seed=number,
            orders=_ORDERS,
            products=_PRODUCTS,
            days=_DAYS,
            today=datetime.now(UTC),
            api_user=f"api@{client}.example",
            api_key=API_KEY,
        )
        for number, client in enumerate(clients)
    }
    life = _Life(folder, stores)
    with SandboxServer(stores, latency_ms=_LATENCY_MS) as server:
        start = (datetime.now(UTC) - timedelta(days=_DAYS - 1)).date()
        for client in clients:
            wanted = {"start_date": start, "statuses": ["Paid"], "countries": _COUNTRIES}
            write_setup(folder / "clients", client, server.url, orders=wanted)
        life.stock_up()
        ready.set()
        watching = threading.Thread(target=life.watch, args=(over,), name="watch")
        watching.start()
        life.pass_by(busy, over)
        watching.join()


class _Life:
    """The shoppers' and the floor's doings, and the notes of them."""

    def __init__(self, folder: Path, stores: dict[str, SandboxStore]) -> None:
        self._folder, self._stores = folder, stores
        self._engine = open_platform(f"sqlite:///{folder / 'platform.sqlite'}")
        self._floor = WarehouseFloor(self._engine, seed=SEED)
        self._dice = random.Random(SEED)
        self._unpaid: dict[str, int] = {}
        self._paid: dict[tuple[str, str], float] = {}
        self._imported: dict[tuple[str, str], float] = {}
        self._in_store: dict[tuple[str, str], float] = {}
        self._since = datetime.now(UTC)
        for client, store in stores.items():
            store.recorder = lambda changes, client=client: self._note_shipments(client, changes)

    def stock_up(self) -> None:
        """Fill all shelves."""
        now = datetime.now(UTC)
        for client, store in self._stores.items():
            self._floor.count(client, store.skus(), now)

    def pass_by(self, busy: Event, over: Event) -> None:
        """One doing after the other at random moments while `busy`, until `over`."""
        each = MINUTES_BETWEEN * 60 / (2 * len(self._stores))
        while not over.is_set():
            if not busy.is_set():
                busy.wait(0.5)
                continue
            over.wait(self._dice.expovariate(1 / each))
            client = self._dice.choice(list(self._stores))
            if self._dice.random() < 0.5:  # noqa: PLR2004
                self._shop(client)
            else:
                self._floor.work(client, datetime.now(UTC))

    def watch(self, over: Event) -> None:
        """Note twice a second what has come onto the platform, and write everything down."""
        while not over.wait(0.5):
            self._record()

    def _record(self) -> None:
        with self._engine.connect() as connection:
            there = connection.execute(
                sa.select(orders.c.client, orders.c.store_order_id).where(orders.c.imported_at >= self._since)
            ).all()
            now = time.time()
            lodged = connection.execute(
                sa.select(shipments.c.client, shipments.c.tracking_number, shipments.c.lodged_at)
            ).all()
        for client, order_id in there:
            self._imported.setdefault((client, order_id), now)
        notes = {
            "paid": [(*key, at) for key, at in list(self._paid.items())],
            "imported": [(*key, at) for key, at in self._imported.items()],
            "lodged": [(client, number, at.timestamp()) for client, number, at in lodged],
            "in_store": [(*key, at) for key, at in list(self._in_store.items())],
        }
        being_written = self._folder / "happened.json.new"
        being_written.write_text(json.dumps(notes), encoding="utf-8")
        being_written.replace(self._folder / "happened.json")

    def _shop(self, client: str) -> None:
        store = self._stores[client]
        if waiting := self._unpaid.pop(client, None):
            store.change_status(waiting, "P")
            paid = store.orders[waiting].status == "P"  # The goods may be sold by now.
            order_id = waiting if paid else None
        else:
            order_id = self._order(client, store)
        if order_id:
            self._paid[client, str(order_id)] = time.time()

    def _order(self, client: str, store: SandboxStore) -> int | None:
        """An order that is paid at once; None for one that isn't, or for which there is nothing."""
        goods = [
            one.product_id
            for one in store.products.values()
            if one.tracked and one.product_code and one.amount and not one.is_edp
        ]
        is_unpaid = self._dice.random() < _UNPAID
        try:
            order_id = store.place_order(
                [(self._dice.choice(goods), 1)],
                customer=draw_customer(self._dice, self._dice.randint(1, 99)),
                status="F" if is_unpaid else "P",
            )
        except (OutOfStockError, IndexError):
            return None
        if is_unpaid:
            self._unpaid[client] = order_id
        return None if is_unpaid else order_id

    def _note_shipments(self, client: str, changes: Iterable[Change]) -> None:
        for kind, number in changes:
            shipment = self._stores[client].shipments.get(number)
            if kind == "shipment" and shipment:
                self._in_store.setdefault((client, shipment.tracking_number), time.time())
