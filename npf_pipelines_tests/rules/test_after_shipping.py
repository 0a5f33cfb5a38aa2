"""What a shipped order lacks."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformRecord
from npf_pipelines.rules.after_shipping import SHORT_AFTER, is_short, lacking
from npf_pipelines.rules.imports import platform_order
from npf_pipelines_tests.builders import NOON, line, order

LATER = NOON + SHORT_AFTER + timedelta(seconds=1)


def shipped(imported: int, units: int) -> PlatformRecord:
    """An order of so many kites, in two lines, of which so many were shipped."""
    kites = platform_order(order(line("1", "KITE", imported), line("2", "KITE", 1)), "CS")
    return PlatformRecord(kites, OrderStatus.SHIPPED, units, NOON, NOON, {"KITE": imported + 1 - units})


def test_short_after_an_hour_and_not_before() -> None:
    now = order(line("1", "KITE", 3))
    assert lacking(now, shipped(2, 2), NOON + SHORT_AFTER) == ""
    assert lacking(now, shipped(2, 2), LATER).startswith("shipped short: 2 of KITE shipped, 3 ordered. Lower")


def test_a_line_that_was_added_or_raised_needs_no_patience() -> None:
    now = order(line("1", "KITE", 4), line("2", "DRUM", 2), line("3", "SONG", is_download=True))
    assert lacking(now, shipped(2, 3), NOON) == (
        "added to in the store after shipping: 2 of DRUM ordered, 0 shipped, 4 of KITE ordered, 3 shipped. "
        "Place another order for it, or take it off"
    )


def test_what_the_merchant_has_shipped_is_not_lacking() -> None:
    assert lacking(order(line("1", "KITE", 3, shipped=3)), shipped(2, 2), LATER) == ""
    assert "2 of KITE shipped, 3 ordered" in lacking(order(line("1", "KITE", 3, shipped=1)), shipped(2, 2), LATER)


@given(st.integers(0, 6), st.integers(1, 4), st.integers(0, 5))
def test_nothing_is_lacking_just_when_all_that_is_ordered_was_shipped(ordered: int, imported: int, units: int) -> None:
    units = min(units, imported + 1)
    record = shipped(imported, units)
    lines = [line("1", "KITE", ordered)]
    assert (lacking(order(*lines), record, LATER) == "") == (ordered <= units)
    assert is_short(record) == (units < imported + 1)
