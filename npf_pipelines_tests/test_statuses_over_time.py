"""Effects of the store's statuses on imported orders: by the setup, else by the store's own parameter."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml

from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.tables import orders, shipments, stock
from npf_pipelines.reconcile.held_back import HeldBack
from npf_pipelines.sandbox.api import statuses
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.open_items import read_open_items
from npf_pipelines_tests.loop import Loop, small_loop, write_setup
from npf_pipelines_tests.order_steps import automated
from npf_pipelines_tests.store_versions import both_versions


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Loop]:
    """One store whose orders are gone, with fifty of everything in store and warehouse."""
    with small_loop(tmp_path, ("acme",)) as loop:
        store = loop.stores["acme"]
        for order_id in list(store.orders):
            store.remove_order(order_id)
        with loop.services.platform_engine.begin() as connection:
            for product in store.products.values():
                product.amount = 50
            rows = [
                {"client": "acme", "sku": sku, "on_hand": 50, "updated_at": datetime.now(UTC)} for sku in store.skus()
            ]
            connection.execute(sa.insert(stock), rows)
        setup(loop)
        yield loop


def setup(loop: Loop, tracking: dict[str, Any] | None = None, **orders_setup: Any) -> None:
    """The client's setup, with nothing but Paid wanted and Complete as the shipped status unless something is named."""
    write_setup(
        loop.settings.clients,
        "acme",
        loop.url,
        orders={"statuses": ["Paid"]} | orders_setup,
        tracking=tracking or {},
    )
    path = loop.settings.clients / "acme.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "partially_shipped_status" not in (tracking or {}):
        del written["tracking"]["partially_shipped_status"]
    path.write_text(yaml.safe_dump(written), encoding="utf-8")


def place(loop: Loop, status: str = "P", amount: int = 3) -> int:
    """An order of the day before yesterday for a kite and a drum, sent to Sydney."""
    store = loop.stores["acme"]
    kite, drum = goods(loop)
    moment = int((datetime.now(UTC) - timedelta(days=2)).timestamp())
    order_id = store.place_order([(kite, amount), (drum, 1)], status=status, timestamp=moment)
    store.orders[order_id].updated_at = store.now
    return order_id


def goods(loop: Loop) -> tuple[int, int]:
    products = list(loop.stores["acme"].products.values())
    codes = [one.product_code for one in products]
    kite, drum = [
        one for one in products if one.product_code and one.tracking == "B" and codes.count(one.product_code) == 1
    ][3:5]
    return kite.product_id, drum.product_id


def sku(loop: Loop, place_of: int = 0) -> str:
    return loop.stores["acme"].products[goods(loop)[place_of]].product_code


def run(loop: Loop, flow: str = "orders", **config: bool) -> str:
    (launched,) = loop.run(flow, "acme", days=None, **config)
    return launched.failure


def today(loop: Loop) -> str:
    """A sweep: only what changed on earlier days comes into it."""
    day = datetime.now(UTC).astimezone(loop.services.setups()["acme"].zone).date()
    return loop.run("orders", "acme", days=(day, day))[0].failure


def on_platform(loop: Loop, order_id: int) -> dict[str, Any]:
    with loop.services.platform_engine.connect() as connection:
        query = sa.select(orders).where(orders.c.store_order_id == str(order_id))
        return dict(connection.execute(query).mappings().one())


def stage(loop: Loop, order_id: int, **values: Any) -> None:
    with loop.services.platform_engine.begin() as connection:
        connection.execute(sa.update(orders).where(orders.c.store_order_id == str(order_id)).values(**values))


def exceptions(loop: Loop) -> list[tuple[Any, ...]]:
    return loop.rows("SELECT order_id, differs FROM order_exceptions ORDER BY ALL")


def status_of(loop: Loop, order_id: int) -> str:
    return loop.stores["acme"].orders[order_id].status


def misfits(loop: Loop) -> list[str]:
    result = loop.defs.resolve_job_def("audit_job").execute_in_process(instance=loop.instance, raise_on_error=False)
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "setups_fit"]
    value = check.metadata["misfits"]
    return [str(record.data["what"]) for record in value.records] if isinstance(value, dg.TableMetadataValue) else []


def test_a_wanted_status_never_cancels(world: Loop) -> None:
    names = ["Processed", "Complete", "Open", "Failed", "Declined", "Back Ordered", "Cancelled"]
    setup(world, statuses=names)
    placed = {letter: place(world, letter) for letter in "PCOFDBI"}
    for _ in range(2):
        assert run(world) == ""
        assert {on_platform(world, order_id)["status"] for order_id in placed.values()} == {"imported"}
    assert exceptions(world) == []


