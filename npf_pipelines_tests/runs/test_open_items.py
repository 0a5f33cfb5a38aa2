"""Tests of npf_pipelines.runs.open_items, over a world that has been through the loop."""

import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from npf_pipelines.domain.days import day_of
from npf_pipelines.lake import facts, views
from npf_pipelines.lake.tables import RAW_ORDERS, TABLES
from npf_pipelines.runs import open_items, run_clients
from npf_pipelines.runs.open_items import count_open_items
from npf_pipelines.state.open_items import OpenItems, Written, queue_recounts, read_open_items, recounts_due
from npf_pipelines_tests.loop import Loop


def aside(loop: Loop, client: str) -> list[OpenItems]:
    return [
        one
        for one in read_open_items(loop.services.state)
        if (one.client, one.kind) == (client, "order_no_product_code")
    ]


def place_without_code(loop: Loop, client: str) -> int:
    store = loop.stores[client]
    without_code = next(one for one in store.products.values() if not one.product_code)
    return store.place_order([(without_code.product_id, 1)])


def test_every_table_whose_rows_can_be_open_is_counted() -> None:
    read = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", facts._OPEN_COUNTS + views._EXCEPTIONS.query))
    counted = {table.name for of_flow in open_items._COUNTED.values() for table in of_flow}
    assert read & TABLES.keys() == counted
    assert read - TABLES.keys() == {views._EXCEPTIONS.name, "numbers"}, "a view or a part of the query itself"


def test_a_run_leaves_behind_what_is_open_and_a_dry_one_nothing(fresh: Loop) -> None:
    before = aside(fresh, "acme")
    order_id = place_without_code(fresh, "acme")
    fresh.run("orders", "acme", dry_run=True)
    assert aside(fresh, "acme") == before
    fresh.run("orders", "acme")
    (new,) = [one for one in aside(fresh, "acme") if one not in before]
    assert (new.flow, f"CS{order_id}" in new.first) == ("orders", True)
    query = f"SELECT placed_at FROM filtered_orders WHERE client = 'acme' AND order_id = '{order_id}'"  # noqa: S608
    ((placed,),) = fresh.rows(query)
    assert new.day == day_of(placed, fresh.services.setups()["acme"].zone)


def test_what_runs_have_in_hand_counts_as_what_is_in_the_lake(fresh: Loop) -> None:
    place_without_code(fresh, "bolt")
    store = fresh.stores["acme"]
    store.place_order([(next(one.product_id for one in store.products.values() if one.product_code), 1)])
    fresh.run("orders")
    fresh.work()
    store.switched_off = True
    fresh.run("shipments")
    before = read_open_items(fresh.services.state)
    assert {items.flow for items in before} >= {"orders", "shipments"}
    with dg.build_asset_context() as context:
        for flow in ("orders", "shipments", "stock"):
            days = [*{items.day for items in before}, *fresh.services.lake.days(RAW_ORDERS, client="acme")]
            written = {Written(client, day, "run") for client in fresh.stores for day in [None, *days]}
            queue_recounts(fresh.services.state, flow, written)
            count_open_items(context.log, fresh.services, flow, "run", {})
            assert recounts_due(fresh.services.state, flow, "run") == []
    assert read_open_items(fresh.services.state) == before


def test_a_run_that_ends_late_leaves_the_newer_counts_of_another_one(
    fresh: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was done with acme long ago, and waited for another client's store: what it has in hand is old."""
    store, counting = fresh.stores["acme"], count_open_items
    store.place_order([(next(one.product_id for one in store.products.values() if one.product_code), 1)])
    newer: list[OpenItems] = []

    def count_late(*given: Any) -> None:
        monkeypatch.undo()
        place_without_code(fresh, "acme")
        fresh.run("orders", "acme")
        newer.extend(aside(fresh, "acme"))
        counting(*given)

    before = aside(fresh, "acme")
    monkeypatch.setattr(run_clients, "count_open_items", count_late)
    fresh.run("orders", "acme", "bolt")
    assert newer != before
    assert aside(fresh, "acme") == newer
    assert recounts_due(fresh.services.state, "orders", "run") == []


def test_a_run_of_another_flow_changes_nothing(fresh: Loop) -> None:
    place_without_code(fresh, "acme")
    fresh.run("orders", "acme")
    before = aside(fresh, "acme")
    assert before
    fresh.run("shipments", "acme")
    fresh.run("stock", "acme")
    assert aside(fresh, "acme") == before


def test_one_clients_broken_table_costs_no_other_client_anything(fresh: Loop) -> None:
    place_without_code(fresh, "bolt")
    fresh.run("orders")
    reported = aside(fresh, "bolt")
    days = fresh.services.lake.days(RAW_ORDERS, client="bolt")
    for path in Path(fresh.settings.lake).glob("platform_orders/client=acme/day=*/part.parquet"):
        path.write_bytes(b"no parquet")
    for path in Path(fresh.settings.lake).glob("filtered_orders/client=bolt/day=*/part.parquet"):
        path.unlink()
    queue_recounts(
        fresh.services.state, "orders", [Written(client, day, "run") for client in fresh.stores for day in days]
    )
    with dg.build_asset_context() as context:
        count_open_items(context.log, fresh.services, "orders", "run", {})
    assert reported
    assert aside(fresh, "bolt") == []


def test_a_broken_day_costs_the_other_days_nothing(fresh: Loop) -> None:
    place_without_code(fresh, "acme")
    fresh.run("orders", "acme")
    (*others, newest) = aside(fresh, "acme")
    days = fresh.services.lake.days(RAW_ORDERS, client="acme")
    broken = next(day for day in days if day != newest.day)
    lake = Path(fresh.settings.lake)
    (lake / f"platform_orders/client=acme/day={broken}/part.parquet").write_bytes(b"no parquet")
    (lake / f"filtered_orders/client=acme/day={newest.day}/part.parquet").unlink()
    queue_recounts(fresh.services.state, "orders", [Written("acme", day, "run") for day in days])
    with dg.build_asset_context() as context:
        count_open_items(context.log, fresh.services, "orders", "run", {})
    assert aside(fresh, "acme") == others
    assert [one.day for one in recounts_due(fresh.services.state, "orders", "run")] == [broken]
