"""Tests of the facts of a report that no figure shows by itself."""

from datetime import timedelta
from pathlib import Path

from npf_pipelines.lake.facts import read_facts
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
