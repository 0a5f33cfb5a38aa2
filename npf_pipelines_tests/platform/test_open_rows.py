"""Tests of npf_pipelines.platform.open_rows."""

from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from npf_pipelines.platform.open_rows import OpenRows, keep_open_rows, read_open_rows

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)
ASIDE = OpenRows("acme", "order_unreadable", MONDAY, "orders", 2, "CS1, CS2")
SKUS = OpenRows("acme", "sku_not_in_store", None, "stock", 1, "GHOST")


def test_they_are_read_as_they_were_kept(engine: sa.Engine) -> None:
    keep_open_rows(engine, "orders", [("acme", MONDAY)], [ASIDE])
    keep_open_rows(engine, "stock", [("acme", None)], [SKUS])
    assert read_open_rows(engine) == [ASIDE, SKUS]


def test_a_run_speaks_of_its_own_client_flow_and_days_alone(engine: sa.Engine) -> None:
    others = [
        replace(ASIDE, day=TUESDAY),
        replace(ASIDE, kind="shipment_waiting", flow="shipments"),
        replace(ASIDE, client="bolt"),
        SKUS,
    ]
    for one in [ASIDE, *others]:
        keep_open_rows(engine, one.flow, [(one.client, one.day)], [one])
    keep_open_rows(engine, "orders", [("acme", MONDAY)], [])
    assert set(read_open_rows(engine)) == set(others)
