"""A small world for tests of the whole loop: generated stores on a real socket, a real instance, one temporary folder.

Not here: what is asserted of it.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import stamina
import yaml
from pydantic import SecretStr

from npf_pipelines.automation.launch import Launched, launch
from npf_pipelines.cli.summary import decisions
from npf_pipelines.config.places import Place
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.domain.days import day_of
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.agreement import disagreements
from npf_pipelines.sandbox.floor import WarehouseFloor
from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.state import StateFile
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.dagster_speed import open_instance

API_KEY = "planted-api-key-7f3a"
KEY_VARIABLE = "NPF_LOOP_TEST_API_KEY"
DAYS = 4


@dataclass
class Loop:
    """The world: its stores by client, what their codes are in the warehouse, and the ways to set it in motion."""

    settings: Settings
    instance: dg.DagsterInstance
    stores: dict[str, SandboxStore]
    url: str
    sku_maps: dict[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    services: Services = field(init=False)
    floor: WarehouseFloor = field(init=False)

    def __post_init__(self) -> None:
        self.services = Services(self.settings)
        self.floor = WarehouseFloor(self.services.platform_engine, seed=3)

    @property
    def defs(self) -> dg.Definitions:
        """The definitions as the code location would load them now."""
        return build_defs(self.settings)

    def run(self, family: str, *clients: str, days: tuple[date, date] | None = None, **config: bool) -> list[Launched]:
        """One family's job for the clients (all if none is named) over the given days, all by default."""
        wanted = sorted(clients or self.stores)
        span = None if family in {"stock", "reports"} else days or self.days
        return [launch(self.defs, self.instance, f"{family}_job", wanted, span, **config)]

    def backfill(self, family: str, *clients: str, **config: bool) -> bool:
        """The same over all partitions of the clients, all if none is named, as the UI launches it; whether it went."""
        wanted = sorted(clients or self.stores)
        Cell().register(self.instance, wanted)
        first, last = self.days
        ends = (wanted[0], wanted[-1]) if family == "stock" else (f"{wanted[0]}|{first}", f"{wanted[-1]}|{last}")
        names = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
        result = self.defs.resolve_job_def(f"{family}_job").execute_in_process(
            instance=self.instance,
            tags=dict(zip(names, ends, strict=True)),
            run_config={"ops": {family: {"config": config}}},
            raise_on_error=False,
        )
        return result.success

    def run_all(self) -> list[str]:
        """The whole loop once, floor included; what failed."""
        launched = self.run("orders")
        self.work()
        launched += self.run("shipments") + self.run("stock", override_change_limit=True)
        return [one.failure for one in launched if one.failure]

    def work(self) -> None:
        """The floor counts, picks, packs and lodges once."""
        now = datetime.now(UTC)
        for client, store in self.stores.items():
            self.floor.count(client, (sku for sku in store.skus() if sku not in self.sku_maps.get(client, {})), now)
            self.floor.work(client, now)

    @property
    def days(self) -> tuple[date, date]:
        """From before the first order to the easternmost client's today."""
        setups = self.services.setups().clients.values()
        today = max(day_of(datetime.now(UTC), setup.zone) for setup in setups)
        return min(setup.orders.start_date for setup in setups), today

    def disagreements(self) -> list[str]:
        """The differences between store, platform and lake, over all clients."""
        setups = self.services.setups()
        return [
            sentence
            for client, store in self.stores.items()
            for sentence in disagreements(
                setups[client],
                store,
                tuple(other for name, other in self.stores.items() if name != client),
                self.services.platform_engine,
                decisions(self.services.lake, client),
                sku_map=self.sku_maps.get(client, {}),
            )
        ]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer to an SQL query over the lake."""
        with self.services.lake.connect() as connection:
            return list(connection.execute(query).rows)


def write_setup(folder: Place, client: str, url: str, *, mode: str | None = "live", **changes: dict[str, Any]) -> None:
    """A client's master setup, without a mode if it is None; `changes` go over its sections."""
    sections: dict[str, dict[str, Any]] = {
        "store": {
            "url": f"{url}/{client}",
            "api_user": f"api@{client}.example",
            "api_key_env": KEY_VARIABLE,
            "user_id": 1,
            "time_zone": "Australia/Sydney",
        },
        "orders": {
            "start_date": (datetime.now(UTC) - timedelta(days=DAYS - 1)).date(),
            "prefix": "CS",
            "statuses": ["Paid", "Open", "Ready to pack"],
            "countries": ["Australia", "NZ"],
        },
        "tracking": {"shipped_status": "Complete", "partially_shipped_status": "Back Ordered"},
        "stock": {"quantity": "available", "negative_as_zero": True},
        "alerts": {},
    }
    setup = {"id": client, "name": client.title(), **({"mode": mode} if mode else {})} | {
        name: section | changes.get(name, {}) for name, section in sections.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{client}.yaml").write_text(yaml.safe_dump(setup), encoding="utf-8")


def settings_of(folder: Path, **others: str) -> Settings:
    """The settings of a world in a folder, whatever the environment says; `others` go over them."""
    return Settings(
        data=folder,
        platform_url=SecretStr(f"sqlite:///{folder / 'platform.sqlite'}"),
        **{  # type: ignore[arg-type]
            "clients": folder / "clients",
            "lake": str(folder / "lake"),
            "reports": folder / "reports",
        }
        | others,
    )


def generated_store(client: str, seed: int, *, orders: int, products: int, days: int) -> SandboxStore:
    """A store with orders until now, which the key of the tests opens."""
    return generate_store(
        client,
        seed=seed,
        orders=orders,
        products=products,
        days=days,
        today=datetime.now(UTC),
        api_user=f"api@{client}.example",
        api_key=API_KEY,
    )


@contextlib.contextmanager
def small_loop(folder: Path, clients: tuple[str, ...] = ("acme", "bolt"), **settings: str) -> Iterator[Loop]:
    """A world of a few clients with a few dozen orders each, in which nothing has happened yet."""
    stores = {
        client: generated_store(client, number, orders=45, products=25, days=DAYS + 1)
        for number, client in enumerate(clients, 1)
    }
    with opened_loop(folder, stores, **settings) as world:
        yield world


@contextlib.contextmanager
def copied_loop(world: Loop, folder: Path) -> Iterator[Loop]:
    """A copy of a world in its present state, which may be changed."""
    shutil.copytree(world.settings.data, folder, dirs_exist_ok=True)
    with StateFile(folder / "stores.sqlite") as state:
        for store in world.stores.values():
            state.keep(store)
            store.recorder = None
        stores = state.load()
        for store in stores.values():
            store.recorder = None
    with opened_loop(folder, stores) as copy:
        yield copy


@contextlib.contextmanager
def opened_loop(folder: Path, stores: dict[str, SandboxStore], **others: str) -> Iterator[Loop]:
    """A world of these stores over what the folder holds already; `others` are further settings."""
    settings = settings_of(folder, **others)
    os.environ[KEY_VARIABLE] = API_KEY
    with (
        SandboxServer(stores) as server,
        open_instance(folder / "dagster") as instance,
        # Repeats without their pauses.
        stamina.set_testing(True, attempts=4, cap=True),
    ):
        for client in stores:
            write_setup(settings.clients, client, server.url)
        world = Loop(settings, instance, stores, server.url)
        yield world
        world.services.close_databases()
