"""Tests of npf_pipelines.rules.flow_health, with the fingerprints of npf_pipelines.config.setup_fingerprint."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.setup_fingerprint import fingerprint, matches
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.flow_health import failed, in_order_of_health, is_waiting, known_at, succeeded

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


def fail(before: Health, kind: FailureKind = FailureKind.TRANSIENT, at: datetime = NOON, **more: Any) -> Health:
    changes = {"reached_today": True} | more
    return failed(before, kind, "it is down", setup_print=fingerprint(setup()), began=at, now=at, **changes)


def waits(health: Health, now: datetime, **changes: Any) -> bool:
    """Whether the flow is left alone under the setup with these changes."""
    return is_waiting(health, now, is_setup_changed=not matches(setup(**changes), health.setup_print))


NEW = Health("acme", "orders")


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


def test_a_transient_failure_waits_until_its_pause_is_over() -> None:
    health = fail(NEW)
    assert waits(health, NOON + timedelta(minutes=4))
    assert not waits(health, NOON + timedelta(minutes=5))


def test_a_partial_failure_does_not_wait() -> None:
    assert not waits(fail(NEW, FailureKind.PARTIAL), NOON)


def test_a_permanent_failure_waits_until_setup_or_key_change(monkeypatch: pytest.MonkeyPatch) -> None:
    health = fail(NEW, FailureKind.PERMANENT)
    assert waits(health, NOON + 1000 * HOUR)
    assert not waits(health, NOON, name="Acme Toys")
    monkeypatch.setenv("NPF_HEALTH_KEY", "another")
    assert not waits(health, NOON)
    monkeypatch.delenv("NPF_HEALTH_KEY")
    assert not waits(health, NOON)


def test_a_failure_fixable_in_the_store_waits_an_hour_or_until_setup_or_key_change() -> None:
    health = fail(NEW, FailureKind.FIXABLE_IN_STORE)
    assert health.is_permanent
    assert waits(health, NOON + timedelta(minutes=59))
    assert not waits(health, NOON + HOUR)
    assert not waits(health, NOON, name="Acme Toys")


def test_a_fingerprint_shows_no_key_and_differs_each_time() -> None:
    prints = {fingerprint(setup()) for _ in range(2)}
    assert len(prints) == 2
    assert KEY not in str(prints)
    assert "setup_print" not in repr(fail(NEW, FailureKind.PERMANENT))


@pytest.mark.parametrize("kind", [FailureKind.FIXABLE_IN_STORE, FailureKind.TRANSIENT])
def test_a_try_that_a_wrong_clock_put_far_ahead_is_due_now(kind: FailureKind) -> None:
    ahead = fail(NEW, kind, at=NOON + 48 * HOUR)
    assert waits(ahead, NOON)
    assert not waits(known_at(ahead, NOON), NOON)
    assert waits(known_at(fail(NEW, kind), NOON), NOON)
    permanent = known_at(fail(NEW, FailureKind.PERMANENT, at=NOON + 48 * HOUR), NOON)
    assert permanent.next_try_at is None
    assert waits(permanent, NOON)


def test_clients_that_fail_come_last() -> None:
    health = {"acme": fail(fail(NEW)), "bolt": fail(NEW), "crate": succeeded(NEW, NOON, reached_today=True)}
    clients = ["acme", "bolt", "arrow", "crate"]  # Nothing is known of arrow yet.
    assert in_order_of_health(clients, health) == ["crate", "arrow", "bolt", "acme"]
