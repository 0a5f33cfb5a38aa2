"""Turns: who is left is first, who fails is last, and a night has each client once."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.turns import clients_of_tick, going_on_from, in_turn, may_wait

NAMES = st.lists(st.text("abc", min_size=1, max_size=4), unique=True).map(sorted)


def test_those_left_are_first_and_those_that_failed_last() -> None:
    left, failed = {"c", "d"}, {"a", "d"}
    assert in_turn("abcde", left.__contains__, failed.__contains__) == ["c", "b", "e", "d", "a"]


@given(st.lists(st.sampled_from([0, 1, 15, 60]), max_size=20))
def test_the_longer_a_store_is_quiet_the_rarer_are_its_turns(pauses: list[int]) -> None:
    changed_at = now = datetime(2026, 11, 28, tzinfo=UTC)
    left = 0
    for minutes in pauses:
        now += timedelta(minutes=minutes)
        waits, quiet = may_wait(changed_at, now, left), now - changed_at
        if quiet <= timedelta(minutes=10):
            assert not waits
        elif quiet <= timedelta(minutes=30):
            assert waits == (left < 1)
        else:
            assert waits == (left < (3 if quiet <= timedelta(hours=2) else 7))
        left = left + 1 if waits else 0


@given(NAMES, st.text("abc", max_size=4))
def test_an_audit_that_goes_on_has_all_in_a_circle(names: list[str], first: str) -> None:
    turns = going_on_from(names, first)
    assert sorted(turns) == names
    assert all(name >= first for name in turns[:1]) or all(name < first for name in names)
    if turns:
        begin = names.index(turns[0])
        assert turns == names[begin:] + names[:begin]


@given(st.integers(0, 700), st.sampled_from([(time(2, 2), 12), (time(2, 32), 9)]))
def test_a_night_has_each_client_once(count: int, night: tuple[time, int]) -> None:
    begin, ticks = night
    clients = [f"c{number}" for number in range(count)]
    moments = [
        datetime(2026, 11, 28, begin.hour, begin.minute, 9, tzinfo=UTC) + timedelta(minutes=10 * tick)
        for tick in range(ticks)
    ]
    turns, earlier = zip(*[clients_of_tick(clients, moment, begin, ticks) for moment in moments], strict=True)
    assert all(before + turn == clients[: len(before + turn)] for turn, before in zip(turns, earlier, strict=True))
    assert [client for turn in turns for client in turn] == clients
    assert max(map(len, turns)) <= max(25, count // ticks + 1)
    assert len(turns[0]) == count or count > 25
