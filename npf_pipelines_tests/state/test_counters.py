"""Tests of npf_pipelines.state.counters."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.state.counters import add_counts, counted_since, read_counts
from npf_pipelines.state.removal import forget_client
from npf_pipelines.state.rename import rename_state

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_values_are_added_up_by_client_and_flow(engine: sa.Engine) -> None:
    add_counts(engine, "acme", "orders", {"requests": 3, "delay_seconds": 0}, NOON)
    add_counts(engine, "acme", "orders", {"requests": 2, "delay_seconds": 1.5}, NOON + timedelta(hours=1))
    add_counts(engine, "acme", "stock", {"requests": 7}, NOON)
    add_counts(engine, "acme", "stock", {}, NOON)
    assert read_counts(engine) == {
        ("acme", "orders"): {"requests": 5, "delay_seconds": 1.5},
        ("acme", "stock"): {"requests": 7},
    }
    assert counted_since(engine, "acme", "orders", "delay_seconds") == NOON
    assert counted_since(engine, "acme", "shipments", "requests") is None


def test_runs_at_the_same_time_lose_nothing_of_each_other(engine: sa.Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: add_counts(engine, "acme", "orders", {"b": 1, "a": 2}, NOON), range(40)))
    assert read_counts(engine) == {("acme", "orders"): {"a": 80, "b": 40}}


def test_they_go_with_the_client(engine: sa.Engine) -> None:
    add_counts(engine, "acme", "orders", {"requests": 3}, NOON)
    rename_state(engine, "acme", "bolt")
    assert read_counts(engine) == {("bolt", "orders"): {"requests": 3}}
    forget_client(engine, "bolt")
    assert read_counts(engine) == {}
