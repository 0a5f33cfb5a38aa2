"""Rows of the platform whose moment is missing or can't be read: they cost no other row, and no query fails."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines_tests.builders import NOON, lodged, platform_line, platform_order
from npf_pipelines_tests.faults.tracking_changes import lodge
from npf_pipelines_tests.faults.tracking_client import CLIENT

BEFORE, AFTER = NOON - timedelta(days=1), NOON + timedelta(days=1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Two orders with a parcel each; text and NULL are allowed in their moments, as views may have them."""
    engine = open_platform(f"sqlite:///{tmp_path / 'platform.sqlite'}")
    with engine.begin() as connection:
        for name in ("orders", "shipments"):
            query = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
            (written,) = connection.execute(query, {"name": name}).one()
            connection.exec_driver_sql(f"DROP TABLE {name}")
            connection.exec_driver_sql(written.replace("DATETIME NOT NULL", "DATETIME"))
    orders = [platform_order(f"CS{number}", platform_line(), store_order_id=f"{number}") for number in (1, 2)]
    Platform(engine).import_orders(CLIENT, orders, NOON)
    with engine.begin() as connection:
        for number in (1, 2):
            for statement in lodge(lodged(f"S{number}", f"T{number}", order_number=f"CS{number}")):
                connection.execute(statement)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("written", [None, "yesterday", "2026-99-99"])
def test_a_row_without_a_moment_is_left_out_where_its_day_is_asked_for(engine: sa.Engine, written: str | None) -> None:
    platform = Platform(engine)
    with engine.begin() as connection:
        values = {"written": written}
        connection.execute(sa.text("UPDATE orders SET placed_at = :written WHERE order_number = 'CS1'"), values)
        connection.execute(sa.text("UPDATE shipments SET lodged_at = :written WHERE shipment_id = 'S1'"), values)
    assert platform.open_orders(CLIENT).keys() == {"2"}
    assert platform.lodgements(CLIENT, BEFORE).keys() == {"S2"}
    assert "CS1" in platform.records_of_day(CLIENT, ["1"], BEFORE, AFTER)
    assert "placed_at is missing" in platform.records(CLIENT, ["1"])["CS1"].unreadable
    assert "lodged_at is missing" in platform.shipments_of(CLIENT, ["CS1"])["CS1"][0].unreadable
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE orders SET status = 'shipped'"))
    assert platform.short_orders(CLIENT, datetime(2000, 1, 1, tzinfo=UTC), AFTER).keys() == {"2"}


@pytest.mark.parametrize("written", [None, "yesterday"])
def test_two_orders_of_one_id_are_sorted_without_a_moment_of_import(engine: sa.Engine, written: str | None) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE orders SET store_order_id = '1'"))
        values = {"written": written}
        connection.execute(sa.text("UPDATE orders SET imported_at = :written WHERE order_number = 'CS1'"), values)
    (states,) = Platform(engine).states_of(CLIENT, ["1"]).values()
    assert [state.order_number for state in states] == ["CS1", "CS2"]
