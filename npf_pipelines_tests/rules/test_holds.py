"""Tests of npf_pipelines.rules.holds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.domain.outcomes import Decision, Rule
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.cut_off import cut_off_after
from npf_pipelines.rules.holds import (
    BEFORE_CUT_OFF,
    Hold,
    HoldRules,
    Version,
    hold_of,
    hold_rules,
    version_of,
)
from npf_pipelines_tests.builders import ADDRESS, NOON, line, order

SYDNEY = ZoneInfo("Australia/Sydney")
MINUTE = timedelta(minutes=1)
NONE = HoldRules(grace=None, cut_off=None, zone=SYDNEY, total_above=None, countries=frozenset())
GRACE = replace(NONE, grace=30 * MINUTE)
HELD = HoldAction("1000012", True, NOON, "ana", "asked by phone")
RELEASED = HoldAction("1000012", False, NOON, "ben", "")


def hold(rules: HoldRules, action: HoldAction | None = None, *, now: datetime = NOON, **changes: Any) -> Hold | None:
    """The hold on an order that was placed at noon and not changed since."""
    return hold_of(order(**changes), rules, action, NOON, now)


def test_nothing_holds_an_order_of_a_client_that_asks_for_nothing() -> None:
    assert hold(NONE) is None


def test_a_grace_period_counts_from_the_last_change() -> None:
    held = hold(GRACE, now=NOON + 29 * MINUTE)
    assert held is not None
    assert (held.rule, held.release_at) == (Rule.GRACE_PERIOD, NOON + 30 * MINUTE)
    assert held.reason == (
        "placed or last changed at 2026-11-20 12:00 UTC, is released at 2026-11-20 12:30 UTC (orders.hold_minutes)"
    )
    assert hold(GRACE, now=NOON + 30 * MINUTE) is None


def test_the_cut_off_ends_a_grace_period_in_time_for_the_import() -> None:
    at_cut_off = replace(GRACE, cut_off=(NOON + 10 * MINUTE).astimezone(SYDNEY).time())
    held = hold(at_cut_off)
    assert held is not None
    assert held.release_at == NOON + 10 * MINUTE - BEFORE_CUT_OFF
    assert "ended by orders.cut_off" in held.reason
    assert hold(at_cut_off, now=NOON + 7 * MINUTE) is None


@pytest.mark.parametrize(
    ("rules", "changes", "reason"),
    [
        (
            replace(NONE, total_above=Decimal(500)),
            {"total": Decimal("500.01")},
            "the total 500.01 is above 500 (orders.hold.total_above)",
        ),
        (
            replace(NONE, countries=frozenset({"NZ"})),
            {"ship_to": ADDRESS.model_copy(update={"country_code": "NZ", "country": "New Zealand"})},
            "goes to New Zealand (orders.hold.countries)",
        ),
    ],
    ids=["total", "country"],
)
def test_a_rule_holds_an_order_until_a_person_releases_it(
    rules: HoldRules, changes: dict[str, Any], reason: str
) -> None:
    held = hold(rules, **changes)
    assert held == Hold(Rule.HELD_BY_RULE, f"{reason}: it waits for npf release")
    assert hold(rules) is None
    assert hold(rules, RELEASED, **changes) is None


def test_a_persons_action_decides_before_everything_else() -> None:
    held = hold(NONE, HELD)
    assert held == Hold(Rule.HELD_BY_PERSON, "held at 2026-11-20 12:00 UTC by ana")
    assert hold(GRACE, RELEASED) is None
    assert hold(replace(GRACE, total_above=Decimal(1)), HELD) == held


def test_a_test_order_is_held_by_a_person_only() -> None:
    test_order = order(line(sku="Test001"))
    assert hold_of(test_order, replace(GRACE, total_above=Decimal(1)), None, NOON, NOON) is None
    assert hold_of(test_order, NONE, HELD, NOON, NOON) is not None


def test_every_hold_is_a_decision_of_its_own() -> None:
    rules = [rule for rule in Rule if rule.decision is Decision.HELD]
    assert rules == [Rule.NO_DESPATCH_CODE, Rule.GRACE_PERIOD, Rule.HELD_BY_RULE, Rule.HELD_BY_PERSON]
    assert [rule.needs_person for rule in rules] == [True, False, True, True]


def test_a_stores_own_time_of_the_last_change_counts_but_for_the_future() -> None:
    changed = order(updated_at=NOON + 5 * MINUTE)
    assert version_of(changed, None, NOON + 9 * MINUTE).changed_at == NOON + 5 * MINUTE
    assert version_of(changed, None, NOON + MINUTE).changed_at == NOON + MINUTE
    assert version_of(order(updated_at=NOON - MINUTE), None, NOON + MINUTE).changed_at == NOON
    # Nothing that is kept differs, and yet it was changed.
    known = version_of(order(updated_at=NOON), None, NOON)
    assert version_of(changed, known, NOON + 9 * MINUTE) == known._replace(changed_at=NOON + 5 * MINUTE)


def test_a_store_whose_clock_is_hours_ahead_holds_no_order_for_ever() -> None:
    ahead = order(placed_at=NOON + 600 * MINUTE, updated_at=NOON + 600 * MINUTE)
    first = version_of(ahead, None, NOON)
    assert first.changed_at == NOON
    assert version_of(ahead, first, NOON + 30 * MINUTE) == first
    assert hold_of(ahead, GRACE, None, first.changed_at, NOON + 30 * MINUTE) is None


def test_any_other_order_is_changed_when_it_is_first_seen_to_differ() -> None:
    first = version_of(order(), None, NOON + MINUTE)
    assert first.changed_at == NOON
    assert version_of(order(), first, NOON + 9 * MINUTE) == first
    for changes in ({"notes": "ring twice"}, {"status": "O"}, {"total": Decimal("12.51")}):
        edited = version_of(order(**changes), first, NOON + 9 * MINUTE)
        assert edited.changed_at == NOON + 9 * MINUTE
        assert version_of(order(**changes), edited, NOON + 20 * MINUTE) == edited


def test_an_amount_with_more_zeros_is_no_change() -> None:
    first = version_of(order(), None, NOON)
    lake = order(line(price=Decimal("12.5000")), total=Decimal("12.5000"))
    assert version_of(lake, first, NOON + 9 * MINUTE) == first


def test_the_master_setup_names_the_rules() -> None:
    sections = {
        "id": "acme",
        "name": "Acme",
        "store": {
            "url": "https://acme.example",
            "api_user": "api@acme.example",
            "api_key_env": "KEY",
            "user_id": 1,
            "time_zone": "Australia/Sydney",
        },
        "stock": {"quantity": "off"},
    }
    plain = {"start_date": "2026-11-01", "statuses": ["Paid"]}
    assert hold_rules(MasterSetup.model_validate(sections | {"orders": plain})) == NONE
    holds = {"hold_minutes": 45, "cut_off": "14:00", "hold": {"total_above": "500.50", "countries": ["Norway", "US"]}}
    every = MasterSetup.model_validate(sections | {"orders": plain | holds})
    assert hold_rules(every) == HoldRules(45 * MINUTE, time(14), SYDNEY, Decimal("500.50"), frozenset({"NO", "US"}))
    past = MasterSetup.model_validate(sections | {"orders": plain | holds | {"hold_past_cut_off": True}})
    assert hold_rules(past).cut_off is None


# The laws: whatever happens in the store and whenever runs come, an order is imported once, and not before its time.

_EVENTS = st.lists(
    st.tuples(st.integers(1, 90), st.sampled_from(["pull", "edit", "hold", "release"])),
    max_size=25,
    unique_by=lambda event: event[0],
)
"""Minutes after noon, and what happens then."""
_CUT_OFFS = st.sampled_from([None, time(23, 20), time(0, 1)])
"""Local times: noon UTC is 23:00 in Sydney."""


def imports_of(events: Sequence[tuple[int, str]], rules: HoldRules, *, has_times: bool) -> list[datetime]:
    """The moments at which a run imports the order; it is placed at noon, and a run knows what the last one saw."""
    current: Order = order(updated_at=NOON if has_times else None)
    action: HoldAction | None = None
    known: Version | None = None
    imports: list[datetime] = []
    for minute, event in sorted(events):
        now = NOON + minute * MINUTE
        if event == "edit":
            changed = {"notes": current.notes + "!", "updated_at": now if has_times else None}
            current = current.model_copy(update=changed)
        elif event in {"hold", "release"}:
            action = HoldAction("1000012", event == "hold", now, "ana", "")
        elif not imports:  # An imported order is held no more.
            known = version_of(current, known, now)
            if hold_of(current, rules, action, known.changed_at, now) is None:
                imports.append(now)
    return imports


def before(events: Sequence[tuple[int, str]], moment: datetime, *kinds: str) -> list[tuple[datetime, str]]:
    """The events of these kinds before a moment, in their order."""
    timed = [(NOON + minute * MINUTE, event) for minute, event in sorted(events)]
    return [(at, event) for at, event in timed if at < moment and event in kinds]


@given(_EVENTS, st.booleans(), _CUT_OFFS)
def test_every_order_is_released_exactly_once(
    events: list[tuple[int, str]], has_times: bool, cut_off: time | None
) -> None:
    end = [(91, "release"), (92, "pull"), (150, "pull")]
    assert len(imports_of([*events, *end], replace(GRACE, cut_off=cut_off), has_times=has_times)) == 1


@given(_EVENTS, st.booleans(), _CUT_OFFS)
def test_no_order_is_imported_while_a_person_holds_it(
    events: list[tuple[int, str]], has_times: bool, cut_off: time | None
) -> None:
    for imported_at in imports_of(events, replace(GRACE, cut_off=cut_off), has_times=has_times):
        actions = before(events, imported_at, "hold", "release")
        assert not actions or actions[-1][1] == "release"


@given(_EVENTS, _CUT_OFFS)
def test_no_order_is_imported_before_its_grace_period_is_over(
    events: list[tuple[int, str]], cut_off: time | None
) -> None:
    for imported_at in imports_of(events, replace(GRACE, cut_off=cut_off), has_times=True):
        if before(events, imported_at, "release"):
            continue
        changed_at = max([NOON, *(at for at, _ in before(events, imported_at, "edit"))])
        over = changed_at + 30 * MINUTE
        if cut_off:
            over = min(over, cut_off_after(changed_at, cut_off, SYDNEY) - BEFORE_CUT_OFF)
        assert imported_at >= over


@given(st.sets(st.integers(1, 90), max_size=5), st.sets(st.integers(1, 90), min_size=1, max_size=8))
def test_where_a_store_has_no_time_of_changes_an_edit_that_a_run_can_see_delays_the_import(
    edits: set[int], pulls: set[int]
) -> None:
    events = [*((minute, "edit") for minute in edits - pulls), *((minute, "pull") for minute in {*pulls, 91, 150})]
    (imported_at,) = imports_of(events, GRACE, has_times=False)
    first_run = NOON + min(pulls) * MINUTE
    seen = [at for at, _ in before(events, imported_at, "edit") if at > first_run]
    assert imported_at >= max([NOON, *seen]) + 30 * MINUTE


@given(st.sets(st.integers(1, 60), max_size=4), st.sets(st.integers(1, 120), max_size=6))
def test_where_a_store_has_the_time_of_changes_no_run_before_the_time_of_release_matters(
    edits: set[int], pulls: set[int]
) -> None:
    last = max(edits, default=0)
    changes = [(minute, "edit") for minute in edits]
    # A run between two edits that are further apart than the grace period may rightly import the order.
    idle = [(minute, "pull") for minute in pulls - edits if last < minute < last + 30]
    release = (last + 30, "pull")
    assert imports_of([*changes, *idle, release], GRACE, has_times=True) == [NOON + (last + 30) * MINUTE]
