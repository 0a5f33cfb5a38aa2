"""Tests of npf_pipelines.state.open_items."""

from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from npf_pipelines.state.lease import RUN_FLOW, Lease
from npf_pipelines.state.open_items import OpenRows, Written, keep_open_rows, note_written, read_open_rows, to_count

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)
ASIDE = OpenRows("acme", "order_unreadable", MONDAY, "orders", 2, "CS1, CS2")
SKUS = OpenRows("acme", "sku_not_in_store", None, "stock", 1, "GHOST")


def test_they_are_read_as_they_were_kept(engine: sa.Engine) -> None:
    keep_open_rows(engine, "orders", [Written("acme", MONDAY, "run")], [ASIDE])
    keep_open_rows(engine, "stock", [Written("acme", None, "run")], [SKUS])
    assert read_open_rows(engine) == [ASIDE, SKUS]


def test_a_run_speaks_of_its_own_client_flow_and_days_alone(engine: sa.Engine) -> None:
    others = [
        replace(ASIDE, day=TUESDAY),
        replace(ASIDE, kind="shipment_waiting", flow="shipments"),
        replace(ASIDE, client="bolt"),
        SKUS,
    ]
    for one in [ASIDE, *others]:
        keep_open_rows(engine, one.flow, [Written(one.client, one.day, "run")], [one])
    keep_open_rows(engine, "orders", [Written("acme", MONDAY, "run")], [])
    assert set(read_open_rows(engine)) == set(others)


def test_what_a_dead_run_has_written_is_counted_by_the_next_one_and_that_of_a_living_one_is_left(
    engine: sa.Engine,
) -> None:
    dead, living, ours = (Written("acme", MONDAY, run) for run in ("dead", "living", "ours"))
    note_written(engine, "orders", [dead, living, ours])
    note_written(engine, "stock", [Written("acme", None, "dead")])
    Lease(engine, "living", RUN_FLOW).take()
    assert to_count(engine, "orders", "ours") == [dead, ours]
    keep_open_rows(engine, "orders", [dead, ours], [ASIDE])
    assert to_count(engine, "orders", "ours") == []
    assert to_count(engine, "orders", "living") == [living]
    assert to_count(engine, "stock", "another") == [Written("acme", None, "dead")]
