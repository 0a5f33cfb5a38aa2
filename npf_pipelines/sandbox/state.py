"""The stores of a sandbox in one SQLite file, written at each change: a killed sandbox comes back as it was.

Not kept: state of the running process only, which is the journal, the counters and the switches.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import TypeAdapter

from npf_pipelines.sandbox.model import Mail, Order, Product, Shipment, ShippingMethod, Status
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.sandbox.store_state import Change

_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "product": TypeAdapter(Product),
    "order": TypeAdapter(Order),
    "shipment": TypeAdapter(Shipment),
    "mail": TypeAdapter(Mail),
    "status": TypeAdapter(Status),
    "shipping": TypeAdapter(ShippingMethod),
    "next_order_id": TypeAdapter(int),
    "next_shipment_id": TypeAdapter(int),
}


class StateFile:
    """The file. Use it as a context manager, or `close()` it."""

    def __init__(self, path: Path) -> None:
        """Open or create the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Changes come from the server's thread and from the shopper's thread.
        self._lock = threading.Lock()
        self._base = sqlite3.connect(path, check_same_thread=False)
        self._base.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE TABLE IF NOT EXISTS stores (store TEXT PRIMARY KEY, settings TEXT NOT NULL);"
            "CREATE TABLE IF NOT EXISTS things (store TEXT, kind TEXT, number INTEGER, body TEXT NOT NULL,"
            " PRIMARY KEY (store, kind, number)) WITHOUT ROWID;"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; stores that still change will fail to."""
        self._base.close()

    def keep(self, store: SandboxStore) -> None:
        """Write the store whole, in place of what the file had of it, and record it from now on."""
        settings = {
            "version": store.version,
            "api_user": store.api_user,
            "api_key": store.api_key,
            "currency": store.currency,
            "time_zone": store.time_zone,
            "items_per_page": store.items_per_page,
            "whole_orders_in_lists": store.whole_orders_in_lists,
            "multi_vendor": store.multi_vendor,
        }
        everything: list[tuple[str, int, Any]] = [
            *(("product", number, product) for number, product in store.products.items()),
            *(("order", number, order) for number, order in store.orders.items()),
            *(("shipment", number, shipment) for number, shipment in store.shipments.items()),
            *(("mail", number, mail) for number, mail in enumerate(store.mails)),
            *(("status", number, status) for number, status in enumerate(store.statuses.values())),
            *(("shipping", number, method) for number, method in store.shippings.items()),
            ("next_order_id", 0, store.next_order_id),
            ("next_shipment_id", 0, store.next_shipment_id),
        ]
        with store.lock:
            with self._lock, self._base:
                self._base.execute("DELETE FROM things WHERE store = ?", (store.store_id,))
                self._base.execute(
                    "INSERT OR REPLACE INTO stores VALUES (?, ?)", (store.store_id, json.dumps(settings))
                )
                self._base.executemany(
                    "INSERT INTO things VALUES (?, ?, ?, ?)",
                    (
                        (store.store_id, kind, number, _ADAPTERS[kind].dump_json(thing).decode())
                        for kind, number, thing in everything
                    ),
                )
            store.recorder = partial(self._record, store)

    def load(self, *, clock: Callable[[], float] = time.time) -> dict[str, SandboxStore]:
        """The stores of the file by id, recorded from now on; empty for a new file."""
        stores = {}
        for store_id, settings in self._base.execute("SELECT store, settings FROM stores ORDER BY store"):
            kept = json.loads(settings)
            major, minor, patch = kept.pop("version")
            store = SandboxStore(store_id, version=(major, minor, patch), clock=clock, **kept)
            store.statuses = {status.letter: status for status in self._things(store_id, "status").values()}
            store.shippings = self._things(store_id, "shipping")
            for product in self._things(store_id, "product").values():
                store.add_product(product)
            for order in self._things(store_id, "order").values():
                store.add_order(order)
            for shipment in self._things(store_id, "shipment").values():
                store.add_shipment(shipment)
            store.mails = list(self._things(store_id, "mail").values())
            store.next_order_id = self._things(store_id, "next_order_id")[0]
            store.next_shipment_id = self._things(store_id, "next_shipment_id")[0]
            store.recorder = partial(self._record, store)
            stores[store_id] = store
        return stores

    def _things(self, store_id: str, kind: str) -> dict[int, Any]:
        rows = self._base.execute(
            "SELECT number, body FROM things WHERE store = ? AND kind = ? ORDER BY number", (store_id, kind)
        )
        return {number: _ADAPTERS[kind].validate_json(body) for number, body in rows}

    def _record(self, store: SandboxStore, changes: Iterable[Change]) -> None:
        """Write the things that changed as they are now, in one transaction."""
        with self._lock, self._base:
            for kind, number in changes:
                thing = _thing(store, kind, number)
                if thing is None:
                    self._base.execute(
                        "DELETE FROM things WHERE store = ? AND kind = ? AND number = ?",
                        (store.store_id, kind, number),
                    )
                else:
                    self._base.execute(
                        "INSERT OR REPLACE INTO things VALUES (?, ?, ?, ?)",
                        (store.store_id, kind, number, _ADAPTERS[kind].dump_json(thing).decode()),
                    )


def _thing(store: SandboxStore, kind: str, number: int) -> Any:
    """The thing that a change names, as it is now; None for a shipment that is gone."""
    match kind:
        case "product":
            return store.products[number]
        case "order":
            return store.orders[number]
        case "shipment":
            return store.shipments.get(number)
        case "mail":
            return store.mails[number]
        case "status":
            return list(store.statuses.values())[number]
        case _:
            return getattr(store, kind)
