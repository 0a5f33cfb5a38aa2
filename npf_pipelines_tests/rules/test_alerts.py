"""Tests of npf_pipelines.rules.alerts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.alert import Alert, AlertKind
from npf_pipelines.rules.alerts import (
    BACKLOG_PATIENCE,
    OVER_LIMIT,
    ClientFacts,
    Condition,
    FlowState,
    OpenThings,
    after_look,
    client_conditions,
    clock_conditions,
    missing_setup_conditions,
    setup_conditions,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def conditions(*flows: FlowState, open_: Sequence[OpenThings] = (), is_running: bool = True) -> list[Condition]:
    well = FlowState("orders", last_success_at=NOON)
    facts = ClientFacts("acme", 2 * HOUR, [well, *flows], open_)
    return list(client_conditions(facts, NOON, is_running=is_running))


def kinds(found: Sequence[Condition]) -> list[str]:
    return [condition.kind for condition in found]


def failing(**more: Any) -> FlowState:
    usual: dict[str, Any] = {"failing_since": NOON - HOUR, "failures": 2, "reason": "it is down"}
    return FlowState("stock", **usual | more)


def things(
    rows: int, first: str, kind: str = "order_unreadable", *, todo: str = "Correct.", day: int = 20
) -> OpenThings:
    return OpenThings(kind, "orders", "set aside", date(2026, 11, day), rows, first, todo)


ROWS_OVER_LIMIT = OpenThings(
    OVER_LIMIT, "stock", "over the change limit", None, 12, "K1, K2, K3", "Look at the amounts."
)


def test_a_registered_client_needs_a_file_or_a_wrong_one_of_its_name() -> None:
    errors = ["bolt.yaml: is not YAML"]
    (told,) = missing_setup_conditions(["acme", "bolt", "cord"], {"cord": 1}, errors)
    assert (told.client, told.kind) == ("acme", AlertKind.SETUP)


def test_clocks_that_are_ahead_are_one_condition() -> None:
    assert list(clock_conditions([])) == []
    (told,) = clock_conditions([f"orders of c{number}" for number in range(5)])
    assert "orders of c0, orders of c1, orders of c2 and 2 more" in told.text


def test_times_in_the_future_keep_no_alert_from_being_sent() -> None:
    ahead = NOON + 20 * HOUR
    condition = Condition(AlertKind.BACKLOG, "acme", "orders", "3 orders wait", "See.", patience=BACKLOG_PATIENCE)
    (alert,) = after_look({}, [condition], [], ahead)
    (alert,) = after_look({alert.key: alert}, [condition], [], NOON)
    assert (alert.since, alert.due_at) == (NOON, NOON + BACKLOG_PATIENCE)
    over = replace(alert, told_at=ahead, over_at=ahead)
    (over,) = after_look({over.key: over}, [], [], NOON)
    assert over.over_at == NOON


def test_rows_that_are_no_orders_are_counted_as_they_are_called() -> None:
    asked = OpenThings("order_status_unclear", "orders", "unexplained", None, 2, "E, S", "Name them.", "order status")
    (told,) = conditions(open_=[asked])
    assert told.text == "2 order statuses unexplained: E, S"


def test_a_client_that_goes_well_is_no_alert() -> None:
    assert conditions() == []


def test_a_failure_that_may_pass_is_told_when_it_didnt() -> None:
    assert conditions(failing(failures=1)) == []
    (told,) = conditions(failing())
    assert (told.kind, told.thing, told.since) == (AlertKind.FAILING, "stock", NOON - HOUR)
    assert "it is down" in told.text


def test_a_failure_that_lasts_is_told_at_once() -> None:
    (told,) = conditions(failing(failures=1, is_permanent=True))
    assert "Change what the reason names" in told.what_to_do


def test_an_exceeded_change_limit_is_reported_once_and_not_as_a_failure_as_well() -> None:
    (told,) = conditions(failing(reason="the change limit was exceeded: 60 % would change"), open_=[ROWS_OVER_LIMIT])
    assert (told.kind, "12 SKUs" in told.text) == (AlertKind.CHANGE_LIMIT, True)
    # The store went down afterwards: both.
    assert kinds(conditions(failing(), open_=[ROWS_OVER_LIMIT])) == [AlertKind.FAILING, AlertKind.CHANGE_LIMIT]


@pytest.mark.parametrize(("ago", "told"), [(2 * HOUR, []), (2 * HOUR + MINUTE, [AlertKind.NO_PULL])])
def test_a_pull_may_be_as_old_as_the_clients_limit(ago: timedelta, told: list[str]) -> None:
    facts = ClientFacts("acme", 2 * HOUR, [FlowState("orders", last_success_at=NOON - ago)])
    assert kinds(list(client_conditions(facts, NOON, is_running=False))) == told


def test_a_client_that_was_never_pulled_is_late_only_where_somebody_pulls() -> None:
    facts = ClientFacts("acme", 2 * HOUR)
    assert list(client_conditions(facts, NOON, is_running=False)) == []
    (told,) = client_conditions(facts, NOON, is_running=True)
    assert (told.since, told.patience) == (None, 2 * HOUR)


def test_rows_are_told_by_kind_and_day_with_the_first_few_numbers() -> None:
    found = conditions(open_=[things(5, "CS0, CS1, CS2"), things(1, "CS9", day=21)])
    assert [condition.text for condition in found] == [
        "5 orders of 2026-11-20 set aside: CS0, CS1, CS2 and 2 more",
        "1 order of 2026-11-21 set aside: CS9",
    ]
    assert len({condition.key for condition in found}) == 2


def test_what_waits_for_the_next_run_is_told_when_it_waits_too_long() -> None:
    late = [things(1, "CS1", "order_not_imported", todo=""), things(4, "CS2, CS3, CS4", "order_else", todo="", day=21)]
    (told,) = conditions(open_=late)
    assert (told.kind, told.patience) == (AlertKind.BACKLOG, BACKLOG_PATIENCE)
    assert told.text == "5 orders waiting and not worked off: CS1 and 4 more"


def test_a_wrong_setup_is_one_condition_however_many_errors_it_has() -> None:
    (told,) = setup_conditions(["acme.yaml: store.url: use https\nacme.yaml: name: is missing"])
    assert told.thing == "acme.yaml"
    assert "store.url: use https" in told.text


SOMETHING = Condition(AlertKind.FAILING, "acme", "stock", "it fails", "Look.")


class People:
    """Who is told of one condition, look by look; everything gets through unless it is said."""

    def __init__(self, condition: Condition = SOMETHING) -> None:
        self.condition = condition
        self.known: dict[str, Alert] = {}
        self.told: list[str] = []
        self.now = NOON

    def look(self, *, holds: bool, unknown: bool = False, after: timedelta = MINUTE, gets_through: bool = True) -> None:
        self.now += after
        key = self.condition.key
        alerts = after_look(self.known, [self.condition] if holds else [], [key] if unknown else [], self.now)
        for alert in alerts:
            now = alert
            if now.is_due(self.now) and gets_through:
                self.told.append("begins")
                now = replace(now, told_at=self.now)
            if now.is_over(self.now) and now.told_at and gets_through:
                self.told.append("over")
                now = replace(now, over_told_at=self.now)
            self.known[key] = now


def test_begin_and_end_are_told_once() -> None:
    people = People()
    for holds in (True, True, True, False, False, False):
        people.look(holds=holds)
    assert people.told == ["begins", "over"]


def test_what_is_away_for_one_look_is_not_over() -> None:
    people = People()
    for holds in (True, False, True, False, True):
        people.look(holds=holds)
    assert people.told == ["begins"]


def test_two_looks_at_once_are_one() -> None:
    people = People()
    people.look(holds=True)
    people.look(holds=False)
    people.look(holds=False, after=timedelta(seconds=1))
    assert people.told == ["begins"]


def test_what_comes_again_is_told_again() -> None:
    people = People()
    for holds in (True, False, False, True):
        people.look(holds=holds)
    assert people.told == ["begins", "over", "begins"]


def test_what_nobody_can_see_stays_as_it_is() -> None:
    people = People()
    people.look(holds=True)
    for _ in range(5):
        people.look(holds=False, unknown=True)
    assert people.told == ["begins"]


def test_an_event_that_could_not_be_told_is_told_even_when_it_is_over() -> None:
    people = People()
    people.look(holds=True, gets_through=False)
    people.look(holds=False, gets_through=False)
    people.look(holds=False, gets_through=False)
    people.look(holds=False)
    assert people.told == ["begins", "over"]


def test_patience_is_waited_for_and_what_passes_before_is_never_told() -> None:
    waiting = replace(SOMETHING, kind=AlertKind.BACKLOG, patience=BACKLOG_PATIENCE)
    people = People(waiting)
    people.look(holds=True)
    people.look(holds=True, after=BACKLOG_PATIENCE - MINUTE)
    assert people.told == []
    people.look(holds=True)
    assert people.told == ["begins"]
    passing = People(waiting)
    passing.look(holds=True)
    for _ in range(5):
        passing.look(holds=False, after=HOUR)
    assert passing.told == []


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans())))
def test_begins_and_ends_alternate_whatever_gets_through(looks: list[tuple[bool, bool, bool]]) -> None:
    people = People()
    for holds, unknown, gets_through in looks:
        people.look(holds=holds, unknown=unknown, gets_through=gets_through)
    people.look(holds=False)
    people.look(holds=False)
    assert people.told[::2] == ["begins"] * len(people.told[::2])
    assert people.told[1::2] == ["over"] * len(people.told[1::2])
    # In the end all is told: whatever held at any look has begun and is over.
    assert len(people.told) % 2 == 0
    assert bool(people.told) == any(holds for holds, _, _ in looks)
