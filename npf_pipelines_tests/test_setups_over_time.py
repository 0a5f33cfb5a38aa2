"""Orders imported before their client's setup was changed: they are followed until they are done."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.tables import orders
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.automation.ticks import execute, look, register, tick
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.store_versions import BOTH


@pytest.fixture(**BOTH)
def store(loop: Loop, request: pytest.FixtureRequest) -> SandboxStore:
    """The store of acme, the only client, all of whose orders have been pulled; of an older or a newer version."""
    (loop.settings.clients / "bolt.yaml").unlink()
    register(loop, "acme")
    acme = loop.stores["acme"]
    acme.version = request.param
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    look(loop, "clients_sensor")
    return acme


def today(loop: Loop) -> date:
    return datetime.now(UTC).astimezone(loop.services.setups()["acme"].zone).date()


def moved(loop: Loop) -> None:
    """The order start date becomes today."""
    write_setup(loop.settings.clients, "acme", loop.url, orders={"start_date": today(loop)})
    look(loop, "clients_sensor")


def run(loop: Loop, schedule: str, at: datetime | None = None) -> None:
    asked: Any = tick(loop, schedule, at)
    assert not isinstance(asked, str), asked
    assert all(one.success for one in execute(loop, "orders_job", asked))


def open_order(loop: Loop) -> int:
    """The store's id of an order that is on the platform and was placed days ago."""
    return next(
        int(one.order.store_order_id)
        for one in loop.services.platform.open_records("acme").values()
        if one.order.placed_at < datetime.now(UTC) - timedelta(days=2) and not one.order.is_test
    )


def status(loop: Loop, order_id: int) -> str | None:
    with loop.services.platform_engine.connect() as connection:
        where = (orders.c.client == "acme") & (orders.c.store_order_id == str(order_id))
        found: str | None = connection.scalar(sa.select(orders.c.status).where(where))
        return found


def table(loop: Loop, name: str) -> list[tuple[Any, ...]]:
    return loop.rows(f"SELECT day, order_id FROM {name} ORDER BY ALL")  # noqa: S608


def test_a_start_date_that_is_moved_later_empties_no_table_and_takes_no_day_away(
    loop: Loop, store: SandboxStore
) -> None:
    names = ("raw_orders", "filtered_orders", "platform_orders")
    before = {name: table(loop, name) for name in names}
    days = loop.instance.get_materialized_partitions(dg.AssetKey("platform_orders"))
    moved(loop)
    run(loop, "nightly_look_back")
    assert {name: table(loop, name) for name in names} == before
    partitions = loop.defs.resolve_asset_graph().get(dg.AssetKey("platform_orders")).partitions_def
    assert partitions is not None
    keys = set(partitions.get_partition_keys(dynamic_partitions_store=loop.instance))
    assert days <= keys
    assert table(loop, "order_exceptions") == []
    assert store.requests


def test_an_order_imported_before_the_start_date_was_moved_follows_the_store(loop: Loop, store: SandboxStore) -> None:
    order_id = open_order(loop)
    moved(loop)
    run(loop, "orders_sweep", datetime.now(UTC) + timedelta(minutes=15))
    store.change_status(order_id, "I", user=False)
    run(loop, "orders_sweep", datetime.now(UTC) + timedelta(minutes=30))
    assert status(loop, order_id) == OrderStatus.CANCELLED


def test_no_order_from_before_the_moved_start_date_is_imported(loop: Loop, store: SandboxStore) -> None:
    product = next(one for one in store.products.values() if one.product_code and one.tracking == "B")
    australian = next(order.customer for order in store.orders.values() if order.customer.ship_to.country == "AU")
    placed = int((datetime.now(UTC) - timedelta(days=2)).timestamp())
    order_id = store.place_order([(product.product_id, 1)], status="P", timestamp=placed, customer=australian)
    moved(loop)
    run(loop, "orders_sweep", datetime.now(UTC) + timedelta(minutes=15))
    run(loop, "nightly_look_back")
    assert status(loop, order_id) is None


@pytest.mark.parametrize(
    "change", [{"countries": ["Japan"]}, {"statuses": ["Complete"]}], ids=["countries", "statuses"]
)
def test_an_order_follows_the_store_whatever_is_imported_now(
    loop: Loop, store: SandboxStore, change: dict[str, Any]
) -> None:
    order_id = open_order(loop)
    write_setup(loop.settings.clients, "acme", loop.url, orders=change)
    run(loop, "orders_sweep", datetime.now(UTC) + timedelta(minutes=15))
    assert status(loop, order_id) == OrderStatus.IMPORTED
    store.change_status(order_id, "I", user=False)
    run(loop, "orders_sweep", datetime.now(UTC) + timedelta(minutes=30))
    assert status(loop, order_id) == OrderStatus.CANCELLED
