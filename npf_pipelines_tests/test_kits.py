"""A client whose store sells an alias, a pack and a kit: orders, parcels and stock, from end to end without Dagster."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from npf_pipelines.assets.orders import run_orders
from npf_pipelines.assets.shipments import run_shipments
from npf_pipelines.assets.stock import run_stock
from npf_pipelines.config.sku_file import sku_file_path
from npf_pipelines.domain.open_kinds import SKU_MAP_REFUSED
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.database import create_platform
from npf_pipelines.platform.lodgements import ParcelLabel, add_shipped_units, insert_shipment, set_order_status
from npf_pipelines.platform.tables import kits, order_lines, orders, stock
from npf_pipelines.runs.failures import NoSkuMap
from npf_pipelines.runs.open_items import Recounts, count_open_items
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.model import Product, Status
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.open_items import OpenItems, read_open_items
from npf_pipelines_tests.faults.bare_run import BareRun, services_of
from npf_pipelines_tests.faults.tracking_client import API_KEY, API_USER, CLIENT, PARTIALLY_SHIPPED
from npf_pipelines_tests.faults.tracking_client import SETUP as TRACKING_SETUP
from npf_pipelines_tests.store_versions import NEW, both_versions

CODES = {1: "TEA", 2: "BOX", 3: "SET", 4: "T", 5: "KITE"}
"""The store's products: a part that is sold alone, a pack of it, a kit, an alias, and a product without a map."""
MAP = "store_sku,warehouse_sku,quantity\nBOX,TEA,2\nSET,TEA,1\nSET,CUP,1\nT,TEA,1\n"


