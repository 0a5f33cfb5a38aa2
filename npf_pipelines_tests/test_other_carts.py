"""A client with a second cart, whose orders another integration brings to the platform: eBay, under the prefix EB.

Its ids overlap the store's. No table, check or request is about its orders, and stock counts them.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import PLATFORM_ORDERS, SHIPMENT_RECORDS, STORE_FACTS, TRACKING_PUSH
from npf_pipelines.platform.lodgements import ParcelLabel, insert_shipment
from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop, copied_loop
from npf_pipelines_tests.order_steps import change_setup, exceptions, on_platform, place, platform_row
from npf_pipelines_tests.shared_worlds import SharedWorlds, pull

UNITS = 7
LABEL = ParcelLabel("Australia Post", "EBAY-PARCEL", "https://track.example/EBAY-PARCEL")
NOT_IN_STORE = 990_000
"""Ids from here on are of no order of the store."""


@pytest.fixture
def loop(worlds: SharedWorlds, tmp_path: Path) -> Iterator[Loop]:
    """A world with a store all of whose orders have been pulled and lodged."""
    with copied_loop(worlds.of(pull, "acme"), tmp_path) as world:
        world.work()
        yield world


@pytest.fixture
def store(loop: Loop) -> SandboxStore:
    """That store."""
    return loop.stores["acme"]


def sell(loop: Loop, order_id: int, status: OrderStatus, sku: str) -> str:
    """An order of the other cart; it is lodged, too, if it is shipped."""
    number, now = f"EB{order_id}", datetime.now(UTC)
    with loop.services.platform_engine.begin() as connection:
        line: Any = connection.execute(sa.select(order_lines).where(order_lines.c.client == "acme")).mappings().first()
        order: Any = (
            connection.execute(
                sa.select(orders).where(orders.c.client == "acme", orders.c.order_number == line["order_number"])
            )
            .mappings()
            .first()
        )
        shopper = {"email": "eve@ebay.example", "ship_to_name": "Eve Bay", "address_1": "9 Sea Rd"}
        times = {"placed_at": now - timedelta(hours=2), "imported_at": now, "updated_at": now}
        its = {"order_number": number, "store_order_id": str(order_id), "status": status, "is_test": False}
        connection.execute(sa.insert(orders).values({**order, **shopper, **times, **its}))
        shipped = UNITS if status is OrderStatus.SHIPPED else 0
        its = {"order_number": number, "line_id": "1", "sku": sku, "quantity": UNITS, "quantity_shipped": shipped}
        connection.execute(sa.insert(order_lines).values({**line, **its}))
        if shipped:
            units = {sku: UNITS}
            insert_shipment(connection, "acme", number, f"P-{number}", label=LABEL, quantities=units, now=now)
    return number


def sell_in_every_stage(loop: Loop, first: int, sku: str) -> set[str]:
    """Orders of the other cart, in each stage one, with ids that count up."""
    return {sell(loop, order_id, status, sku) for order_id, status in enumerate(OrderStatus, first)}


def run(loop: Loop, flow: str) -> int:
    """A run that goes well; how many requests it made."""
    store = loop.stores["acme"]
    before = store.requests
    assert [launched.failure for launched in loop.run(flow, "acme")] == [""]
    return store.requests - before


def rows_about_the_other_cart(loop: Loop) -> list[Any]:
    """The rows of all tables with its numbers."""
    tables = ("filtered_orders", "platform_orders", "shipment_records", "tracking_push")
    return [
        found
        for table in tables
        for found in loop.rows(f"SELECT '{table}', order_number FROM {table} WHERE order_number LIKE 'EB%'")  # noqa: S608
    ]


def said_by_the_checks(loop: Loop) -> str:
    """The results of all checks."""
    result = loop.defs.resolve_job_def("audit_job").execute_in_process(instance=loop.instance)
    return str([check.metadata for check in result.get_asset_check_evaluations()])


def units_in_process(loop: Loop, sku: str) -> int:
    """The units that the platform's open orders of all carts take, but for back orders."""
    figures, _ = loop.services.platform.count_stock("acme", [])
    return next(figure.in_process for figure in figures if figure.sku == sku)


