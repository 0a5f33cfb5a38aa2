"""Tests of npf_pipelines.reconcile.platform_orders: what one day's orders become on a real platform."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.platform.database import open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import orders, stock
from npf_pipelines.reconcile.orders_of_day import AGREES, OrderRow, OrdersOfDay
from npf_pipelines.reconcile.platform_orders import reconcile_orders
from npf_pipelines.rules.imports import platform_order
from npf_pipelines_tests.builders import NOON, criteria, line, order


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """The platform's database, without orders."""
    opened = open_platform(f"sqlite:///{tmp_path / 'platform.sqlite'}")
    yield opened
    opened.dispose()


@pytest.fixture
def platform(engine: sa.Engine) -> Platform:
    """A platform without orders."""
    return Platform(engine)


def import_as(engine: sa.Engine, prefix: str, status: OrderStatus, *, hours: int = 0, by_store: bool = True) -> None:
    """The order 1 under the number that the prefix gives, as an earlier release may have imported it twice."""
    number = f"{prefix}1"
    imported = platform_order(order(order_id=number), "")
    platform = Platform(engine)
    platform.import_orders("acme", [imported], NOON + timedelta(hours=hours))
    if status is OrderStatus.CANCELLED and by_store:
        platform.cancel_order("acme", platform.records("acme", [number])[number], NOON)
    with engine.begin() as connection:
        here = orders.c.order_number == number
        connection.execute(sa.update(orders).where(here).values(store_order_id="1", status=status))


def statuses(platform: Platform) -> dict[str, str]:
    """The stage of each number of the order 1."""
    return {number: record.status.value for number, record in platform.records("acme", ["1"]).items()}


def reconcile(platform: Platform, *store_orders: Order, held_now: Collection[str] = ()) -> dict[str, OrderRow]:
    """The rows of a day on which the rules accept all these orders, by order number."""
    day = OrdersOfDay(
        client="acme",
        prefix="CS",
        accepted=store_orders,
        pulled={one.order_id: one for one in store_orders},
        records=platform.records("acme", [one.order_id for one in store_orders]),
        now=NOON,
        criteria=criteria(),
        check_write=lambda: None,
        held_now=lambda: held_now,
    )
    return {row.order_number: row for row in reconcile_orders(platform, day).rows}


def test_an_order_of_which_nothing_can_be_made_costs_only_itself(platform: Platform) -> None:
    nothing_left = order(line("1", "KITE", shipped=1), line("2", ""), order_id="1")
    rows = reconcile(platform, nothing_left, order(order_id="2"))
    assert (rows["CS1"].outcome, rows["CS1"].reason) == (OrderOutcome.REFUSED, "no line is left to ship")
    assert rows["CS2"].outcome is OrderOutcome.IMPORTED
    assert set(platform.records("acme", ["1", "2"])) == {"CS2"}


def test_an_order_that_a_person_holds_after_the_decision_is_not_imported(platform: Platform) -> None:
    rows = reconcile(platform, order(order_id="1"), order(order_id="2"), held_now={"1"})
    assert set(rows) == {"CS2"}
    assert set(platform.records("acme", ["1", "2"])) == {"CS2"}
    assert reconcile(platform, order(order_id="1"))["CS1"].outcome is OrderOutcome.IMPORTED


def test_an_order_that_was_imported_twice_is_taken_up_once(platform: Platform, engine: sa.Engine) -> None:
    import_as(engine, "CS", OrderStatus.CANCELLED, hours=1)
    import_as(engine, "CSK", OrderStatus.CANCELLED)
    for _ in range(2):
        rows = reconcile(platform, order(order_id="1"))
        assert statuses(platform) == {"CS1": "cancelled", "CSK1": "imported"}
        assert (rows["CS1"].outcome, rows["CSK1"].outcome) == (OrderOutcome.CANCELLED, OrderOutcome.IMPORTED)
        assert "under another number" in rows["CS1"].reason


@pytest.mark.parametrize("status", [OrderStatus.SHIPPED, OrderStatus.IMPORTED])
def test_an_order_is_not_taken_up_beside_its_other_number(
    platform: Platform, engine: sa.Engine, status: OrderStatus
) -> None:
    import_as(engine, "CS", OrderStatus.CANCELLED)
    import_as(engine, "CSK", status, hours=1)
    rows = reconcile(platform, order(order_id="1"))
    assert statuses(platform) == {"CS1": "cancelled", "CSK1": status.value}
    assert rows["CS1"].outcome is OrderOutcome.CANCELLED
    assert "under another number" in rows["CS1"].reason


def test_a_number_that_the_warehouse_cancelled_is_not_the_one_taken_up(platform: Platform, engine: sa.Engine) -> None:
    import_as(engine, "CS", OrderStatus.CANCELLED, by_store=False)
    import_as(engine, "CSK", OrderStatus.CANCELLED, hours=1)
    rows = reconcile(platform, order(order_id="1"))
    assert statuses(platform) == {"CS1": "cancelled", "CSK1": "imported"}
    assert "under another number" in rows["CS1"].reason


def test_a_sku_that_was_shipped_elsewhere_is_not_said_to_be_unknown(platform: Platform, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(stock).values(client="acme", sku="KITE", on_hand=5, updated_at=NOON))
    shipped_elsewhere = order(line("1", "KITE"), line("2", "ELSEWHERE", shipped=1), order_id="1")
    unknown = order(line("1", "KITE"), line("2", "GHOST"), order_id="2")
    for _ in range(2):
        rows = reconcile(platform, shipped_elsewhere, unknown)
        assert rows["CS1"].reason == AGREES
        assert rows["CS2"].reason == f"{AGREES}; the warehouse has no stock row of GHOST"
