"""Tests of the figures: plain facts in, plain figures out."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.outcomes import Decision
from npf_pipelines.lake.facts import Facts, MissedFact, OrderFact, ShipmentFact
from npf_pipelines.reports.figures import DAYS, Latency, figures, latency, window
from npf_pipelines.reports.pages import report_page
from npf_pipelines_tests.reports.plain import NOW, busy, setup_of

DAY = date(2026, 11, 20)
WINDOW = [DAY - timedelta(days=ago) for ago in reversed(range(DAYS))]
NOTHING = Latency(0, None, None)
PLACED = datetime.combine(DAY, time(10), UTC)


def imported(placed: datetime, seconds: float) -> OrderFact:
    """An order that got to the platform after so many seconds."""
    return OrderFact(placed.date(), "accepted", "all_passed", placed, placed + timedelta(seconds=seconds))


def test_a_client_without_anything_has_figures_all_the_same() -> None:
    empty = figures(Facts(), WINDOW)
    assert empty.by_day == [0] * DAYS
    assert (empty.today, empty.week, empty.to_import, empty.to_tracking) == (0, (0, 0, 0), NOTHING, NOTHING)
    assert empty.to_import_by_day == [NOTHING] * DAYS
    assert empty.is_stale(NOW)


def test_one_order_is_on_its_day_and_is_its_own_median() -> None:
    one = figures(Facts(orders=[imported(PLACED, 90)], first_import=PLACED - timedelta(days=9)), WINDOW)
    assert one.by_day == [0] * (DAYS - 1) + [1]
    assert one.to_import == one.to_import_by_day[-1] == Latency(1, 90, 90)
    assert (one.today, one.week) == (1, (1, 1, 1))


def test_days_without_orders_are_there_and_others_are_not() -> None:
    days = (WINDOW[0], WINDOW[-1], WINDOW[0] - timedelta(days=1), DAY + timedelta(days=1))
    shown = figures(Facts(orders=[OrderFact(day, "rejected", "country") for day in days]), WINDOW)
    assert shown.orders[Decision.REJECTED] == [1] + [0] * (DAYS - 2) + [1]
    assert shown.kept_out == [("country", 2)]
    assert shown.imported == [0] * DAYS


def test_a_week_is_today_and_six_days_before() -> None:
    orders = [OrderFact(DAY - timedelta(days=ago), "accepted", "all_passed") for ago in (0, 6, 7)]
    assert figures(Facts(orders=orders), WINDOW).week == (2, 2, 0)


def test_the_time_to_import_leaves_out_orders_placed_before_the_first_import() -> None:
    old, new = imported(PLACED - timedelta(days=8), 9 * 86400), imported(PLACED, 90)
    waited = imported(PLACED - timedelta(hours=2), 7200)
    shown = figures(Facts(orders=[old, waited, new], first_import=PLACED - timedelta(hours=3)), WINDOW)
    assert shown.to_import.count == 2
    assert shown.to_import_by_day[-9] == NOTHING
    assert (sum(shown.imported), shown.backfilled) == (3, 1)


@pytest.mark.parametrize("order", [imported(PLACED, 90)._replace(placed_at=None), imported(PLACED, 90)])
def test_an_order_whose_age_is_unknown_has_no_time_to_import(order: OrderFact) -> None:
    shown = figures(Facts(orders=[order], first_import=None if order.placed_at else PLACED), WINDOW)
    assert (shown.to_import, shown.imported[-1], shown.backfilled) == (NOTHING, 1, 1)


def test_tracking_counts_what_the_store_has_only() -> None:
    shipments = [ShipmentFact(DAY, 10.0), ShipmentFact(DAY, 30.0), ShipmentFact(DAY, None)]
    assert figures(Facts(shipments=shipments), WINDOW).to_tracking == Latency(2, 20, 29)


def test_a_store_whose_clock_is_ahead_makes_no_negative_time() -> None:
    assert latency([-5.0]) == Latency(1, 0, 0)


@given(st.lists(st.floats(0, 1e7), min_size=1))
def test_the_median_lies_between_the_shortest_and_the_95th_percentile(seconds: list[float]) -> None:
    found = latency(seconds)
    assert found.count == len(seconds)
    assert found.median is not None
    assert found.p95 is not None
    assert min(seconds) <= found.median <= found.p95 <= max(seconds)


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        ("Australia/Sydney", date(2026, 11, 25)),
        ("UTC", date(2026, 11, 24)),
        ("Pacific/Honolulu", date(2026, 11, 24)),
        ("Pacific/Kiritimati", date(2026, 11, 25)),
    ],
)
def test_the_last_day_is_today_where_the_client_is(zone: str, today: date) -> None:
    days = window(NOW, ZoneInfo(zone))
    assert days[-1] == today
    assert [later - earlier for earlier, later in pairwise(days)] == [timedelta(days=1)] * (DAYS - 1)


def test_a_clock_change_drops_no_day() -> None:
    days = window(datetime(2026, 10, 20, tzinfo=UTC), ZoneInfo("Australia/Sydney"))  # The clocks went on on 4 October.
    assert len(set(days)) == DAYS


def test_a_pull_is_stale_after_a_day() -> None:
    pulled = figures(Facts(last_pull=NOW - timedelta(hours=23)), WINDOW)
    assert not pulled.is_stale(NOW)
    assert pulled.is_stale(NOW + timedelta(hours=2))


def test_what_needs_a_person_is_more_urgent_than_what_waits() -> None:
    quiet = figures(Facts(last_pull=NOW), WINDOW)
    full = figures(busy(), WINDOW)
    waits = figures(Facts(open=[row for row in busy().open if row.kind == "sku_waiting"], last_pull=NOW), WINDOW)
    silent = figures(Facts(), WINDOW)
    assert quiet.urgency(NOW) < waits.urgency(NOW) < full.urgency(NOW) < silent.urgency(NOW)


def test_the_orders_that_missed_the_cut_off_are_counted_with_the_time_by_which_they_missed_it() -> None:
    cut_off = datetime.combine(DAY, time(3), UTC)
    missed = [
        MissedFact(f"CS{minutes}", f"{minutes}", cut_off + timedelta(minutes=minutes), cut_off) for minutes in (9, 2, 1)
    ]
    shown = figures(Facts(missed=missed), WINDOW)
    assert shown.missed == missed
    assert (shown.missed_by.count, shown.missed_by.median) == (3, 120)
    page = report_page(setup_of(), shown, NOW, charts={})
    assert "Missed the cut-off<b>3</b>" in page
    assert "by 2 min" in page
    assert 'data-label="Missed by">9 min<' in page
    assert "Missed the cut-off" not in report_page(setup_of(), figures(Facts(), WINDOW), NOW, charts={})
