"""Good stores and bad ones beside them: their clients, what happens in them, and when bad ones may take part.

Not here: how the bad ones are bad (neighbours.py), what is measured (neighbours_campaign.py).
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import yaml

from npf_pipelines.loopback import LoopbackServer
from npf_pipelines.sandbox.app import sandbox_app
from npf_pipelines.state.health import forget_health, read_health
from npf_pipelines_tests.dagster_speed import make_usual_home
from npf_pipelines_tests.hostile.neighbours import KINDS, SELF_SIGNED, BadStores, SelfSignedServer, make_bomb
from npf_pipelines_tests.loop import API_KEY, KEY_VARIABLE, Loop, generated_store, settings_of, write_setup

_LATENCY_MS = 50.0
_ORDERS_AT_A_TIME = 3
_PLENTY = 100_000
_TRIES = 3
"""A write whose answer a busy machine has lost waits for the next run, which may be a sweep."""


@dataclass
class Town:
    """The stores and their clients.

    Attributes:
        loop: stores, platform and pipeline, good and bad.
        good: the clients whose stores are good.
        bad: the clients whose stores are bad as soon as they are let in.
    """

    loop: Loop
    good: Sequence[str]
    bad: Sequence[str]
    _stores: BadStores

    def prepare(self) -> None:
        """Bring all clients through the loop while every store is good, and import orders that are to be lodged.

        The parcels of the bad ones wait from now on.
        """
        make_bomb()
        for _ in range(_TRIES):
            if not self.loop.run_all():
                break
        self._place_orders([*self.good, *self.bad])
        self.loop.run("orders")
        self._lodge(self.bad)
        self.keep_out()

    def keep_out(self) -> None:
        """Pause the clients of the bad stores."""
        self._pause(is_paused=True)
        self._stores.are_bad = False

    def let_in(self) -> None:
        """Let the bad stores be bad, and their clients be swept as if each was bad for the first time."""
        self._stores.are_bad = True
        for client in self.bad:
            forget_health(self.loop.services.state, client)
        self._pause(is_paused=False)

    def keep_good(self) -> None:
        """Mend the bad stores for good: all except the store with the self-signed certificate."""
        self.keep_out()
        self._pause(is_paused=False)

    def make_work(self) -> None:
        """Something for each flow at every good client: orders, parcels of those imported before, a larger amount."""
        self._lodge(self.good)
        self._place_orders(self.good)
        for client in self.good:
            self.loop.floor.receive(client, self.loop.stores[client].skus()[0], 1, datetime.now(UTC))

    def bad_without_reason(self) -> list[str]:
        """The bad stores' clients of which neither `health` nor a row in the tables says what is wrong."""
        failing = {client for (client, _), health in read_health(self.loop.services.state).items() if health.reason}
        rows = self.loop.rows("SELECT DISTINCT client FROM filtered_orders WHERE decision = 'set_aside'")
        return sorted(set(self.bad) - failing - {client for (client,) in rows})

    def _lodge(self, clients: Sequence[str]) -> None:
        for client in clients:
            for _ in range(2):  # The second time lodges the orders left in picking.
                self.loop.floor.work(client, datetime.now(UTC))

    def _place_orders(self, clients: Sequence[str]) -> None:
        for client in clients:
            if store := self.loop.stores.get(client):
                goods = next(one for one in store.products.values() if one.tracked and one.product_code)
                store.set_amount(goods.product_id, _PLENTY)
                for _ in range(_ORDERS_AT_A_TIME):
                    store.place_order([(goods.product_id, 1)])

    def _pause(self, *, is_paused: bool) -> None:
        for client in self.bad:
            path = self.loop.settings.clients / f"{client}.yaml"
            setup = yaml.safe_load(path.read_text(encoding="utf-8"))
            path.write_text(yaml.safe_dump(setup | {"paused": is_paused}), encoding="utf-8")


@contextlib.contextmanager
def opened_town(folder: Path, good: int, kinds: Sequence[str], latency_ms: float = _LATENCY_MS) -> Iterator[Town]:
    """A town in which nothing has happened yet.

    Args:
        folder: the data folder.
        good: how many stores are good.
        kinds: of the bad stores, one of each. In the order of the clients they come first: the worst place.
        latency_ms: milliseconds that each request waits.
    """
    settings = settings_of(folder)
    os.environ[KEY_VARIABLE] = API_KEY
    home = folder / "dagster"
    make_usual_home(home)
    names = [f"good{number:02}" for number in range(good)]
    bad = {f"bad-{kind}": kind for kind in kinds}
    stores = {
        client: generated_store(client, number, orders=12, products=10, days=3)
        for number, client in enumerate([*names, *bad])
        if client not in bad or bad[client] in KINDS
    }
    badly = BadStores(sandbox_app(stores, latency_ms=latency_ms), bad)
    with (
        LoopbackServer(badly) as server,
        SelfSignedServer() as self_signed,
        dg.DagsterInstance.from_config(str(home)) as instance,
    ):
        for client in (*names, *bad):
            write_setup(settings.clients, client, self_signed.url if bad.get(client) == SELF_SIGNED else server.url)
        loop = Loop(settings, instance, stores, server.url)
        yield Town(loop, names, list(bad), badly)
        loop.services.close_databases()