@dataclass
class World:
    """Store, platform and client."""

    services: Services
    store: SandboxStore
    engine: sa.Engine
    skus: str | None = "file"
    parcels: int = 0
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def setup(self) -> dict[str, Any]:
        """The master setup."""
        orders_part = {"start_date": "2020-01-01", "prefix": "CS", "statuses": ["P"], "skus": self.skus}
        return TRACKING_SETUP | {
            "orders": orders_part,
            "stock": {"quantity": "available", "negative_as_zero": True},
        }

    def order(self, *cart: tuple[int, int]) -> int:
        """An order in the store."""
        return self.store.place_order(list(cart), status="P")

    def run(self, flow: Any, **config: bool) -> None:
        """A flow for the client."""
        days = () if flow is run_stock else (self.now.date(),)
        asyncio.run(flow(BareRun(self.services, self.setup, *days), **config))

    def lines(self, order_id: int) -> list[tuple[str, int, str | None, int | None]]:
        """An order's lines on the platform."""
        columns = (order_lines.c.sku, order_lines.c.quantity, order_lines.c.kit_sku, order_lines.c.kit_quantity)
        query = sa.select(*columns).where(order_lines.c.order_number == f"CS{order_id}").order_by(order_lines.c.line_id)
        with self.engine.connect() as connection:
            return sorted((tuple(row) for row in connection.execute(query)), key=str)

    def lodge(self, order_id: int, status: OrderStatus, **units: int) -> None:
        """The warehouse lodges a parcel."""
        number = f"CS{order_id}"
        self.parcels += 1
        with self.engine.begin() as connection:
            lines = connection.execute(sa.select(order_lines).where(order_lines.c.order_number == number)).all()
            packed = []
            left = dict(units)
            for line in lines:
                taken = min(left.get(line.sku, 0), line.quantity - line.quantity_shipped)
                left[line.sku] = left.get(line.sku, 0) - taken
                packed.append((line.line_id, line.sku, taken))
            add_shipped_units(connection, CLIENT, number, packed)
            label = ParcelLabel("Australia Post", f"T{self.parcels}", "")
            shipment_id = f"{number}-{self.parcels}"
            insert_shipment(connection, CLIENT, number, shipment_id, label=label, quantities=units, now=self.now)
            set_order_status(connection, CLIENT, number, status, self.now)

    def shipped(self, order_id: int) -> dict[str, int]:
        """Units in the store's shipments of an order, by the store's code."""
        codes = {line.item_id: line.product_code for line in self.store.orders[order_id].lines}
        return {codes[item]: units for item, units in self.store.shipped(order_id).items()}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer of the lake."""
        return self.services.lake.connect().execute(query).rows

    def amounts(self) -> dict[str, int]:
        """The amounts on sale."""
        return {product.product_code: product.amount for product in self.store.products.values()}

    def write_map(self, text: str) -> None:
        """The file of the map."""
        path = sku_file_path(self.services.settings.clients, CLIENT)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


@contextmanager
def opened(folder: Path, version: tuple[int, int, int] = NEW) -> Iterator[World]:
    store = SandboxStore(CLIENT, api_user=API_USER, api_key=API_KEY.get_secret_value(), version=version)
    store.statuses[PARTIALLY_SHIPPED] = Status(PARTIALLY_SHIPPED, "Partially shipped", "D")
    store.statuses["S"] = Status("S", "Short shipped", "D")
    for number, code in CODES.items():
        store.add_product(Product(number, code, code.title(), 1200, amount=50))
    url = f"sqlite:///{folder / 'platform.sqlite'}"
    engine = create_platform(url)
    with engine.begin() as connection:
        counted = [
            {"client": CLIENT, "sku": sku, "on_hand": units, "updated_at": datetime.now(UTC)}
            for sku, units in {"TEA": 20, "CUP": 5, "KITE": 9}.items()
        ]
        connection.execute(sa.insert(stock), counted)
    with SandboxServer({CLIENT: store}) as server:
        services = services_of(server.store_url(CLIENT), url, folder, 5)
        world = World(services, store, engine)
        world.write_map(MAP)
        yield world
        services.close_databases()
    engine.dispose()


def open_problems(world: World) -> list[OpenItems]:
    """The open items of the map after a run of orders."""
    run = BareRun(world.services, world.setup, world.now.date())
    run.recounts = Recounts(world.services.state, "orders", "run", CLIENT)
    asyncio.run(run_orders(run))
    with dg.build_asset_context() as context:
        count_open_items(context.log, world.services, "orders", "run", run.recounts.in_hand)
    return [items for items in read_open_items(world.services.state) if items.kind == SKU_MAP_REFUSED.key]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as made:
        yield made


def test_orders_are_exploded_and_follow_edits_and_cancellations_by_what_they_were_imported_with(world: World) -> None:
    first, second = world.order((2, 3), (5, 1)), world.order((3, 1))
    world.run(run_orders)
    assert world.lines(first) == [("KITE", 1, None, None), ("TEA", 6, "BOX", 3)]
    assert world.lines(second) == [("CUP", 1, "SET", 1), ("TEA", 1, "SET", 1)]
    world.write_map(MAP.replace("BOX,TEA,2", "BOX,TEA,4"))
    third = world.order((2, 1))
    world.store.orders[first].lines[0].amount = 2
    world.store.change_status(second, "I")
    world.run(run_orders)
    assert world.lines(first) == [("KITE", 1, None, None), ("TEA", 4, "BOX", 2)]
    assert world.lines(third) == [("TEA", 4, "BOX", 1)], "a changed map holds for new orders"
    assert world.rows("SELECT order_number, outcome FROM platform_orders ORDER BY ALL") == [
        (f"CS{first}", "imported"),
        (f"CS{second}", "cancelled"),
        (f"CS{third}", "imported"),
    ]
    assert {reason for (reason,) in world.rows("SELECT reason FROM platform_orders WHERE outcome = 'imported'")} == {
        "on the platform as in the store"
    }


@both_versions
def test_an_order_of_kits_of_an_earlier_day_is_read_again_only_if_it_was_edited(
    tmp_path: Path, version: tuple[int, int, int]
) -> None:
    with opened(tmp_path, version) as world:
        placed = world.now - timedelta(days=2)
        order_id = world.store.place_order([(2, 1)], status="P", timestamp=int(placed.timestamp()))
        world.store.orders[order_id].updated_at = world.store.orders[order_id].timestamp
        said: list[str] = []

        def run(*days: date) -> None:
            said.clear()
            client_run = BareRun(world.services, world.setup, *days)
            client_run.log = said.append  # type: ignore[method-assign, assignment]
            asyncio.run(run_orders(client_run))

        run(placed.date(), placed.date() + timedelta(days=1), world.now.date())
        assert world.lines(order_id) == [("TEA", 2, "BOX", 1)]
        for _ in range(2):
            run(world.now.date())
            assert not [line for line in said if "has changed since" in line]
        world.store.orders[order_id].lines[0].amount = 2
        world.store.orders[order_id].updated_at = world.store.now
        run(world.now.date())
        assert world.lines(order_id) == [("TEA", 4, "BOX", 2)]


def test_a_part_shipped_kit_is_reported_and_ships_whole_with_its_rest(world: World) -> None:
    order_id = world.order((3, 2), (5, 1))
    world.run(run_orders)
    world.lodge(order_id, OrderStatus.BACK_ORDER, TEA=2, CUP=1, KITE=1)
    world.run(run_shipments)
    assert world.shipped(order_id) == {"SET": 1, "KITE": 1}
    assert world.store.orders[order_id].status == PARTIALLY_SHIPPED
    ((reason,),) = world.rows("SELECT reason FROM tracking_push")
    assert reason.endswith("1 of TEA for SET part-shipped: the rest of the kit is in no parcel yet")
    world.lodge(order_id, OrderStatus.SHIPPED, CUP=1)
    world.run(run_shipments)
    assert world.shipped(order_id) == {"SET": 2, "KITE": 1}
    assert world.store.orders[order_id].status == "C"
    shipments, mails = len(world.store.shipments), len(world.store.mails)
    world.run(run_shipments)
    assert (len(world.store.shipments), len(world.store.mails)) == (shipments, mails)


def test_a_parcel_of_nothing_but_parts_is_no_shipment_of_the_store(world: World) -> None:
    order_id = world.order((3, 1))
    world.run(run_orders)
    world.lodge(order_id, OrderStatus.PICKING, TEA=1)
    world.run(run_shipments)
    assert not world.store.shipments
    assert world.rows("SELECT outcome, status_outcome FROM tracking_push") == [("part_of_kit", "set")]
    assert world.store.orders[order_id].status == PARTIALLY_SHIPPED
    world.lodge(order_id, OrderStatus.SHIPPED, CUP=1)
    world.run(run_shipments)
    assert world.shipped(order_id) == {"SET": 1}
    assert world.store.orders[order_id].status == "C"


def test_every_product_that_shares_a_part_gets_what_the_part_allows(world: World) -> None:
    world.run(run_orders)
    world.run(run_stock, override_change_limit=True)
    assert world.amounts() == {"TEA": 20, "BOX": 10, "SET": 5, "T": 20, "KITE": 9}
    reasons = dict(world.rows("SELECT sku, reason FROM stock_push"))
    assert "5 of SET: CUP has 5, 1 in each (5 on hand)" in reasons["SET"]
    assert reasons["CUP"] == "sold as SET"
    world.order((2, 4), (3, 1))  # In flight: nine of TEA, one CUP.
    world.run(run_stock, override_change_limit=True)
    assert world.amounts() == {"TEA": 11, "BOX": 5, "SET": 4, "T": 11, "KITE": 9}
    world.run(run_orders)
    world.run(run_stock, override_change_limit=True)
    assert world.amounts() == {"TEA": 11, "BOX": 5, "SET": 4, "T": 11, "KITE": 9}
    reasons = dict(world.rows("SELECT sku, reason FROM stock_push"))
    assert "5 of BOX: TEA has 11, 2 in each (20 on hand, less 9 in process)" in reasons["BOX"]


def test_a_map_that_is_not_good_is_named_and_the_last_good_one_used(world: World) -> None:
    world.run(run_orders)
    world.write_map(MAP + "BIG,GHOST,2\nTIN,TEA,x\n")
    order_id = world.order((2, 1))
    (left_open,) = open_problems(world)
    assert world.lines(order_id) == [("TEA", 2, "BOX", 1)]
    problems = [problem for (problem,) in world.rows("SELECT problem FROM sku_map_problems ORDER BY ALL")]
    assert [problem.partition(":")[0] for problem in problems] == ["acme.skus.csv, line 6", "acme.skus.csv, line 7"]
    assert (left_open.kind, left_open.rows, left_open.first) == (
        SKU_MAP_REFUSED.key,
        2,
        ", ".join(problems),
    )
    world.write_map(MAP)
    assert open_problems(world) == []
    assert world.rows("FROM sku_map_problems") == []


def test_without_any_good_map_nothing_is_imported(world: World) -> None:
    world.write_map("store_sku,warehouse_sku,quantity\nBOX,GHOST,2\n")
    world.order((2, 1))
    with pytest.raises(NoSkuMap, match=r"acme\.skus\.csv, line 2: the warehouse has no stock row of GHOST"):
        world.run(run_orders)
    with pytest.raises(NoSkuMap, match="the SKU map is not good"):
        world.run(run_stock)
    with world.engine.connect() as connection:
        assert not connection.execute(sa.select(orders)).all()


@pytest.mark.parametrize("source", ["file", "platform"])
def test_an_empty_map_is_not_good(world: World, source: str) -> None:
    """A table that is being loaded, or is another client's, has no rows: no kit may be imported as it is."""
    world.skus = source
    world.write_map(MAP.partition("\n")[0])
    with pytest.raises(NoSkuMap, match="has no row of the client"):
        world.run(run_orders)
    world.skus = "file"
    world.write_map(MAP)
    world.run(run_orders)
    world.write_map("store_sku,warehouse_sku,quantity\n")
    world.skus = source
    order_id = world.order((2, 1))
    assert [items.rows for items in open_problems(world)] == [1]
    assert world.lines(order_id) == [("TEA", 2, "BOX", 1)]


