"""Tests of npf_pipelines.rules.alerts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.alert import Alert, AlertKind
from npf_pipelines.rules.alerts import after_evaluation
from npf_pipelines.rules.conditions import BACKLOG_PATIENCE, Condition

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_times_in_the_future_keep_no_alert_from_being_sent() -> None:
    ahead = NOON + 20 * HOUR
    condition = Condition(AlertKind.BACKLOG, "acme", "orders", "3 orders wait", "See.", patience=BACKLOG_PATIENCE)
    (alert,) = after_evaluation({}, [condition], [], ahead)
    (alert,) = after_evaluation({alert.key: alert}, [condition], [], NOON)
    assert (alert.since, alert.due_at) == (NOON, NOON + BACKLOG_PATIENCE)
    over = replace(alert, told_at=ahead, over_at=ahead)
    (over,) = after_evaluation({over.key: over}, [], [], NOON)
    assert over.over_at == NOON


SOMETHING = Condition(AlertKind.FAILING, "acme", "stock", "it fails", "Look.")


class People:
    """The messages about one condition, evaluation by evaluation; delivery fails only where a test says so."""

    def __init__(self, condition: Condition = SOMETHING) -> None:
        self.condition = condition
        self.known: dict[str, Alert] = {}
        self.messages: list[str] = []
        self.now = NOON

    def look(self, *, holds: bool, unknown: bool = False, after: timedelta = MINUTE, gets_through: bool = True) -> None:
        self.now += after
        key = self.condition.key
        alerts = after_evaluation(self.known, [self.condition] if holds else [], [key] if unknown else [], self.now)
        for alert in alerts:
            now = alert
            if now.is_due(self.now) and gets_through:
                self.messages.append("begins")
                now = replace(now, told_at=self.now)
            if now.is_over(self.now) and now.told_at and gets_through:
                self.messages.append("over")
                now = replace(now, over_told_at=self.now)
            self.known[key] = now


def test_begin_and_end_are_reported_once() -> None:
    people = People()
    for holds in (True, True, True, False, False, False):
        people.look(holds=holds)
    assert people.messages == ["begins", "over"]


def test_what_is_away_for_one_look_is_not_over() -> None:
    people = People()
    for holds in (True, False, True, False, True):
        people.look(holds=holds)
    assert people.messages == ["begins"]


def test_two_looks_at_once_are_one() -> None:
    people = People()
    people.look(holds=True)
    people.look(holds=False)
    people.look(holds=False, after=timedelta(seconds=1))
    assert people.messages == ["begins"]


def test_what_comes_again_is_reported_again() -> None:
    people = People()
    for holds in (True, False, False, True):
        people.look(holds=holds)
    assert people.messages == ["begins", "over", "begins"]


def test_what_nobody_can_see_stays_as_it_is() -> None:
    people = People()
    people.look(holds=True)
    for _ in range(5):
        people.look(holds=False, unknown=True)
    assert people.messages == ["begins"]


def test_an_event_that_could_not_be_reported_is_reported_even_when_it_is_over() -> None:
    people = People()
    people.look(holds=True, gets_through=False)
    people.look(holds=False, gets_through=False)
    people.look(holds=False, gets_through=False)
    people.look(holds=False)
    assert people.messages == ["begins", "over"]


def test_patience_is_waited_for_and_what_passes_before_is_never_reported() -> None:
    waiting = replace(SOMETHING, kind=AlertKind.BACKLOG, patience=BACKLOG_PATIENCE)
    people = People(waiting)
    people.look(holds=True)
    people.look(holds=True, after=BACKLOG_PATIENCE - MINUTE)
    assert people.messages == []
    people.look(holds=True)
    assert people.messages == ["begins"]
    passing = People(waiting)
    passing.look(holds=True)
    for _ in range(5):
        passing.look(holds=False, after=HOUR)
    assert passing.messages == []


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans())))
def test_begins_and_ends_alternate_whatever_gets_through(looks: list[tuple[bool, bool, bool]]) -> None:
    people = People()
    for holds, unknown, gets_through in looks:
        people.look(holds=holds, unknown=unknown, gets_through=gets_through)
    people.look(holds=False)
    people.look(holds=False)
    assert people.messages[::2] == ["begins"] * len(people.messages[::2])
    assert people.messages[1::2] == ["over"] * len(people.messages[1::2])
    # In the end every condition that held at an evaluation has opened and resolved.
    assert len(people.messages) % 2 == 0
    assert bool(people.messages) == any(holds for holds, _, _ in looks)
