"""One row of the platform that can't be read costs its SKU, order or shipment, which is named, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.platform.tables import orders, shipment_lines, shipments
from npf_pipelines_tests.loop import Loop

SINGLE = """
SELECT sku FROM stock_push WHERE client = 'acme' AND outcome IN ('confirmed', 'already_right')
AND sku NOT ILIKE 'test%' AND NOT contains(product_id, '/') GROUP BY sku HAVING count(*) = 1 ORDER BY 1
"""


def change(loop: Loop, sql: str, **values: Any) -> None:
    with loop.services.platform_engine.begin() as connection:
        connection.execute(sa.text(sql), values)


def test_a_sku_whose_count_is_not_whole_keeps_its_amount_and_the_others_are_pushed(fresh: Loop) -> None:
    skus = [row[0] for row in fresh.rows(SINGLE)]
    products = {one.product_code: one for one in fresh.stores["acme"].products.values() if not one.warehouses}
    odd, missing, other = [sku for sku in skus if sku in products][:3]
    before = {sku: products[sku].amount for sku in (odd, missing, other)}
    change(fresh, "UPDATE stock SET on_hand = 7.5 WHERE client = 'acme' AND sku = :sku", sku=odd)
    change(fresh, "UPDATE stock SET on_hand = 'lots' WHERE client = 'acme' AND sku = :sku", sku=missing)
    change(fresh, "UPDATE stock SET on_hand = on_hand + 5 WHERE client = 'acme' AND sku = :sku", sku=other)
    change(fresh, "INSERT INTO stock VALUES ('bolt', 'NOT-IN-STORE', 1.5, '2026-11-20 00:00:00.000000')")
    assert [run.failure for run in fresh.run("stock", days=None, override_change_limit=True)] == [""]
    assert (products[odd].amount, products[missing].amount) == (before[odd], before[missing])
    assert products[other].amount == before[other] + 5
    reported = dict(fresh.rows("SELECT sku, reason FROM stock_push WHERE outcome = 'uncounted'"))
    assert reported.keys() == {odd, missing, "NOT-IN-STORE"}
    assert "on_hand: '7.5' is not a whole number" in reported[odd]
    assert "Ask the warehouse" in reported[odd]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE orders SET status = 'on_hold' WHERE order_number = :number", "status: 'on_hold' is no word"),
        ("UPDATE order_lines SET quantity = 7.5 WHERE order_number = :number", "'7.5' is not a whole number"),
    ],
)
def test_an_order_row_that_cannot_be_read_is_a_persons_and_is_not_imported_again(
    fresh: Loop, sql: str, said: str
) -> None:
    query = "SELECT order_number, outcome, reason FROM platform_orders WHERE client = 'acme'"
    number = next(number for number, outcome, _ in fresh.rows(query) if outcome == "imported")
    change(fresh, sql, number=number)
    count = sa.select(sa.func.count()).select_from(orders)
    with fresh.services.platform_engine.connect() as connection:
        before = connection.scalar(count)
    assert [one.failure for one in fresh.run("orders")] == [""]
    ((outcome, reason),) = [row[1:] for row in fresh.rows(query) if row[0] == number]
    assert outcome == "differs"
    assert said in reason
    with fresh.services.platform_engine.connect() as connection:
        assert connection.scalar(count) == before
    assert [one.failure for one in fresh.run("shipments")] == [""]


def test_a_shipment_row_that_cannot_be_read_is_set_aside_and_the_others_are_pushed(loop: Loop) -> None:
    assert [one.failure for one in loop.run("orders")] == [""]
    query = "SELECT order_number, min(sku) FROM order_lines WHERE client = 'acme' GROUP BY order_number ORDER BY 1"
    with loop.services.platform_engine.begin() as connection:
        (odd, odd_sku), (good, good_sku), (strange, strange_sku) = connection.execute(sa.text(query)).all()[:3]
        for name, number, sku, units in (
            ("S1", odd, odd_sku, 0.5),
            ("S2", good, good_sku, 1),
            ("S3", strange, strange_sku, 1),
            ("S4", odd, odd_sku, 1),
        ):
            row = {"shipment_id": name, "client": "acme", "order_number": number, "carrier": "aup"}
            row |= {"tracking_number": f"TN{name}", "tracking_url": "", "lodged_at": datetime.now(UTC)}
            connection.execute(sa.insert(shipments).values(row))
            line = {"shipment_id": name, "sku": sku, "quantity": units}
            connection.execute(sa.insert(shipment_lines).values(line))
    change(loop, "UPDATE orders SET status = 'lost' WHERE order_number = :number", number=strange)
    for _ in range(2):
        assert [one.failure for one in loop.run("shipments", "acme")] == [""]
        rows = loop.rows("SELECT shipment_id, outcome, reason FROM tracking_push")
        outcomes, reasons = {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}
        assert {name for name, outcome in outcomes.items() if outcome == "set_aside"} == {"S1", "S3", "S4"}
        assert outcomes["S2"] in {"confirmed", "already_there"}
        assert "'0.5' is not a whole number" in reasons["S1"]
        assert "the shipment S1" in reasons["S4"]
        assert "'lost' is no word of the contract" in reasons["S3"]
    assert [one.tracking_number for one in loop.stores["acme"].shipments.values()].count("TNS2") == 1

    change(loop, "DELETE FROM shipment_lines WHERE shipment_id = 'S1'")
    change(loop, "DELETE FROM shipments WHERE shipment_id = 'S1'")
    assert [one.failure for one in loop.run("shipments", "acme")] == [""]
    assert loop.rows("SELECT outcome FROM tracking_push WHERE shipment_id = 'S4'") == [("confirmed",)]


@pytest.mark.parametrize("written", ["yesterday", "2026-99-99"])
def test_a_shipment_whose_moment_cannot_be_read_costs_no_other_one(fresh: Loop, written: str) -> None:
    """SQLite sorts such a text among or behind the moments, so that it is found for some day."""
    query = "SELECT shipment_id FROM shipments WHERE client = 'acme' ORDER BY shipment_id"
    with fresh.services.platform_engine.connect() as connection:
        odd = connection.scalar(sa.text(query))
    change(fresh, "UPDATE shipments SET lodged_at = :written WHERE shipment_id = :odd", written=written, odd=odd)
    first = "SELECT min(order_number) FROM orders WHERE client = 'acme'"
    change(fresh, f"UPDATE orders SET placed_at = :written WHERE order_number = ({first})", written=written)  # noqa: S608 - our own words
    assert [one.failure for one in fresh.run("orders")] == [""]
    before = fresh.stores["acme"].writes
    assert [one.failure for one in fresh.run("shipments")] == [""]
    assert fresh.stores["acme"].writes == before
