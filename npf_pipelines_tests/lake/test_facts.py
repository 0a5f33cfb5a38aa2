"""Tests of the facts of a report that no figure shows by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from npf_pipelines.domain.open_kinds import MISSED_CUT_OFF
from npf_pipelines.lake.facts import count_open, read_facts
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import FILTERED_ORDERS, PLATFORM_ORDERS
from npf_pipelines_tests.builders import NOON, row

DAY = NOON.date()


def test_the_first_import_is_of_any_day_and_of_no_test_order(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    orders = {"1": (True, 1), "2": (False, 3), "3": (False, 2)}
    for days_ago, numbers in {40: "12", 0: "3"}.items():
        day = DAY - timedelta(days=days_ago)
        decided = [row(FILTERED_ORDERS, order_id=number, is_test=orders[number][0]) for number in numbers]
        lake.write(FILTERED_ORDERS, decided, client="acme", day=day)
        imported = [
            row(
                PLATFORM_ORDERS,
                order_id=number,
                order_number=number,
                imported_at=NOON + timedelta(hours=orders[number][1]),
            )
            for number in numbers
        ]
        lake.write(PLATFORM_ORDERS, imported, client="acme", day=day)
    facts = read_facts(lake, "acme", DAY)
    assert facts.first_import == NOON + timedelta(hours=2)
    assert [order.imported_at for order in facts.orders] == [facts.first_import]
    assert read_facts(lake, "bolt", DAY).first_import is None


def test_an_order_that_missed_its_cut_off_is_a_fact_of_the_window_and_open_for_half_a_day(tmp_path: Path) -> None:
    lake, now = Lake(str(tmp_path)), datetime.now(UTC)
    day = now.date()
    missed = [
        row(
            PLATFORM_ORDERS,
            order_id=number,
            order_number=f"CS{number}",
            outcome="imported",
            imported_at=imported_at,
            missed_cut_off=imported_at - timedelta(seconds=seconds),
        )
        for number, imported_at, seconds in (("1", now - timedelta(hours=1), 61), ("2", now - timedelta(hours=13), 20))
    ]
    in_time = row(
        PLATFORM_ORDERS, order_id="3", order_number="CS3", outcome="imported", imported_at=now, missed_cut_off=None
    )
    lake.write(PLATFORM_ORDERS, [*missed, in_time], client="acme", day=day)
    facts = read_facts(lake, "acme", day)
    assert [(each.number, each.imported_at - each.cut_off) for each in facts.missed] == [
        ("CS1", timedelta(seconds=61)),
        ("CS2", timedelta(seconds=20)),
    ]
    (open_row,) = facts.open
    assert (open_row.kind, open_row.number, open_row.order_id) == (MISSED_CUT_OFF.key, "CS1 (by 2 min)", "1")
    assert open_row.reason.startswith("reached the platform 2 min after the cut-off at ")
    assert [(count.kind, count.first) for count in count_open(lake.connect("acme"), 3)] == [
        (MISSED_CUT_OFF.key, ["CS1 (by 2 min)"])
    ]
    assert read_facts(lake, "acme", day + timedelta(days=1)).missed == []
