"""Tests of npf_pipelines.reconcile.platform_orders: what one day's orders become on a real platform."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from npf_pipelines.cscart.models import Order
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import open_platform
from npf_pipelines.reconcile.platform_orders import OrderOutcome, OrderRow, OrdersOfDay, reconcile_orders
from npf_pipelines.rules.status_meaning import StatusMeanings
from npf_pipelines_tests.builders import NOON, line, order


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform without orders."""
    engine = open_platform(f"sqlite:///{tmp_path / 'platform.sqlite'}")
    yield Platform(engine)
    engine.dispose()


def reconcile(platform: Platform, *orders: Order) -> dict[str, OrderRow]:
    """The rows of a day on which the rules accept all these orders, by order number."""
    day = OrdersOfDay(
        client="acme",
        prefix="CS",
        accepted=orders,
        pulled={one.order_id: one for one in orders},
        records=platform.records("acme", [one.order_id for one in orders]),
        now=NOON,
        meanings=StatusMeanings(wanted=frozenset("P")),
    )
    return {row.order_number: row for row in reconcile_orders(platform, day).rows}


def test_an_order_of_which_nothing_can_be_made_costs_only_itself(platform: Platform) -> None:
    nothing_left = order(line("1", "KITE", shipped=1), line("2", ""), order_id="1")
    rows = reconcile(platform, nothing_left, order(order_id="2"))
    assert (rows["CS1"].outcome, rows["CS1"].reason) == (OrderOutcome.REFUSED, "no line is left to ship")
    assert rows["CS2"].outcome is OrderOutcome.IMPORTED
    assert set(platform.records("acme", ["1", "2"])) == {"CS2"}
