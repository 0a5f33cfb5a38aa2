"""Tests of npf_pipelines.state.health."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.state.health import Health, failed, keep_health, print_of, read_health, read_one, succeeded

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "planted-key-of-a-store"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_HEALTH_KEY", KEY)


def setup(**changes: Any) -> MasterSetup:
    usual: dict[str, Any] = {
        "id": "acme",
        "name": "Acme",
        "store": {
            "url": "https://shop.example",
            "api_user": "api@shop.example",
            "api_key_env": "NPF_HEALTH_KEY",
            "user_id": 1,
            "time_zone": "UTC",
        },
        "orders": {"start_date": date(2026, 11, 1), "statuses": ["P"]},
        "stock": {"quantity": "off"},
    }
    return MasterSetup.model_validate(usual | changes)


def fail(before: Health, trouble: FailureKind = FailureKind.TRANSIENT, at: datetime = NOON, **more: Any) -> Health:
    return failed(before, trouble, "it is down", setup(), began=at, now=at, **({"reached_today": True} | more))


NEW = Health("acme", "orders")


def test_it_is_kept_and_read_as_it_was(engine: sa.Engine) -> None:
    assert read_one(engine, "acme", "orders") == NEW
    stands = fail(NEW, FailureKind.PERMANENT)
    keep_health(engine, succeeded(NEW, NOON, reached_today=True))
    keep_health(engine, stands)
    keep_health(engine, Health("acme", "stock"))
    assert read_one(engine, "acme", "orders") == stands
    assert read_health(engine, "orders") == {("acme", "orders"): stands}
    assert read_health(engine).keys() == {("acme", "orders"), ("acme", "stock")}


def test_failures_count_up_and_one_success_forgets_them() -> None:
    twice = fail(fail(succeeded(NEW, NOON - HOUR, reached_today=True)), at=NOON + HOUR)
    assert (twice.failures, twice.failing_since, twice.last_success_at) == (2, NOON, NOON - HOUR)
    assert twice.next_try_at == NOON + HOUR + timedelta(minutes=10)
    assert succeeded(twice, NOON + 2 * HOUR, reached_today=True) == Health(
        "acme", "orders", tried_at=NOON + 2 * HOUR, last_success_at=NOON + 2 * HOUR
    )


def test_a_backfill_proves_that_the_store_answers_and_not_that_today_is_pulled() -> None:
    after = succeeded(fail(NEW), NOON + HOUR, reached_today=False)
    assert (after.failures, after.tried_at, after.last_success_at) == (0, NOON, None)


def test_passing_trouble_rests_until_its_pause_is_over() -> None:
    stands = fail(NEW)
    assert stands.rests(setup(), NOON + timedelta(minutes=4))
    assert not stands.rests(setup(), NOON + timedelta(minutes=5))


def test_partial_trouble_rests_not_at_all() -> None:
    assert not fail(NEW, FailureKind.PARTIAL).rests(setup(), NOON)


def test_lasting_trouble_rests_until_setup_or_key_change(monkeypatch: pytest.MonkeyPatch) -> None:
    stands = fail(NEW, FailureKind.PERMANENT)
    assert stands.rests(setup(), NOON + 1000 * HOUR)
    assert not stands.rests(setup(name="Acme Toys"), NOON)
    monkeypatch.setenv("NPF_HEALTH_KEY", "another")
    assert not stands.rests(setup(), NOON)
    monkeypatch.delenv("NPF_HEALTH_KEY")
    assert not stands.rests(setup(), NOON)


def test_trouble_in_the_store_rests_an_hour_or_until_setup_or_key_change() -> None:
    stands = fail(NEW, FailureKind.FIXABLE_IN_STORE)
    assert stands.is_permanent
    assert stands.rests(setup(), NOON + timedelta(minutes=59))
    assert not stands.rests(setup(), NOON + HOUR)
    assert not stands.rests(setup(name="Acme Toys"), NOON)


def test_the_print_shows_no_key_and_is_another_one_each_time() -> None:
    prints = {print_of(setup(), salt=salt) for salt in ("a", "b")}
    assert len(prints) == 2
    assert KEY not in str(prints)
    assert "setup_print" not in repr(fail(NEW, FailureKind.PERMANENT))


@pytest.mark.parametrize("trouble", [FailureKind.FIXABLE_IN_STORE, FailureKind.TRANSIENT])
def test_a_try_that_a_wrong_clock_put_far_ahead_is_due_now(trouble: FailureKind) -> None:
    ahead = fail(NEW, trouble, at=NOON + 48 * HOUR)
    assert ahead.rests(setup(), NOON)
    assert not ahead.known_at(NOON).rests(setup(), NOON)
    assert fail(NEW, trouble).known_at(NOON).rests(setup(), NOON)
    lasting = fail(NEW, FailureKind.PERMANENT, at=NOON + 48 * HOUR).known_at(NOON)
    assert lasting.next_try_at is None
    assert lasting.rests(setup(), NOON)