def test_a_letter_that_the_merchant_has_given_another_meaning_keeps_no_meaning_of_its_own(world: Loop) -> None:
    world.stores["acme"].define_status("D", "Ready to dispatch", "D")
    setup(world, statuses=["Paid", "Ready to dispatch"])
    wanted = place(world, "D")
    moved = place(world)
    run(world)
    world.stores["acme"].define_status("F", "Being packed", "D")
    world.stores["acme"].change_status(moved, "F")
    for _ in range(2):
        assert run(world) == ""
        assert [on_platform(world, one)["status"] for one in (wanted, moved)] == ["imported", "imported"]


@both_versions
def test_a_status_that_gives_stock_back_stops_the_order(world: Loop, version: tuple[int, int, int]) -> None:
    store = world.stores["acme"]
    store.version = version
    early, late = place(world), place(world)
    run(world)
    store.define_status("R", "Refunded", "I")  # after its statuses were read
    stage(world, late, status=OrderStatus.PICKING)
    for order_id in (early, late):
        store.change_status(order_id, "R")
    assert today(world) == ""
    assert (on_platform(world, early)["status"], on_platform(world, early)["cancelled_by"]) == ("cancelled", "store")
    assert on_platform(world, late)["status"] == "picking"
    assert exceptions(world) == [
        (str(late), "cancelled in the store (status R, Refunded), but picking on the platform"),
    ]


def test_a_status_without_a_stock_parameter_is_asked_about_and_does_not_stop(world: Loop) -> None:
    store = world.stores["acme"]
    store.define_status("R", "Printed", "")
    order_id = place(world)
    run(world)
    store.change_status(order_id, "R")
    assert today(world) == ""
    assert on_platform(world, order_id)["status"] == "imported"
    assert world.rows("SELECT name, orders FROM status_questions") == [("Printed (R)", 1)]


def test_a_back_ordered_order_is_asked_about_and_never_cancelled(world: Loop) -> None:
    order_id = place(world)
    run(world)
    world.stores["acme"].change_status(order_id, "B")
    for _ in range(2):
        assert today(world) == ""
        assert on_platform(world, order_id)["status"] == "imported"
        ((found, differs),) = exceptions(world)
        assert (found, "stock may have run out there" in differs) == (str(order_id), True)
    setup(world, continue_statuses=["Back Ordered"])
    run(world)
    assert exceptions(world) == []


@both_versions
def test_a_cancelled_order_that_comes_back_is_taken_up_again(world: Loop, version: tuple[int, int, int]) -> None:
    store = world.stores["acme"]
    store.version = version
    setup(world, continue_statuses=["On hold"])
    one, other = place(world), place(world)
    run(world)
    numbers = [on_platform(world, order_id)["order_number"] for order_id in (one, other)]
    for order_id in (one, other):
        store.change_status(order_id, "I")
    today(world)
    assert on_platform(world, one)["status"] == "cancelled"
    store.change_status(one, "P")
    store.change_status(other, "E")
    store.change_amounts(one, {line.item_id: 2 for line in store.orders[one].lines})
    assert today(world) == ""
    for order_id, number in zip((one, other), numbers, strict=True):
        row = on_platform(world, order_id)
        assert (row["order_number"], row["status"], row["cancelled_by"]) == (number, "imported", "")
    assert sum(world.services.platform.records("acme", [str(one)])[numbers[0]].open_units.values()) == 4
    assert exceptions(world) == []
    assert world.rows("SELECT DISTINCT outcome FROM platform_orders") == [("imported",)]


def test_an_order_that_the_warehouse_cancelled_is_left_to_a_person(world: Loop) -> None:
    order_id = place(world)
    run(world)
    stage(world, order_id, status=OrderStatus.CANCELLED, updated_at=datetime.now(UTC))
    assert run(world) == ""
    assert on_platform(world, order_id)["status"] == "cancelled"
    assert exceptions(world) == [(str(order_id), "cancelled on the platform, but the store has it with the status P")]


def test_where_the_platform_does_not_say_who_cancelled_a_person_decides(world: Loop) -> None:
    order_id = place(world)
    run(world)
    world.stores["acme"].change_status(order_id, "I")
    run(world)
    with world.services.platform_engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE orders DROP COLUMN cancelled_by"))
    world.services.__dict__.pop("platform", None)
    world.stores["acme"].change_status(order_id, "P")
    assert run(world) == ""
    assert exceptions(world) == [(str(order_id), "cancelled on the platform, but the store has it with the status P")]


