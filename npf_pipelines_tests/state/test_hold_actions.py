"""Tests of npf_pipelines.state.hold_actions and npf_pipelines.state.due_decisions."""

from datetime import date, timedelta

import sqlalchemy as sa

from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.state.due_decisions import latest_due, note_due, read_due, replace_due
from npf_pipelines.state.hold_actions import forget_hold_action, held_orders, keep_hold_action, read_hold_actions
from npf_pipelines.state.removal import forget_client
from npf_pipelines.state.rename import rename_state
from npf_pipelines_tests.builders import NOON

DAY, NEXT_DAY = date(2026, 11, 20), date(2026, 11, 21)
MINUTE = timedelta(minutes=1)
HELD = HoldAction("1000012", True, NOON, "ana", "asked by phone")
RELEASED = HoldAction("1000012", False, NOON + MINUTE, "ben", "")


def test_the_latest_action_on_an_order_is_kept(engine: sa.Engine) -> None:
    keep_hold_action(engine, "acme", HELD)
    assert held_orders(engine, "acme") == {"1000012"}
    assert held_orders(engine, "bolt") == frozenset()
    keep_hold_action(engine, "acme", RELEASED)
    assert read_hold_actions(engine, "acme") == {"1000012": RELEASED}
    assert held_orders(engine, "acme") == frozenset()
    forget_hold_action(engine, "acme", "1000012")
    assert read_hold_actions(engine, "acme") == {}


def test_moments_are_noted_once_and_replaced_by_a_run(engine: sa.Engine) -> None:
    for _ in range(2):
        note_due(engine, "acme", DAY, [NOON, NOON + 30 * MINUTE])
    note_due(engine, "acme", NEXT_DAY, [NOON + 60 * MINUTE])
    assert sorted(read_due(engine, "acme")[DAY]) == [NOON, NOON + 30 * MINUTE]
    assert latest_due(engine, NOON + 40 * MINUTE) == {"acme": NOON + 30 * MINUTE}
    assert latest_due(engine, NOON - MINUTE) == {}
    replace_due(engine, "acme", DAY, [NOON + 45 * MINUTE], known=[NOON, NOON + 30 * MINUTE])
    assert read_due(engine, "acme") == {DAY: [NOON + 45 * MINUTE], NEXT_DAY: [NOON + 60 * MINUTE]}


def test_what_a_person_decides_while_a_run_is_at_work_stays_for_the_next_one(engine: sa.Engine) -> None:
    note_due(engine, "acme", DAY, [NOON])
    note_due(engine, "acme", DAY, [NOON + 2 * MINUTE])
    note_due(engine, "acme", DAY, [NOON - 5 * MINUTE])  # By a machine whose clock is behind.
    replace_due(engine, "acme", DAY, [], known=[NOON])
    assert sorted(read_due(engine, "acme")[DAY]) == [NOON - 5 * MINUTE, NOON + 2 * MINUTE]


def test_a_renamed_client_takes_its_holds_along_and_a_removed_one_leaves_none(engine: sa.Engine) -> None:
    keep_hold_action(engine, "acme", HELD)
    note_due(engine, "acme", DAY, [NOON])
    rename_state(engine, "acme", "apex")
    assert held_orders(engine, "apex") == {"1000012"}
    assert read_due(engine, "apex") == {DAY: [NOON]}
    forget_client(engine, "apex")
    assert read_hold_actions(engine, "apex") == {}
    assert read_due(engine, "apex") == {}
