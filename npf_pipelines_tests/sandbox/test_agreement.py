"""The check at the end of the demo fails when store, platform or lake has been tampered with."""

import dataclasses
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from npf_pipelines.lake.tables import FILTERED_ORDERS
from npf_pipelines.platform.tables import order_lines, orders, shipments, stock
from npf_pipelines.sandbox.model import Combination
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop


def _pushed(loop: Loop) -> tuple[SandboxStore, int]:
    """A store and one of the shipments that were pushed to it."""
    store = loop.stores["acme"]
    (store_shipment_id,) = loop.rows("SELECT max(store_shipment_id::INT) FROM tracking_push WHERE client = 'acme'")[0]
    return store, store_shipment_id


def _platform(loop: Loop, statement: sa.Executable) -> None:
    with loop.services.engine.begin() as connection:
        connection.execute(statement)


def lose_a_shipment(loop: Loop) -> None:
    store, shipment_id = _pushed(loop)
    store.delete_shipment(shipment_id)


def double_a_shipment(loop: Loop) -> None:
    store, shipment_id = _pushed(loop)
    store.add_shipment(dataclasses.replace(store.shipments[shipment_id], shipment_id=store.next_shipment_id))


def cut_a_shipment(loop: Loop) -> None:
    store, shipment_id = _pushed(loop)
    store.shipments[shipment_id].products.popitem()


def forget_a_carrier(loop: Loop) -> None:
    store, shipment_id = _pushed(loop)
    store.shipments[shipment_id].carrier = ""


def forget_the_links(loop: Loop) -> None:
    for shipment in loop.stores["acme"].shipments.values():
        shipment.comments = ""


def ship_to_another_client(loop: Loop) -> None:
    store, shipment_id = _pushed(loop)
    loop.stores["bolt"].add_shipment(store.shipments[shipment_id])


def set_a_status_back(loop: Loop) -> None:
    done = "SELECT max(store_shipment_id::INT) FROM tracking_push WHERE client = 'acme' AND order_status = 'C'"
    store, (shipment_id,) = loop.stores["acme"], loop.rows(done)[0]
    store.change_status(store.shipments[shipment_id].order_id, "O")


def count_a_product_wrongly(loop: Loop) -> None:
    pushed = "SELECT product_id::INT FROM stock_push WHERE client = 'acme' AND outcome = 'confirmed' LIMIT 1"
    (product_id,) = loop.rows(pushed)[0]
    loop.stores["acme"].products[product_id].amount += 1


def count_a_combination_wrongly(loop: Loop) -> None:
    pushed = "SELECT product_id::INT FROM stock_push WHERE client = 'acme' AND outcome = 'confirmed' LIMIT 1"
    (product_id,) = loop.rows(pushed)[0]
    product = loop.stores["acme"].products[product_id]
    product.tracking = "O"
    product.combinations = {71: Combination(71, product.product_code, {}, product.amount + 1)}


def lose_an_order_on_the_platform(loop: Loop) -> None:
    number = sa.select(sa.func.min(orders.c.order_number)).where(orders.c.client == "acme").scalar_subquery()
    _platform(loop, sa.delete(orders).where(orders.c.client == "acme", orders.c.order_number == number))


def double_an_order_on_the_platform(loop: Loop) -> None:
    copied = [
        sa.literal("TWICE").label(column.name) if column.name == "order_number" else column for column in orders.c
    ]
    one = sa.select(*copied).where(orders.c.client == "acme").limit(1)
    _platform(loop, sa.insert(orders).from_select([column.name for column in orders.c], one))


def change_a_line_on_the_platform(loop: Loop) -> None:
    _platform(loop, sa.update(order_lines).where(order_lines.c.client == "acme").values(quantity=77))


def lodge_without_pushing(loop: Loop) -> None:
    values = sa.select(
        sa.literal("late"),
        sa.literal("acme"),
        orders.c.order_number,
        sa.literal("DHL"),
        sa.literal("LATE1"),
        sa.literal(""),
        orders.c.updated_at,
    ).where(orders.c.client == "acme")
    names = [column.name for column in shipments.c]
    _platform(loop, sa.insert(shipments).from_select(names, values.limit(1)))


def count_stock_without_pushing(loop: Loop) -> None:
    _platform(loop, sa.update(stock).where(stock.c.client == "acme").values(on_hand=stock.c.on_hand + 1000))


def forget_a_decision(loop: Loop) -> None:
    (day,) = loop.rows("SELECT max(day) FROM filtered_orders WHERE client = 'acme' AND decision = 'rejected'")[0]
    loop.services.lake.write(FILTERED_ORDERS, [], client="acme", day=day)


TAMPERING: dict[Callable[[Loop], None], str] = {
    lose_a_shipment: "is in the store 0 times",
    double_a_shipment: "is in the store 2 times",
    cut_a_shipment: "holds",
    forget_a_carrier: "has no carrier",
    forget_the_links: "shows no tracking URL",
    ship_to_another_client: "is in the store of bolt, too",
    set_a_status_back: "has the status O in the store",
    count_a_product_wrongly: "has the amount",
    count_a_combination_wrongly: "has the amount",
    lose_an_order_on_the_platform: "is not on the platform",
    double_an_order_on_the_platform: "is on the platform 2 times",
    change_a_line_on_the_platform: "the lines of",
    lodge_without_pushing: "is in the store 0 times",
    count_stock_without_pushing: "has the amount",
    forget_a_decision: "has no decision",
}


def test_an_untouched_world_agrees(fresh: Loop) -> None:
    assert fresh.disagreements() == []


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda tamper: tamper.__name__)
def test_tampering_is_noticed(fresh: Loop, tamper: Callable[[Loop], None]) -> None:
    tamper(fresh)
    assert any(TAMPERING[tamper] in sentence for sentence in fresh.disagreements())
