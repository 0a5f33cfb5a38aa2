"""Tests of npf_pipelines.rules.retention."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.rules.retention import old_days, old_hold_actions, old_runs, old_snapshots

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
times = st.integers(0, 400 * 24).map(lambda hours: NOW - timedelta(hours=hours))
ages = st.integers(1, 400).map(lambda days: timedelta(days=days))


@given(st.lists(times, unique=True), ages)
def test_the_last_snapshot_stays_and_of_the_others_the_young_ones(taken: list[datetime], age: timedelta) -> None:
    going = old_snapshots(taken, NOW, age)
    staying = set(taken) - set(going)
    assert all(NOW - one > age for one in going)
    assert all(NOW - one <= age or one == max(taken) for one in staying)
    assert bool(staying) == bool(taken)
    assert old_snapshots(staying, NOW, age) == []


@given(st.dictionaries(st.integers(), times), st.sets(st.integers()), ages)
def test_a_run_that_is_needed_or_young_stays(created: dict[int, datetime], holding: set[int], age: timedelta) -> None:
    going = old_runs(created, holding, NOW, age)
    assert set(going) == {run for run, at in created.items() if NOW - at > age} - holding
    assert [created[run] for run in going] == sorted(created[run] for run in going)


def test_a_day_keeps_its_personal_data_for_as_long_as_it_may() -> None:
    today = date(2026, 11, 20)
    days = [today - timedelta(days=back) for back in (0, 90, 91, 400)]
    assert old_days(days, today, timedelta(days=90)) == [days[3], days[2]]


ids = st.sampled_from("123456")
hold_actions = st.builds(HoldAction, ids, st.booleans(), times, st.just("ana"), st.sampled_from(["", "why"]))


@given(st.lists(hold_actions, unique_by=lambda action: action.order_id), st.sets(ids), st.sets(ids), ages)
def test_no_hold_ends_by_its_age_and_no_reason_outlives_its_use(
    actions: list[HoldAction], held: set[str], imported: set[str], age: timedelta
) -> None:
    gone, without_reason = old_hold_actions(actions, held, imported, NOW - age)
    assert gone <= imported - held
    assert gone.isdisjoint(without_reason)
    for action in actions:
        is_old, is_gone = NOW - action.acted_at > age, action.order_id in gone
        keeps_reason = bool(action.reason) and not is_gone and action.order_id not in without_reason
        assert not (is_gone and not is_old)
        assert keeps_reason == (bool(action.reason) and (not is_old or action.order_id in held))
