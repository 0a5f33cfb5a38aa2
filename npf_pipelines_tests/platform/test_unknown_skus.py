"""Tests of npf_pipelines.platform.unknown_skus: which SKUs on open orders the warehouse has no stock row of."""

import sqlalchemy as sa

from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import order_lines, stock
from npf_pipelines.platform.unknown_skus import UnknownSku
from npf_pipelines_tests.builders import NOON, platform_line, platform_order


def count(engine: sa.Engine, *skus: str) -> None:
    """The warehouse has stock rows of the client acme under exactly these SKUs."""
    rows = [{"client": "acme", "sku": sku, "on_hand": 1, "updated_at": NOON} for sku in skus]
    with engine.begin() as connection:
        connection.execute(sa.insert(stock), rows)


def test_a_stock_row_with_blanks_around_its_sku_is_of_that_sku(engine: sa.Engine) -> None:
    count(engine, "KITE ", "DRUM")
    lines = [platform_line(str(place), sku) for place, sku in enumerate(("KITE", "DRUM", "GHOST"))]
    Platform(engine).import_orders("acme", [platform_order("CS1", *lines)], NOON)
    assert Platform(engine).skus_not_counted("acme", {"KITE", "DRUM", "GHOST"}) == {"GHOST"}
    assert Platform(engine).unknown_skus(["acme", "bolt"]) == [
        UnknownSku("acme", "GHOST", orders=1, units=1, first_order="CS1")
    ]


def test_an_order_line_with_blanks_around_its_sku_is_of_that_sku(engine: sa.Engine) -> None:
    count(engine, "KITE")
    lines = [platform_line("1", "KITE", 2), platform_line("2", "GHOST", 3)]
    Platform(engine).import_orders("acme", [platform_order("CS1", *lines), platform_order("CS2", *lines)], NOON)
    with engine.begin() as connection:  # As an earlier release imported it.
        values = {"sku": order_lines.c.sku + " "}
        connection.execute(sa.update(order_lines).where(order_lines.c.order_number == "CS2").values(values))
    assert Platform(engine).unknown_skus(["acme", "bolt"]) == [
        UnknownSku("acme", "GHOST", orders=2, units=6, first_order="CS1")
    ]


def test_the_stock_of_another_client_is_not_counted(engine: sa.Engine) -> None:
    count(engine, "KITE ")
    Platform(engine).import_orders("bolt", [platform_order("CS1")], NOON)
    assert Platform(engine).skus_not_counted("bolt", {"KITE"}) == {"KITE"}
    assert [unknown.client for unknown in Platform(engine).unknown_skus(["acme", "bolt"])] == ["bolt"]
