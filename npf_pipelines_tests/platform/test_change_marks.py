"""Tests of npf_pipelines.platform.change_marks."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.platform.change_marks import lodgements, stock_movements
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import shipments, stock
from npf_pipelines_tests.builders import platform_order

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def lodge(engine: sa.Engine, number: str, at: datetime, client: str = "acme") -> None:
    with engine.begin() as connection:
        row = dict.fromkeys(("order_number", "carrier", "tracking_number", "tracking_url"), "some")
        connection.execute(sa.insert(shipments).values(shipment_id=number, client=client, lodged_at=at, **row))


def test_a_lodgement_changes_its_clients_mark_only(engine: sa.Engine) -> None:
    assert lodgements(engine, ["acme", "bolt"]) == {}
    lodge(engine, "1", NOON)
    lodge(engine, "2", NOON, "bolt")
    before = lodgements(engine, ["acme", "bolt"])
    # Later by nothing, and even from before: the number shows it.
    lodge(engine, "3", NOON - timedelta(days=2))
    after = lodgements(engine, ["acme", "bolt"])
    assert after["acme"] != before["acme"]
    assert after["bolt"] == before["bolt"]


def test_counts_and_orders_both_move_stock(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(stock).values(client="acme", sku="KITE", on_hand=5, updated_at=NOON))
    marks = [stock_movements(engine, ["acme", "bolt"])["acme"]]
    platform = Platform(engine)
    platform.import_orders("acme", [platform_order()], NOON)
    marks.append(stock_movements(engine, ["acme", "bolt"])["acme"])
    platform.cancel_order("acme", platform.open_records("acme")["CS1"], LATER)
    marks.append(stock_movements(engine, ["acme", "bolt"])["acme"])
    with engine.begin() as connection:
        connection.execute(sa.update(stock).values(on_hand=4, updated_at=LATER))
    marks.append(stock_movements(engine, ["acme", "bolt"])["acme"])
    assert len(set(marks)) == 4


def test_a_row_dated_ahead_hides_no_later_change(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for sku, at in (("KITE", NOON), ("ROPE", NOON + timedelta(days=1))):
            connection.execute(sa.insert(stock).values(client="acme", sku=sku, on_hand=5, updated_at=at))
    before = stock_movements(engine, ["acme", "bolt"])
    with engine.begin() as connection:
        connection.execute(sa.update(stock).where(stock.c.sku == "KITE").values(on_hand=4, updated_at=LATER))
    assert stock_movements(engine, ["acme", "bolt"]) != before


def test_a_parcel_that_takes_the_place_of_another_changes_the_mark(engine: sa.Engine) -> None:
    lodge(engine, "1", NOON)
    lodge(engine, "2", LATER)
    before = lodgements(engine, ["acme", "bolt"])
    with engine.begin() as connection:
        connection.execute(sa.delete(shipments).where(shipments.c.shipment_id == "1"))
    lodge(engine, "3", NOON - timedelta(days=5))
    assert lodgements(engine, ["acme", "bolt"]) != before


def test_a_client_with_orders_and_no_stock_has_a_mark(engine: sa.Engine) -> None:
    Platform(engine).import_orders("acme", [platform_order()], NOON)
    assert stock_movements(engine, ["acme", "bolt"]).keys() == {"acme"}