def test_the_map_can_be_the_platforms_table(world: World) -> None:
    world.skus = "platform"
    with world.engine.begin() as connection:
        row = {"client": CLIENT, "kit_sku": "BOX", "part_sku": "TEA", "quantity": 6}
        connection.execute(sa.insert(kits), [row, row | {"client": "bolt", "quantity": 3}])
    order_id = world.order((2, 1))
    world.run(run_orders)
    assert world.lines(order_id) == [("TEA", 6, "BOX", 1)]


def test_test_items_go_on_working_with_a_map(world: World) -> None:
    world.store.add_product(Product(9, "Test001", "Test item", 100, amount=5))
    order_id = world.order((9, 2))
    world.run(run_orders)
    assert world.lines(order_id) == [("Test001", 2, None, None)]
    world.lodge(order_id, OrderStatus.SHIPPED, Test001=2)
    world.run(run_shipments)
    assert world.shipped(order_id) == {"Test001": 2}


def test_a_platform_that_cannot_hold_kits_is_named(world: World) -> None:
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE order_lines DROP COLUMN kit_sku")
    engine = world.services.__dict__["platform_engine"] = world.engine
    assert engine is world.services.platform_engine
    with pytest.raises(NoSkuMap, match="lacks kit_sku and kit_quantity"):
        world.run(run_orders)
    world.skus = None
    order_id = world.order((2, 1))
    world.run(run_orders)
    with world.engine.connect() as connection:
        assert connection.scalar(sa.select(order_lines.c.sku).where(order_lines.c.order_number == f"CS{order_id}"))
