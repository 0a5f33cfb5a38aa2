"""The whole order on the platform, and its despatch code by the client's map; through the real loop."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.lake.tables import RAW_ORDERS
from npf_pipelines.platform.additions import is_addition
from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.sandbox.generate_orders import METHODS
from npf_pipelines.sandbox.model import Order
from npf_pipelines.state.hold_actions import read_hold_actions
from npf_pipelines.state.open_items import read_open_items
from npf_pipelines_tests.loop import Loop
from npf_pipelines_tests.order_steps import (
    audit,
    change_setup,
    decision,
    exceptions,
    outcomes,
    place,
    platform_row,
    stage,
    today,
)

TYPED = "For my dear Xanthippe"
NOTED = "Ring the bell of Mr Unmistakable"


def imported(loop: Loop, count: int) -> list[Order]:
    """New orders of acme's store that the platform has and has not begun with."""
    store = loop.stores["acme"]
    placed = [place(store, days=1 + number / 100) for number in range(count)]
    assert [run.failure for run in loop.run("orders", "acme")] == [""]
    return [store.orders[order_id] for order_id in placed]


def sums(loop: Loop) -> dict[str, str]:
    return dict(loop.rows("SELECT order_id, sums FROM filtered_orders WHERE client = 'acme' AND sums IS NOT NULL"))


def test_what_the_store_has_of_an_order_is_on_the_platform(completed: Loop) -> None:
    assert completed.disagreements() == []
    seen = {"discount": 0, "tax": 0, "gift_message": 0, "internal_note": 0}
    for client, store in completed.stores.items():
        with completed.services.platform_engine.connect() as connection:
            rows = connection.execute(sa.select(orders).where(orders.c.client == client)).mappings().all()
        for row in rows:
            order = store.orders[int(row["store_order_id"])]
            bill_to = order.customer.bill_to
            assert row["bill_to_name"] == f"{bill_to.firstname} {bill_to.lastname}"
            assert (row["bill_to_city"], row["bill_to_country_code"]) == (bill_to.city, bill_to.country)
            assert (row["currency"], row["language"], row["storefront_id"]) == (store.currency, "en", "1")
            assert (row["payment_method"], row["gift_message"] or "") == (order.payment, order.gift_message)
            assert row["internal_note"] == order.details
            assert (row["total"] * 100, row["subtotal"] * 100) == (order.total, order.subtotal)
            assert (row["tax"] * 100, row["discount"] * 100) == (order.tax, order.discount)
            assert row["despatch_method"] is None
            for name in seen:
                seen[name] += bool(row[name])
    assert all(seen.values()), seen


def test_sums_that_do_not_add_up_are_said_and_imported_as_they_are(completed: Loop) -> None:
    wrong = completed.rows("SELECT client, order_id, decision, sums FROM filtered_orders WHERE sums IS NOT NULL")
    assert wrong
    for client, order_id, decided, said in wrong:
        assert completed.stores[client].orders[int(order_id)].documented == {"shipping_cost": "1.23"}
        assert decided != "rejected"
        assert "shipping 1.23" in said


def test_money_and_texts_that_change_later_follow_and_are_added_up_again(fresh: Loop) -> None:
    store = fresh.stores["acme"]
    cheaper, wrong, before, noted = imported(fresh, 4)
    store.edit_order(cheaper.order_id, discount=cheaper.discount + 100)
    store.edit_order(wrong.order_id, documented={"shipping_cost": "77.00"}, gift_message=TYPED)
    store.edit_order(noted.order_id, details=NOTED)
    stage(fresh, noted.order_id, OrderStatus.PICKING)
    with fresh.services.platform_engine.begin() as connection:
        of_before = orders.c.store_order_id == str(before.order_id)
        for table, where in ((orders, of_before), (order_lines, order_lines.c.order_number == f"CS{before.order_id}")):
            never_written = {column.name: None for column in table.columns if is_addition(column)}
            connection.execute(sa.update(table).where(where).values(never_written))
    as_it_was = platform_row(fresh, before.order_id)
    assert str(cheaper.order_id) not in sums(fresh)

    assert [run.failure for run in fresh.run("orders", "acme")] == [""]

    assert platform_row(fresh, cheaper.order_id)["total"] * 100 == cheaper.total
    row = platform_row(fresh, wrong.order_id)
    assert (row["shipping_cost"], row["gift_message"]) == (Decimal(77), TYPED)
    assert row["total"] * 100 == wrong.total
    assert "shipping 77.00" in sums(fresh)[str(wrong.order_id)]
    assert platform_row(fresh, before.order_id) == as_it_was
    assert str(noted.order_id) not in dict(exceptions(fresh))

    store.edit_order(wrong.order_id, documented=None)
    assert [run.failure for run in fresh.run("orders", "acme")] == [""]
    assert str(wrong.order_id) not in sums(fresh)
    _are_personal(fresh)
    listed = audit(fresh, "sums_add_up")
    assert listed.passed == (not fresh.rows("FROM filtered_orders WHERE sums IS NOT NULL"))


