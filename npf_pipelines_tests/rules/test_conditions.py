"""Tests of npf_pipelines.rules.conditions."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.open_kinds import KINDS, OpenKind
from npf_pipelines.rules.conditions import (
    BACKLOG_PATIENCE,
    OVER_LIMIT,
    ClientFacts,
    Condition,
    OpenRows,
    client_conditions,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def conditions(*healths: Health, open_: Sequence[OpenRows] = (), is_running: bool = True) -> list[Condition]:
    well = Health("acme", "orders", last_success_at=NOON)
    facts = ClientFacts("acme", 2 * HOUR, [well, *healths], open_)
    return list(client_conditions(facts, NOON, is_running=is_running))


def kinds(found: Sequence[Condition]) -> list[str]:
    return [condition.kind for condition in found]


def failing(**more: Any) -> Health:
    usual: dict[str, Any] = {
        "failing_since": NOON - HOUR,
        "failures": 2,
        "reason": "it is down",
        "kind": FailureKind.TRANSIENT,
    }
    return Health("acme", "stock", **usual | more)


def things(rows: int, first: str, kind: str = "order_unreadable", *, todo: str = "Correct.", day: int = 20) -> OpenRows:
    return OpenRows(OpenKind(kind, "orders", "set aside", todo), date(2026, 11, day), rows, first)


ROWS_OVER_LIMIT = OpenRows(KINDS[OVER_LIMIT], None, 12, "K1, K2, K3")


def test_rows_that_are_no_orders_are_counted_as_they_are_called() -> None:
    asked = OpenRows(OpenKind("asked", "orders", "unexplained", "Name them.", "order status"), None, 2, "E, S")
    (condition,) = conditions(open_=[asked])
    assert condition.text == "2 order statuses unexplained: E, S"


def test_a_client_that_goes_well_is_no_alert() -> None:
    assert conditions() == []


def test_a_failure_that_may_pass_is_reported_when_it_didnt() -> None:
    assert conditions(failing(failures=1)) == []
    (condition,) = conditions(failing())
    assert (condition.kind, condition.thing, condition.since) == (AlertKind.FAILING, "stock", NOON - HOUR)
    assert "it is down" in condition.text


def test_a_failure_that_lasts_is_reported_at_once() -> None:
    (condition,) = conditions(failing(failures=1, kind=FailureKind.PERMANENT))
    assert "Change what the reason names" in condition.what_to_do


def test_an_exceeded_change_limit_is_reported_once_and_not_as_a_failure_as_well() -> None:
    (condition,) = conditions(failing(kind=FailureKind.OVER_LIMIT), open_=[ROWS_OVER_LIMIT])
    assert (condition.kind, "12 SKUs" in condition.text) == (AlertKind.CHANGE_LIMIT, True)
    # The store went down afterwards: both.
    assert kinds(conditions(failing(), open_=[ROWS_OVER_LIMIT])) == [AlertKind.FAILING, AlertKind.CHANGE_LIMIT]


@pytest.mark.parametrize(("ago", "expected"), [(2 * HOUR, []), (2 * HOUR + MINUTE, [AlertKind.NO_PULL])])
def test_a_pull_may_be_as_old_as_the_clients_limit(ago: timedelta, expected: list[str]) -> None:
    facts = ClientFacts("acme", 2 * HOUR, [Health("acme", "orders", last_success_at=NOON - ago)])
    assert kinds(list(client_conditions(facts, NOON, is_running=False))) == expected


def test_a_client_that_was_never_pulled_is_late_only_where_somebody_pulls() -> None:
    facts = ClientFacts("acme", 2 * HOUR)
    assert list(client_conditions(facts, NOON, is_running=False)) == []
    (condition,) = client_conditions(facts, NOON, is_running=True)
    assert (condition.since, condition.patience) == (None, 2 * HOUR)


def test_rows_are_reported_by_kind_and_day_with_the_first_few_numbers() -> None:
    found = conditions(open_=[things(5, "CS0, CS1, CS2"), things(1, "CS9", day=21)])
    assert [condition.text for condition in found] == [
        "5 orders of 2026-11-20 set aside: CS0, CS1, CS2 and 2 more",
        "1 order of 2026-11-21 set aside: CS9",
    ]
    assert len({condition.key for condition in found}) == 2


def test_what_waits_for_the_next_run_is_reported_when_it_waits_too_long() -> None:
    late = [things(1, "CS1", "order_not_imported", todo=""), things(4, "CS2, CS3, CS4", "order_else", todo="", day=21)]
    (condition,) = conditions(open_=late)
    assert (condition.kind, condition.patience) == (AlertKind.BACKLOG, BACKLOG_PATIENCE)
    assert condition.text == "5 orders waiting and not worked off: CS1 and 4 more"
