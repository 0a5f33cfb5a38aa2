"""Tests of npf_pipelines.rules.change_limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.config.master_setup import ChangeLimitSetup
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.change_limit import FEW, why_stopped
from npf_pipelines.rules.stock import StockRow


def changing(count: int, *, wanted: int = 3, before: int = 5) -> list[StockRow]:
    return [StockRow(f"C{number}", f"{number}", wanted, before, None, "") for number in range(count)]


def right(count: int) -> list[StockRow]:
    return [StockRow(f"R{number}", f"9{number}", 5, 5, StockOutcome.ALREADY_RIGHT, "") for number in range(count)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (changing(50) + right(50), ""),
        (changing(51) + right(49), "would change 51 of 100 products"),
        (changing(12, wanted=0) + right(108), ""),
        (changing(13, wanted=0) + right(107), "would set 13 of 120 products that store and warehouse both have to 0"),
        (changing(13, wanted=-2) + right(107), "would set 13"),
        (changing(13, wanted=0, before=0) + right(107), ""),
        (changing(FEW), ""),
        (
            changing(FEW, wanted=0),
            "would set 10 of 10 products that store and warehouse both have to 0, more",
        ),
        (changing(5, wanted=0) + right(3), "would set 5 of 8"),
        (changing(4, wanted=0) + right(4), ""),
        (changing(3, wanted=0) + right(2), "would set 3 of 5"),
        (changing(2, wanted=0), ""),
        (changing(FEW + 1) + right(2), "would change 11"),
        ([], ""),
    ],
)
def test_more_than_the_limits_stops_the_push(rows: list[StockRow], said: str) -> None:
    stopped = why_stopped(rows, ChangeLimitSetup(), is_first=False)
    assert stopped.startswith(said) if said else stopped == ""


def test_the_first_push_stops_whatever_it_would_change() -> None:
    assert "the first push to this store would change 1 of 3" in why_stopped(
        changing(1) + right(2), ChangeLimitSetup(), is_first=True
    )
    assert why_stopped(right(2), ChangeLimitSetup(), is_first=True) == ""


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 100))
def test_more_than_half_to_0_needs_a_person_whatever_the_limits(changes: int, others: int, percent: int) -> None:
    limits = ChangeLimitSetup(changed_percent=percent, zeroed_percent=percent)
    stopped = why_stopped(changing(changes, wanted=0) + right(others), limits, is_first=False)
    assert stopped or changes < 3 or changes <= others


def test_a_warehouse_that_counts_nothing_sets_nothing_to_0() -> None:
    rows = changing(1, wanted=0) + right(99)
    assert "counts no SKU" in why_stopped(rows, ChangeLimitSetup(), is_first=False, counts_nothing=True)
    assert why_stopped(right(5), ChangeLimitSetup(), is_first=False, counts_nothing=True) == ""


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 100))
def test_what_is_not_compared_changes_nothing(changes: int, others: int, percent: int) -> None:
    limits = ChangeLimitSetup(changed_percent=percent, zeroed_percent=percent)
    rows = changing(changes, wanted=0) + right(others)
    aside = [StockRow("X", None, 3, None, StockOutcome.NOT_IN_STORE, "")] * 500
    assert why_stopped(rows, limits, is_first=False) == why_stopped(rows + aside, limits, is_first=False)


@given(st.integers(0, 60), st.integers(0, 60))
def test_one_change_more_never_releases_it(changes: int, others: int) -> None:
    fewer, more = (
        why_stopped(changing(n) + right(others), ChangeLimitSetup(), is_first=False) for n in (changes, changes + 1)
    )
    assert more or not fewer


def test_kits_of_one_part_count_once_with_it() -> None:
    """Fifteen kits without a cup are one cup that is gone, not a broken count."""
    cup, kits = changing(16, wanted=0)[0], changing(16, wanted=0)[1:]
    deciding = {kit.sku: cup.sku for kit in kits}
    rows = [cup, *kits, *right(64)]
    assert why_stopped(rows, ChangeLimitSetup(), is_first=False).startswith("would set 16 of 80")
    assert why_stopped(rows, ChangeLimitSetup(), is_first=False, deciding=deciding) == ""
    assert "change 16 of 80" in why_stopped(rows, ChangeLimitSetup(), is_first=True, deciding=deciding)


def test_kits_of_many_parts_are_as_improbable_as_other_products() -> None:
    """A shop that sells nothing but kits is not emptied by an empty count."""
    kits = changing(40, wanted=0)
    deciding = {kit.sku: f"P{number // 2}" for number, kit in enumerate(kits)}
    said = why_stopped(kits, ChangeLimitSetup(), is_first=False, deciding=deciding)
    assert said.startswith("would change 20 of 20 products that store and warehouse both have (kits with the same")