def _are_personal(loop: Loop) -> None:
    """The shopper's message and the merchant's note are in no table but raw_orders, and go with its personal data."""
    tables = "filtered_orders", "platform_orders", "order_exceptions"
    assert not [table for table in tables for text in (TYPED, NOTED) if text in str(loop.rows(f"FROM {table}"))]
    dagster = [path.read_bytes() for path in (loop.settings.data / "dagster").rglob("*") if path.is_file()]
    assert dagster
    assert not [content for content in dagster for text in (TYPED, NOTED) if text.encode() in content]
    kept = "SELECT client, day FROM raw_orders WHERE gift_message = '{}' OR internal_note = '{}'"
    days = loop.rows(kept.format(TYPED, NOTED))
    assert days
    for client, day in days:
        loop.services.lake.drop_personal(RAW_ORDERS, client=client, day=day)
    assert not [text for text in (TYPED, NOTED) if text in str(loop.rows("FROM raw_orders"))]


# Shipping methods


def mapped(loop: Loop, codes: dict[str, str] | None) -> None:
    start = (datetime.now(UTC) - timedelta(days=4)).date()
    change_setup(loop, orders={"start_date": start} | ({"shipping_methods": codes} if codes else {}))


def placed_by(loop: Loop, method: int, **more: Any) -> int:
    store = loop.stores["acme"]
    order_id = place(store, **more)
    store.edit_order(order_id, shipping=(METHODS[method],))
    return order_id


def held(loop: Loop) -> set[str]:
    """The first few of the orders that alerts list as held."""
    items = read_open_items(loop.services.state)
    return {number for item in items if item.kind == "order_no_despatch_code" for number in item.first.split(", ")}


def test_an_order_without_a_code_is_held_and_goes_on_by_itself(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = platform_row(fresh, imported(fresh, 1)[0].order_id)
    mapped(fresh, {"custom SHIPPING method": "STD"})
    known, express, abroad = (placed_by(fresh, method, days=method) for method in range(3))
    moved = placed_by(fresh, 0, days=4)
    assert [run.failure for run in fresh.run("orders", "acme")] == [""]
    assert platform_row(fresh, known)["despatch_method"] == "STD"
    assert decision(fresh, express) == decision(fresh, abroad) == ("held", "no_despatch_code")
    ((reason,),) = fresh.rows(f"SELECT reason FROM filtered_orders WHERE order_id = '{express}'")  # noqa: S608
    said = "no despatch code for the shipping method Express post (2): map it under orders.shipping_methods"
    assert reason == f"held: {said}"
    assert held(fresh) >= {f"CS{express}", f"CS{abroad}"}
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    released = CliRunner().invoke(app, ["release", "acme", str(express)])
    assert released.exit_code == 1
    assert "has no despatch code, which no release can give it" in " ".join(released.output.split())
    assert not read_hold_actions(fresh.services.state, "acme")
    # Orders that were imported before there was a map stay as they are.
    assert platform_row(fresh, int(before["store_order_id"])) == before
    assert outcomes(fresh, "differs") == set()
    fresh.stores["acme"].edit_order(moved, shipping=(METHODS[1],), notes="ring twice")
    assert today(fresh) == [""]
    assert outcomes(fresh, "differs") == {str(moved)}

    mapped(fresh, {"custom SHIPPING method": "STD", "2": "EXP"})
    assert today(fresh) == [""]
    moved_to = platform_row(fresh, moved)
    assert (moved_to["despatch_method"], moved_to["notes"]) == ("EXP", "ring twice"), "no other order of its day is due"
    assert platform_row(fresh, express)["despatch_method"] == "EXP"
    assert decision(fresh, express) == ("accepted", "all_passed")
    assert decision(fresh, abroad)[0] == "held"

    mapped(fresh, None)
    assert today(fresh) == [""]
    assert platform_row(fresh, abroad)["despatch_method"] is None
    assert held(fresh) == set()


def test_a_map_that_the_platform_has_no_column_for_is_refused_at_the_client(fresh: Loop) -> None:
    columns = ", ".join(column.name for column in orders.columns if column.name != "despatch_method")
    with fresh.services.platform_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE orders RENAME TO kept_orders")
        connection.exec_driver_sql(f"CREATE VIEW orders AS SELECT {columns} FROM kept_orders")  # noqa: S608
    mapped(fresh, {"*": "STD"})
    day = day_of(datetime.now(UTC), fresh.services.setups()["acme"].zone)
    (run,) = fresh.run("orders", days=(day, day))
    assert (
        "acme: orders.shipping_methods: the platform's table orders has no column despatch_method: let NPF add it, or "
        "take the map out of the master setup"
    ) in run.failure
    assert "bolt" not in run.failure