def test_what_a_returned_order_holds_is_not_sold_again(world: Loop) -> None:
    store = world.stores["acme"]
    kite = store.products[goods(world)[0]]
    assert run(world, "stock", override_change_limit=True) == ""
    order_id = place(world)
    run(world)
    store.change_status(order_id, "I")
    run(world)
    assert run(world, "stock", override_change_limit=True) == ""
    assert kite.amount == 50
    store.change_status(order_id, "E")  # on hold: the store takes its stock again
    assert kite.amount == 47
    assert run(world, "stock", override_change_limit=True) == ""
    assert kite.amount == 47
    store.change_status(order_id, "P")
    run(world)
    assert run(world, "stock", override_change_limit=True) == ""
    assert kite.amount == 47
    assert world.disagreements() == []


@both_versions
def test_a_status_that_nobody_explains_is_one_question_until_it_is_answered(
    world: Loop, version: tuple[int, int, int]
) -> None:
    store = world.stores["acme"]
    store.version = version
    one, other = place(world), place(world)
    run(world)
    for order_id in (one, other):
        store.change_status(order_id, "E")
    for _ in range(2):
        assert today(world) == ""
        ((order_id, differs),) = exceptions(world)
        assert (order_id, differs[:66]) == (None, "2 orders that are open on the platform have the status On hold (E)")
    (found,) = [row for row in read_open_items(world.services.state) if row.kind == "order_status_unclear"]
    assert (found.day, found.rows, found.first) == (None, 1, "On hold (E)")
    assert {on_platform(world, order_id)["status"] for order_id in (one, other)} == {"imported"}

    setup(world, continue_statuses=["On hold"])
    assert today(world) == ""
    assert exceptions(world) == []
    assert [row for row in read_open_items(world.services.state) if row.kind == "order_status_unclear"] == []

    setup(world)
    assert today(world) == ""
    assert len(exceptions(world)) == 1
    setup(world, stop_statuses=["on hold"])
    assert today(world) == ""
    assert exceptions(world) == []
    assert {on_platform(world, order_id)["status"] for order_id in (one, other)} == {"cancelled"}


