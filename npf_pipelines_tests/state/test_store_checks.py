"""Tests of npf_pipelines.state.store_checks, on each kind of database."""

from datetime import UTC, datetime

import sqlalchemy as sa

from npf_pipelines.domain.store_check import Finding, Level, StoreCheck
from npf_pipelines.state.rename import rename_state
from npf_pipelines.state.store_checks import keep_check, read_checks

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
FIRST = StoreCheck("acme", NOON, (Finding("clock", Level.OK, "Agrees."), Finding("user ID", Level.ERROR, "No.", "Do.")))


def test_the_latest_check_is_kept_and_follows_its_client(engine: sa.Engine) -> None:
    assert read_checks(engine) == {}
    keep_check(engine, StoreCheck("acme", NOON, ()))
    keep_check(engine, FIRST)
    assert read_checks(engine) == {"acme": FIRST}
    rename_state(engine, "acme", "bolt")
    assert [(client, check.count(Level.ERROR)) for client, check in read_checks(engine).items()] == [("bolt", 1)]
