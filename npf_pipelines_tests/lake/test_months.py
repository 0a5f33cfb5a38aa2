"""Tests of npf_pipelines.lake.months: which file counts for a day."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.lake.months import MonthFile, month_file, month_of, month_path, sort_files

FOLDER = "/lake/raw_orders/client=acme"
months = st.dates(date(2024, 1, 1), date(2027, 12, 31)).map(month_of)


@st.composite
def days_of_month(draw: st.DrawFn) -> set[date]:
    month = draw(months)
    places = draw(st.sets(st.integers(0, 30), min_size=1))
    return {day for place in places if month_of(day := month + timedelta(days=place)) == month} or {month}


@given(days_of_month(), st.integers(1, 999_999))
def test_the_name_says_which_days_a_months_file_holds(days: set[date], generation: int) -> None:
    path = month_path(FOLDER, generation, sorted(days))
    assert month_file(path) == MonthFile(path, month_of(min(days)), generation, frozenset(days))


@given(days_of_month(), days_of_month(), st.data())
def test_every_written_day_is_in_one_file_that_counts(first: set[date], second: set[date], data: st.DataObject) -> None:
    own = data.draw(st.sets(st.sampled_from(sorted(first | second))))
    paths = [f"{FOLDER}/day={day}/part.parquet" for day in own]
    paths += [month_path(FOLDER, 2, sorted(days)) for days in (first, second)]
    paths += [month_path(FOLDER, 1, [min(first)])]  # Replaced.
    files = sort_files(data.draw(st.permutations(paths)))["acme"]
    shown = [day for month in files.newest for day in files.shown(month)]
    assert sorted([*files.days, *shown]) == sorted(files.written)
    assert files.written == own | {day for month in files.newest for day in month.days}


def test_other_files_are_left_out() -> None:
    others = ["/month=2026-09/part.parquet", "/month=2026-09/.a.unfinished", "/day=soon/part.parquet", "/part.parquet"]
    assert sort_files(f"{FOLDER}{name}" for name in others) == {}
