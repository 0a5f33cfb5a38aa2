"""A platform whose tables are views of a real PostgreSQL, with the types that such views have."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.platform.change_marks import lodgements, stock_movements
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import order_lines, orders, shipment_lines, shipments, stock

pytestmark = [pytest.mark.postgresql, pytest.mark.parametrize("url", ["postgresql"], indirect=True)]
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

VIEWS = """
ALTER TABLE stock RENAME TO own_stock;
ALTER TABLE own_stock ALTER on_hand TYPE numeric, ALTER on_hand DROP NOT NULL;
CREATE VIEW stock AS
  SELECT client, sku, sum(on_hand) AS on_hand, max(updated_at) AT TIME ZONE 'UTC' AS updated_at
  FROM own_stock GROUP BY client, sku;
ALTER TABLE shipments RENAME TO own_shipments;
ALTER TABLE own_shipments ALTER carrier DROP NOT NULL, ALTER tracking_url DROP NOT NULL;
CREATE VIEW shipments AS
  SELECT shipment_id, client, order_number, carrier, tracking_number, tracking_url,
    lodged_at AT TIME ZONE 'UTC' AS lodged_at
  FROM own_shipments;
ALTER TABLE shipment_lines RENAME TO own_shipment_lines;
ALTER TABLE own_shipment_lines ALTER quantity TYPE numeric;
CREATE VIEW shipment_lines AS
  SELECT shipment_id, sku, sum(quantity) AS quantity FROM own_shipment_lines GROUP BY shipment_id, sku;
ALTER TABLE order_lines RENAME TO own_order_lines;
ALTER TABLE own_order_lines ALTER quantity TYPE numeric;
CREATE VIEW order_lines AS SELECT * FROM own_order_lines;
"""


@pytest.fixture
def views(engine: sa.Engine) -> sa.Engine:
    """Behind each table a view, in which quantities are numeric, times have no zone and NULL is allowed."""
    with engine.begin() as connection:
        for statement in VIEWS.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql("SET TIME ZONE 'Australia/Sydney'")
    fill(engine)
    return engine


def own(table: sa.Table) -> sa.TableClause:
    return sa.table(f"own_{table.name}", *(sa.column(column.name) for column in table.columns))


def fill(engine: sa.Engine) -> None:
    def insert(table: sa.TableClause, *rows: dict[str, Any]) -> None:
        with engine.begin() as connection:
            connection.execute(sa.insert(table), list(rows))

    counts = {"KITE": Decimal(10), "DRUM": Decimal("7.5"), "SAND": None, "LAMP": Decimal("4.000")}
    rows = [{"client": "acme", "sku": sku, "on_hand": units, "updated_at": NOW} for sku, units in counts.items()]
    insert(own(stock), *rows)
    order: dict[str, Any] = {column.name: "" for column in orders.columns if not column.nullable}
    order |= dict.fromkeys(("placed_at", "imported_at", "updated_at"), NOW) | {"client": "acme", "is_test": False}
    for number, status in ((1, "imported"), (2, "on_its_way"), (3, "picking")):
        insert(orders, order | {"order_number": f"CS{number}", "store_order_id": f"{number}", "status": status})
    line = {"client": "acme", "line_id": "11", "sku": "KITE", "description": "", "unit_price": 1, "quantity_shipped": 0}
    insert(
        own(order_lines),
        line | {"order_number": "CS1", "quantity": Decimal(3)},
        line | {"order_number": "CS2", "quantity": Decimal(1)},
        line | {"order_number": "CS3", "quantity": Decimal("0.5"), "sku": "LAMP"},
    )
    shipment: dict[str, Any] = {"client": "acme", "order_number": "CS1", "tracking_number": "TN"}
    shipment |= {"carrier": None, "tracking_url": None}
    insert(own(shipments), *(shipment | {"shipment_id": name, "lodged_at": NOW} for name in ("S1", "S2")))
    contents = [("S1", "KITE", Decimal(2)), ("S2", "KITE", Decimal("1.5")), ("S2", "DRUM", Decimal(-1))]
    insert(
        own(shipment_lines), *({"shipment_id": name, "sku": sku, "quantity": units} for name, sku, units in contents)
    )


def test_whole_decimals_are_whole_numbers_and_the_others_name_their_sku(views: sa.Engine) -> None:
    figures, known = Platform(views).count_stock("acme", ["1", "2"])
    assert {figure.sku: figure.unreadable for figure in figures} == {
        "DRUM": "on_hand: '7.5' is not a whole number",
        "KITE": "",
        "LAMP": "in process: '0.5' is not a whole number",
        "SAND": "on_hand is missing",
    }
    (kite,) = [figure for figure in figures if figure.sku == "KITE"]
    assert kite == StockFigure("KITE", 10, 3, 0)
    assert {type(number) for number in (kite.on_hand, kite.in_process, kite.back_orders)} == {int}
    assert known.keys() == {"1", "2"}


def test_an_order_with_an_unknown_word_or_half_a_unit_is_there_and_named(views: sa.Engine) -> None:
    platform = Platform(views)
    records = platform.records("acme", ["1", "2", "3"])
    assert {number: record.unreadable for number, record in records.items()} == {
        "CS1": "",
        "CS2": "status: 'on_its_way' is no word of the contract",
        "CS3": "quantity of LAMP: '0.5' is not a whole number",
    }
    assert type(records["CS1"].order.lines[0].quantity) is int
    states = platform.order_states("acme", ["CS1", "CS2"])
    assert (states["CS2"].status, states["CS2"].status.is_known) == ("on_its_way", False)
    assert states["CS1"].status.is_known


def test_a_shipment_with_half_a_unit_is_there_and_named(views: sa.Engine) -> None:
    first, second = Platform(views).lodged_between("acme", NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert (first.unreadable, first.quantities, first.carrier, first.lodged_at) == ("", {"KITE": 2}, "", NOW)
    assert second.unreadable == "quantity of DRUM: -1 is below 0; quantity of KITE: '1.5' is not a whole number"


def test_the_sensors_watch_views_too(views: sa.Engine) -> None:
    assert lodgements(views, ["acme"])["acme"].startswith(f"2 until {NOW.isoformat()}, ")
    assert "stock 4 until" in stock_movements(views, ["acme"])["acme"]
