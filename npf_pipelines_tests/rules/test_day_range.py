"""Tests of npf_pipelines.rules.day_range."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.rules.day_range import WrongDays, read_days


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-400, 400))
def test_every_range_is_its_days_or_refused(first: date, more: int) -> None:
    last = first + timedelta(days=more)
    if more < 0:
        with pytest.raises(WrongDays, match="name the earlier day first"):
            read_days(f"{first}", f"{last}")
    else:
        days = read_days(f"{first}", f"{last}")
        assert (days[0], days[-1], len(days)) == (first, last, more + 1)
        assert days == sorted(set(days))


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_written_ends_as_days_or_as_one_sentence(first: str, last: str) -> None:
    try:
        days = read_days(first, last)
    except WrongDays as why:
        assert "\n" not in str(why)  # noqa: PT017 - both ends are right
    else:
        assert bool(days) == bool(first)