def as_an_earlier_release_has_left_it(loop: Loop) -> None:
    """Rows about an open and a lodged order of the other cart, and no numbers kept."""
    lake, (_, today) = loop.services.lake, loop.days
    open_number, lodged_number = f"EB{NOT_IN_STORE}", f"EB{NOT_IN_STORE + 4}"
    parcel = {"order_number": lodged_number, "shipment_id": f"P-{lodged_number}"}
    added: list[tuple[Table, dict[str, Any]]] = [
        (PLATFORM_ORDERS, {"order_number": open_number, "order_id": f"{NOT_IN_STORE}", "outcome": "differs"}),
        (SHIPMENT_RECORDS, parcel),
        (TRACKING_PUSH, parcel | {"outcome": "set_aside", "store_shipment_id": None, "sent": []}),
    ]
    for table, values in added:
        before = lake.read(table, client="acme", day=today)
        lake.write(table, [*before, before[0] | values], client="acme", day=today)
    (facts,) = lake.read(STORE_FACTS, client="acme")
    lake.write(STORE_FACTS, [facts | {"order_prefixes": None, "other_numbers": None}], client="acme")
    assert len(rows_about_the_other_cart(loop)) == len(added)


def test_no_table_check_or_request_is_about_the_orders_of_another_cart(loop: Loop, store: SandboxStore) -> None:
    sku = store.orders[place(store, days=0)].lines[0].product_code
    run(loop, "orders")
    run(loop, "shipments")
    requests, before, in_process = run(loop, "orders"), on_platform(loop), units_in_process(loop, sku)
    imported_id = min(map(int, before.values()))
    of_other_cart = sell_in_every_stage(loop, NOT_IN_STORE, sku) | sell_in_every_stage(loop, imported_id, sku)
    assert run(loop, "orders") == requests

    of_other_cart |= sell_in_every_stage(loop, store.next_order_id, sku)
    new = [place(store, days=0) for _ in OrderStatus]
    assert {f"EB{order_id}" for order_id in new} <= of_other_cart
    run(loop, "orders")
    assert on_platform(loop).keys() == before.keys() | of_other_cart | {f"CS{order_id}" for order_id in new}
    loop.run("stock", "acme", override_change_limit=True)
    ordered = sum(line.amount for order_id in new for line in store.orders[order_id].lines if line.product_code == sku)
    # Three of the stages take units in process, each with one order for each of three ids.
    assert units_in_process(loop, sku) == in_process + ordered + 9 * UNITS
    query = f"SELECT in_process FROM stock_snapshots WHERE client = 'acme' AND sku = '{sku}'"  # noqa: S608
    assert loop.rows(query) == [(units_in_process(loop, sku),)]

    loop.work()
    run(loop, "shipments")
    assert rows_about_the_other_cart(loop) == []
    assert exceptions(loop) == []
    assert not re.search(r"\bEB\d", said_by_the_checks(loop))
    assert "EBAY-PARCEL" not in {shipment.tracking_number for shipment in store.shipments.values()}


def test_after_another_prefix_and_an_earlier_release_only_the_stores_orders_are_followed(
    loop: Loop, store: SandboxStore
) -> None:
    kept, cancelled, by_hand = (place(store, days=0) for _ in range(3))
    run(loop, "orders")
    run(loop, "shipments")
    sell_in_every_stage(loop, NOT_IN_STORE, store.orders[kept].lines[0].product_code)
    as_an_earlier_release_has_left_it(loop)
    with loop.services.platform_engine.begin() as connection:
        for table in (orders, order_lines):
            here = (table.c.client == "acme") & (table.c.order_number == f"CS{by_hand}")
            connection.execute(sa.update(table).where(here).values(order_number="W-77"))
        entered = sa.update(orders).where(orders.c.order_number == "W-77")
        connection.execute(entered.values(placed_at=datetime.now(UTC) + timedelta(days=3)))
    change_setup(loop, orders={"prefix": "CSK"})
    store.change_status(cancelled, "I")
    new = place(store, days=0)
    run(loop, "orders")
    assert platform_row(loop, cancelled)["status"] == "cancelled"
    numbers = [platform_row(loop, order_id)["order_number"] for order_id in (kept, new, by_hand)]
    assert numbers == [f"CS{kept}", f"CSK{new}", "W-77"]

    loop.work()
    run(loop, "shipments")
    pushed = {number for (number,) in loop.rows("SELECT order_number FROM tracking_push WHERE client = 'acme'")}
    lodged = "SELECT order_number FROM shipment_records WHERE client = 'acme'"
    assert pushed == {number for (number,) in loop.rows(lodged)}
    assert "W-77" in pushed
    assert rows_about_the_other_cart(loop) == []
    assert exceptions(loop) == []