def test_an_answer_that_a_broken_run_has_not_followed_is_followed_by_the_next(
    world: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.stores["acme"]
    order_id = place(world)
    run(world)
    store.change_status(order_id, "E")
    store.orders[order_id].updated_at -= 7200  # No change that a sweep lists.
    run(world)
    setup(world, stop_statuses=["on hold"])
    days = (world.days[1], world.days[1])
    with monkeypatch.context() as broken:
        broken.setattr(HeldBack, "finish", lambda _: 1 / 0)
        assert not automated(world, days)
    assert on_platform(world, order_id)["status"] == "imported"
    assert automated(world, days)
    assert on_platform(world, order_id)["status"] == "cancelled"


def test_from_a_continue_status_the_shipped_status_is_set(world: Loop) -> None:
    store = world.stores["acme"]
    order_id = place(world)
    run(world)
    store.change_status(order_id, "E")
    world.floor.work("acme", datetime.now(UTC))
    world.floor.work("acme", datetime.now(UTC))
    assert run(world, "shipments") == ""
    assert status_of(world, order_id) == "E"
    setup(world, continue_statuses=["On hold"])
    assert run(world, "shipments") == ""
    assert status_of(world, order_id) == "C"


def test_letters_count_where_the_statuses_can_not_be_read_and_that_is_said(world: Loop) -> None:
    store = world.stores["acme"]
    store.missing_rights = {statuses.RIGHTS["GET"]}
    setup(world, statuses=["Processed"])
    one, other, third = place(world), place(world), place(world)
    run(world)
    store.change_status(one, "D")
    store.change_status(other, "E")
    store.change_status(third, "H")  # gives stock back, which can't be known
    assert today(world) == ""
    assert [on_platform(world, order_id)["status"] for order_id in (one, other, third)] == [
        "cancelled",
        "imported",
        "imported",
    ]
    assert world.rows("SELECT status, orders FROM status_questions ORDER BY ALL") == [("E", 1), ("H", 1)]
    said = [sentence for sentence in misfits(world) if "order statuses can't be read" in sentence]
    assert len(said) == 1
    store.missing_rights = set()
    assert [sentence for sentence in misfits(world) if "can't be read" in sentence] == []


def test_a_setup_that_contradicts_itself_in_the_store_is_refused(world: Loop) -> None:
    order_id = place(world)
    run(world)
    setup(world, statuses=["Processed"], stop_statuses=["P"])
    contradiction = "orders.stop_statuses names 'P' and orders.statuses names 'Processed', which is the same status"
    assert contradiction in run(world)
    assert contradiction in run(world, "stock")
    assert any(contradiction in sentence for sentence in misfits(world))
    assert on_platform(world, order_id)["status"] == "imported"


# Shipped short, and added to after shipping


def ship(loop: Loop, order_id: int, *, missing: int = 1, ago: timedelta = timedelta(hours=2)) -> None:
    """The warehouse ships the order without some kites, a while ago."""
    number = on_platform(loop, order_id)["order_number"]
    moment = datetime.now(UTC) - ago
    loop.floor.ship_short("acme", number, {sku(loop): missing} if missing else {}, moment)
    with loop.services.platform_engine.begin() as connection:
        connection.execute(sa.update(shipments).values(lodged_at=moment))


@both_versions
def test_an_order_shipped_short_is_reported_until_the_merchant_lowers_it(
    world: Loop, version: tuple[int, int, int]
) -> None:
    store: SandboxStore = world.stores["acme"]
    store.version = version
    order_id = place(world)
    run(world)
    ship(world, order_id, ago=timedelta(minutes=30))
    assert today(world) == run(world, "shipments") == ""
    assert (exceptions(world), status_of(world, order_id)) == ([], "P")
    with world.services.platform_engine.begin() as connection:
        moment = datetime.now(UTC) - timedelta(hours=2)
        connection.execute(sa.update(shipments).values(lodged_at=moment))
        connection.execute(sa.update(orders).values(updated_at=moment))
    for _ in range(2):
        assert today(world) == run(world, "shipments") == ""
        ((found, differs),) = exceptions(world)
        assert (found, differs[:43]) == (str(order_id), f"shipped short: 2 of {sku(world)} shipped, 3 ordered"[:43])
        assert status_of(world, order_id) == "P"
    ((reason,),) = world.rows("SELECT DISTINCT status_reason FROM tracking_push")
    assert f"1 of {sku(world)} were not shipped" in reason
    assert "order_differs" in {row.kind for row in read_open_items(world.services.state)}

    kite = store.orders[order_id].lines[0]
    store.change_amounts(order_id, {kite.item_id: 2})
    assert today(world) == run(world, "shipments") == ""
    assert (exceptions(world), status_of(world, order_id)) == ([], "C")
    asked = store.requests
    assert today(world) == ""
    assert store.requests - asked <= 3  # judged: its day isn't pulled again and again


def test_an_order_with_an_unknown_sku_that_was_shipped_short_is_reported(world: Loop) -> None:
    with world.services.platform_engine.begin() as connection:
        connection.execute(sa.delete(stock).where(stock.c.sku == sku(world, 1)))
    order_id = place(world)
    world.stores["acme"].orders[order_id].updated_at -= 7200  # No change that a sweep lists.
    run(world)
    ((reason,),) = world.rows(f"SELECT reason FROM platform_orders WHERE order_id = '{order_id}'")  # noqa: S608
    assert reason.endswith(f"the warehouse has no stock row of {sku(world, 1)}")
    ship(world, order_id)
    assert today(world) == ""
    assert [found for found, _ in exceptions(world)] == [str(order_id)]


def test_an_order_shipped_short_gets_the_status_that_the_setup_names(world: Loop) -> None:
    store = world.stores["acme"]
    setup(world, {"short_shipped_status": "On hold"})
    order_id = place(world)
    run(world)
    ship(world, order_id)
    assert today(world) == run(world, "shipments") == ""
    assert (status_of(world, order_id), len(exceptions(world))) == ("E", 1)
    # The merchant's edit gives the lines other ids.
    store.rebuild_order(order_id, {line.item_id: min(line.amount, 2) for line in store.orders[order_id].lines})
    assert today(world) == run(world, "shipments") == ""
    assert (status_of(world, order_id), exceptions(world)) == ("C", [])
    assert len(store.shipments_of(order_id)) == len(world.rows("FROM tracking_push"))


def test_an_order_added_to_after_shipping_is_reported(world: Loop) -> None:
    store = world.stores["acme"]
    order_id, other = place(world), place(world)
    run(world)
    for one in (order_id, other):
        ship(world, one, missing=0)
    run(world, "shipments")
    assert status_of(world, order_id) == "C"
    store.change_amounts(order_id, {store.orders[order_id].lines[0].item_id: 5})
    store.orders[other].lines.append(
        dataclasses.replace(store.orders[other].lines[0], item_id="99", product_code="YO-YO", amount=1)
    )
    store.orders[other].updated_at = store.now
    assert today(world) == run(world, "shipments") == ""
    advice = "Place another order for it, or take it off"
    assert exceptions(world) == [
        (
            str(order_id),
            f"added to in the store after shipping: 5 of {sku(world)} ordered, 3 shipped. {advice}",
        ),
        (str(other), f"added to in the store after shipping: 1 of YO-YO ordered, 0 shipped. {advice}"),
    ]
    assert status_of(world, order_id) == "C"
