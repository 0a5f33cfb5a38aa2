"""A store and a platform of one order, whose parcels are pushed by the assets' code without Dagster.

Not here: what is asserted of it.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import stamina

from npf_pipelines.assets.shipments import run_shipments
from npf_pipelines.assets.stock import run_stock
from npf_pipelines.cli.summary import decisions
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.platform_orders import LodgedShipment, OrderStatus
from npf_pipelines.lake.tables import STOCK_PUSH, STORE_FACTS, TRACKING_PUSH
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import orders, shipment_lines, shipments, stock
from npf_pipelines.runs.failures import ClientFailure
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.agreement import disagreements
from npf_pipelines.sandbox.model import Product, Shipment, Status
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.builders import NOON, lodged, platform_line, platform_order
from npf_pipelines_tests.faults.bare_run import BareRun, services_of
from npf_pipelines_tests.faults.tracking_changes import lodge
from npf_pipelines_tests.faults.tracking_client import (
    API_KEY,
    API_USER,
    CLIENT,
    PARTIALLY_SHIPPED,
    SETUP,
    SHORT_SHIPPED,
)
from npf_pipelines_tests.leases import expire_leases

TODAY = NOON.date()
URL = "https://track.example/{}"


@dataclass
class ParcelWorld:
    """The world; its order has three kites and a drum."""

    store: SandboxStore
    services: Services
    order_id: int
    folder: Path

    def lodge(self, shipment_id: str = "S1", number: str = "T1", /, **changes: Any) -> LodgedShipment:
        """The warehouse lodges a parcel, by default all of the order by a carrier that no store knows."""
        usual: dict[str, Any] = {
            "order_number": f"CS{self.order_id}",
            "carrier": "Couriers Please",
            "tracking_url": URL.format(shipment_id),
            "quantities": {"KITE": 3, "DRUM": 1},
        }
        parcel = lodged(shipment_id, number, **usual | changes)
        with self.services.platform_engine.begin() as connection:
            for statement in lodge(parcel):
                connection.execute(statement)
        return parcel

    def correct(self, shipment_id: str, **values: Any) -> None:
        """The warehouse corrects a parcel."""
        with self.services.platform_engine.begin() as connection:
            connection.execute(sa.update(shipments).where(shipments.c.shipment_id == shipment_id).values(**values))

    def withdraw(self, shipment_id: str) -> None:
        """The warehouse takes a parcel back."""
        with self.services.platform_engine.begin() as connection:
            for table in (shipment_lines, shipments):
                connection.execute(sa.delete(table).where(table.c.shipment_id == shipment_id))

    def forget(self) -> None:
        """The tables of earlier pushes are lost."""
        for path in self.folder.rglob("tracking_push/**/*.parquet"):
            path.unlink()

    async def push(self, *, in_trial: bool = False) -> str:
        """One run over the day; why it failed."""
        expire_leases(self.services.state)
        try:
            await run_shipments(BareRun(self.services, SETUP, TODAY, in_trial=in_trial))
        except ClientFailure as failure:
            return str(failure)
        return ""

    def count(self, **on_hand: int) -> None:
        """The warehouse counts its stock, by SKU."""
        rows = [{"client": CLIENT, "sku": sku, "on_hand": units, "updated_at": NOON} for sku, units in on_hand.items()]
        with self.services.platform_engine.begin() as connection:
            connection.execute(sa.insert(stock), rows)

    async def push_stock(self, *, in_trial: bool = False, override: bool = True) -> dict[str, dict[str, Any]]:
        """One run of stock on hand; what became of each SKU."""
        expire_leases(self.services.state)
        setup = {**SETUP, "stock": {"quantity": "on_hand"}}
        await run_stock(BareRun(self.services, setup, in_trial=in_trial), override_change_limit=override)
        return {row["sku"]: row for row in self.services.lake.read(STOCK_PUSH, client=CLIENT)}

    def row(self, shipment_id: str = "S1") -> Mapping[str, Any]:
        """The result of the push of a parcel."""
        return {row["shipment_id"]: row for row in self.rows()}[shipment_id]

    def rows(self) -> list[dict[str, Any]]:
        """The result of the push of every parcel."""
        return self.services.lake.read_if_written(TRACKING_PUSH, client=CLIENT, day=TODAY)

    def write_rows(self, *rows: dict[str, Any]) -> None:
        """Write the rows as an earlier run would."""
        self.services.lake.write(TRACKING_PUSH, list(rows), client=CLIENT, day=TODAY)

    def disagreements(self) -> list[str]:
        """The differences that the demo's check finds in the order's shipments."""
        found = disagreements(
            MasterSetup.model_validate(SETUP),
            self.store,
            (),
            self.services.platform_engine,
            decisions(self.services.lake, CLIENT),
        )
        return [sentence for sentence in found if "the shipment " in sentence]

    @property
    def links(self) -> dict[str, bool]:
        """The store's carriers that are known, and whether the store links their numbers."""
        rows = self.services.lake.read_if_written(STORE_FACTS, client=CLIENT)
        return {one["code"]: one["links"] for row in rows for one in row["carrier_links"] or ()}

    @property
    def there(self) -> list[Shipment]:
        """The store's shipments of the order, oldest first."""
        return self.store.shipments_of(self.order_id)

    @property
    def status(self) -> str:
        """The order's letter in the store."""
        return self.store.orders[self.order_id].status


@contextlib.contextmanager
def parcel_world(folder: Path, *, clock: datetime = NOON) -> Iterator[ParcelWorld]:
    """The world, in which nothing is lodged yet."""
    store = SandboxStore(CLIENT, api_user=API_USER, api_key=API_KEY.get_secret_value(), clock=clock.timestamp)
    store.statuses[PARTIALLY_SHIPPED] = Status(PARTIALLY_SHIPPED, "Partially shipped", "D")
    store.statuses[SHORT_SHIPPED] = Status(SHORT_SHIPPED, "Short shipped", "D")
    for number, sku in enumerate(("KITE", "DRUM"), 1):
        store.add_product(Product(number, sku, sku.title(), 1250, amount=100))
    order_id = store.place_order([(1, 3), (2, 1)])
    with SandboxServer({CLIENT: store}) as server, stamina.set_testing(True, attempts=4, cap=True):
        services = services_of(server.store_url(CLIENT), f"sqlite:///{folder / 'platform.sqlite'}", folder, 30.0)
        lines = [platform_line(one.item_id, one.product_code, one.amount) for one in store.orders[order_id].lines]
        Platform(services.platform_engine).import_orders(CLIENT, [platform_order(f"CS{order_id}", *lines)], NOON)
        with services.platform_engine.begin() as connection:
            connection.execute(sa.update(orders).values(status=OrderStatus.SHIPPED))
        yield ParcelWorld(store, services, order_id, folder)
        services.close_databases()
