"""Tests of npf_pipelines.state.health."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.state.health import keep_health, read_health, read_one

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NEW = Health("acme", "orders")


def test_it_is_kept_and_read_as_it_was(engine: sa.Engine) -> None:
    assert read_one(engine, "acme", "orders") == NEW
    hour_later = NOON + timedelta(hours=1)
    failing = Health(
        "acme", "orders", hour_later, NOON, hour_later, 1, FailureKind.PERMANENT, reason="401", setup_print="a:b"
    )
    keep_health(engine, Health("acme", "orders", NOON, NOON))
    keep_health(engine, failing)
    keep_health(engine, Health("acme", "stock"))
    assert read_one(engine, "acme", "orders") == failing
    assert read_health(engine, "orders") == {("acme", "orders"): failing}
    assert read_health(engine).keys() == {("acme", "orders"), ("acme", "stock")}
