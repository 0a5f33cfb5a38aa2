"""Tests of npf_pipelines.rules.order_age."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.order_age import HoldWindow, OldHold, old_holds
from npf_pipelines_tests.builders import NOON, line, order

ORDER = order(line("1", "KITE", 2), line("2", "KITE", 1), line("3", "DRUM", 4))


def window(days: int, *known: OldHold, is_new: bool = False) -> HoldWindow:
    return HoldWindow(timedelta(days=days), {one.order_id: one for one in known}, is_new)


def test_the_reason_says_what_is_held_and_what_happens_when() -> None:
    now = ORDER.placed_at + timedelta(days=28)
    (hold,) = old_holds([ORDER], window(30), now).values()
    assert hold.skus == ("DRUM", "KITE")
    assert hold.offered_at == now + timedelta(days=3)
    assert "holds 4 DRUM, 3 KITE and isn't on the platform" in hold.reason


def test_units_in_a_shipment_of_the_store_are_not_among_what_is_held() -> None:
    partly = order(line("1", "KITE", 3, shipped=2), line("2", "DRUM", 4, shipped=4))
    (hold,) = old_holds([partly], window(30), partly.placed_at + timedelta(days=28)).values()
    assert hold.skus == ("KITE",)
    assert "holds 1 KITE and isn't on the platform" in hold.reason


def test_what_was_too_old_before_the_first_search_is_named_and_not_held() -> None:
    now = ORDER.placed_at + timedelta(days=31)
    (hold,) = old_holds([ORDER], window(30, is_new=True), now).values()
    assert hold.offered_at == ORDER.placed_at + timedelta(days=30)
    assert old_holds([ORDER], window(30, hold), now + timedelta(days=1)) == {ORDER.order_id: hold}


@given(days=st.integers(1, 365), hours=st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_no_order_is_offered_again_before_it_was_named_for_the_whole_notice(days: int, hours: list[int]) -> None:
    """Over pushes at any distance from each other."""
    now, known, named_at = ORDER.placed_at, window(days), None
    for passed in hours:
        now += timedelta(hours=passed)
        found = old_holds([ORDER], known, now)
        hold = found.get(ORDER.order_id)
        if hold is None:
            assert now - ORDER.placed_at < known.length
            assert named_at is None
            continue
        named_at = named_at or now
        assert hold.noticed_at == named_at
        if hold.offered_at <= now:
            assert now - named_at >= known.notice
            assert now - ORDER.placed_at >= known.length
        known = window(days, hold)


def test_an_old_order_is_asked_for_until_it_is_twice_as_old() -> None:
    (hold,) = old_holds([ORDER], window(30), ORDER.placed_at + timedelta(days=28)).values()
    known = window(30, hold)
    assert known.asked_for(ORDER.placed_at + timedelta(days=59)) == [ORDER.order_id]
    assert known.asked_for(ORDER.placed_at + timedelta(days=61)) == []
    assert known.listed_since(NOON) == NOON - timedelta(days=37)
