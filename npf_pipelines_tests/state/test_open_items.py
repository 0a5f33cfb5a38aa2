"""Tests of npf_pipelines.state.open_items."""

from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from npf_pipelines.state.lease import RUN_FLOW, Lease
from npf_pipelines.state.open_items import (
    OpenItems,
    Written,
    queue_recounts,
    read_open_items,
    recounts_due,
    write_open_items,
)

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)
ASIDE = OpenItems("acme", "order_unreadable", MONDAY, "orders", 2, "CS1, CS2")
SKUS = OpenItems("acme", "sku_not_in_store", None, "stock", 1, "GHOST")


def test_they_are_read_as_they_were_kept(engine: sa.Engine) -> None:
    write_open_items(engine, "orders", [Written("acme", MONDAY, "run")], [ASIDE])
    write_open_items(engine, "stock", [Written("acme", None, "run")], [SKUS])
    assert read_open_items(engine) == [ASIDE, SKUS]


def test_a_run_speaks_of_its_own_client_flow_and_days_alone(engine: sa.Engine) -> None:
    others = [
        replace(ASIDE, day=TUESDAY),
        replace(ASIDE, kind="shipment_waiting", flow="shipments"),
        replace(ASIDE, client="bolt"),
        SKUS,
    ]
    for item in [ASIDE, *others]:
        write_open_items(engine, item.flow, [Written(item.client, item.day, "run")], [item])
    write_open_items(engine, "orders", [Written("acme", MONDAY, "run")], [])
    assert set(read_open_items(engine)) == set(others)


def test_what_a_dead_run_has_written_is_counted_by_the_next_one_and_that_of_a_living_one_is_left(
    engine: sa.Engine,
) -> None:
    dead, living, ours = (Written("acme", MONDAY, run) for run in ("dead", "living", "ours"))
    queue_recounts(engine, "orders", [dead, living, ours])
    queue_recounts(engine, "stock", [Written("acme", None, "dead")])
    Lease(engine, "living", RUN_FLOW).take()
    assert recounts_due(engine, "orders", "ours") == [dead, ours]
    assert recounts_due(engine, "orders", "living") == [dead, living, ours]
    write_open_items(engine, "orders", [dead, ours], [ASIDE])
    assert recounts_due(engine, "orders", "living") == [Written("acme", MONDAY, "")]
    assert recounts_due(engine, "stock", "another") == [Written("acme", None, "dead")]


def test_a_partition_that_another_run_has_counted_since_loses_its_run(engine: sa.Engine) -> None:
    long, quick = (Written("acme", MONDAY, run) for run in ("long", "quick"))
    Lease(engine, "long", RUN_FLOW).take()
    queue_recounts(engine, "orders", [long, replace(long, day=TUESDAY)])
    queue_recounts(engine, "orders", [quick])
    write_open_items(engine, "orders", [quick], [ASIDE])
    assert recounts_due(engine, "orders", "long") == [Written("acme", MONDAY, ""), replace(long, day=TUESDAY)]
    write_open_items(engine, "orders", recounts_due(engine, "orders", "long"), [])
    assert recounts_due(engine, "orders", "long") == []
