"""Late changes and clocks that are ahead: parcels entered late, long pauses, times in the future."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from npf_pipelines.domain.health import Health
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.lake.tables import STORE_FACTS, STORE_PRODUCTS
from npf_pipelines.platform.tables import order_lines, orders, shipment_lines, shipments
from npf_pipelines.rules.flow_health import known_at
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines.state.health import keep_health, read_one
from npf_pipelines_tests.automation.test_flow_checks import check
from npf_pipelines_tests.automation.ticks import clients, execute, look, look_at_platform, register, tick
from npf_pipelines_tests.loop import Loop, copied_loop, write_setup
from npf_pipelines_tests.shared_worlds import SharedWorlds

AHEAD = timedelta(hours=20)
FLOWS = ("orders", "shipments", "stock")


def _start_long_ago(loop: Loop) -> None:
    start = datetime.now(UTC).date() - timedelta(days=60)
    for client in loop.stores:
        write_setup(loop.settings.clients, client, loop.url, orders={"start_date": start})


def _grow_old(loop: Loop) -> None:
    """Let a world run for 60 days and do all of today's work."""
    _start_long_ago(loop)
    register(loop)
    loop.run("orders", days=(loop.days[1] - timedelta(days=6), loop.days[1]))
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    for client in loop.stores:
        keep_health(loop.services.state, Health(client, "shipments", hour_ago, hour_ago))
    sweep(loop)


@pytest.fixture
def old(worlds: SharedWorlds, tmp_path: Path) -> Iterator[Loop]:
    """A world that has run for 60 days, and in which all of today's work is done."""
    with copied_loop(worlds.of(_grow_old), tmp_path) as loop:
        _start_long_ago(loop)
        yield loop


def today(loop: Loop) -> date:
    return datetime.now(UTC).astimezone(loop.services.setups()["acme"].zone).date()


def sweep(loop: Loop, at: datetime | None = None) -> None:
    """A sweep of shipments and its runs; it must ask for some."""
    asked = tick(loop, "shipments_sweep", at)
    assert isinstance(asked, list)
    assert all(run.success for run in execute(loop, "shipments_job", asked))


def enter(loop: Loop, lodged_at: datetime, shipment_id: str = "late") -> str:
    """The warehouse enters a parcel of one of acme's orders; the order's number in the store."""
    with loop.services.platform_engine.begin() as connection:
        row = (
            connection.execute(
                sa.select(order_lines, orders.c.store_order_id)
                .join_from(
                    order_lines,
                    orders,
                    (orders.c.client == order_lines.c.client) & (orders.c.order_number == order_lines.c.order_number),
                )
                .where(
                    orders.c.client == "acme",
                    orders.c.status == OrderStatus.IMPORTED,
                    orders.c.is_test.is_(False),
                    orders.c.order_number.not_in(sa.select(shipments.c.order_number)),
                )
                .limit(1)
            )
            .mappings()
            .one()
        )
        connection.execute(
            sa.insert(shipments).values(
                shipment_id=shipment_id,
                client="acme",
                order_number=row["order_number"],
                carrier="StarTrack",
                tracking_number=f"T-{shipment_id}",
                tracking_url="https://startrack.example/T",
                lodged_at=lodged_at,
            )
        )
        connection.execute(sa.insert(shipment_lines).values(shipment_id=shipment_id, sku=row["sku"], quantity=1))
        here = (order_lines.c.client == "acme") & (order_lines.c.order_number == row["order_number"])
        connection.execute(
            sa.update(order_lines).where(here & (order_lines.c.line_id == row["line_id"])).values(quantity_shipped=1)
        )
    return str(row["store_order_id"])


def in_store(loop: Loop, shipment_id: str = "late") -> int:
    """How many shipments of the store have the parcel's tracking number."""
    found = loop.stores["acme"].shipments.values()
    return sum(1 for one in found if one.tracking_number == f"T-{shipment_id}")


def test_a_parcel_entered_late_is_pushed_with_the_next_sweep(old: Loop) -> None:
    enter(old, datetime.now(UTC) - timedelta(days=5))
    sweep(old, datetime.now(UTC) + timedelta(minutes=60))
    assert in_store(old) == 1
    day = (datetime.now(UTC) - timedelta(days=5)).astimezone(old.services.setups()["acme"].zone).date()
    assert old.rows("SELECT day, outcome FROM tracking_push WHERE shipment_id = 'late'") == [(day, "confirmed")]
    before = old.stores["acme"].requests
    sweep(old, datetime.now(UTC) + timedelta(minutes=60))
    assert (in_store(old), old.stores["acme"].requests) == (1, before)


def test_a_parcel_entered_late_is_noticed_by_the_sensor(old: Loop) -> None:
    _, cursor, _ = look_at_platform(old, "shipments")
    enter(old, datetime.now(UTC))
    asked, cursor, _ = look_at_platform(old, "shipments", cursor)
    assert clients(asked) == [["acme"]]
    execute(old, "shipments_job", asked)
    enter(old, datetime.now(UTC) - timedelta(days=5), "later")
    asked, cursor, _ = look_at_platform(old, "shipments", cursor)
    assert clients(asked) == [["acme"]]
    execute(old, "shipments_job", asked)
    assert (in_store(old), in_store(old, "later")) == (1, 1)


def test_a_late_parcel_that_the_store_does_not_take_yet_is_tried_again(old: Loop) -> None:
    enter(old, datetime.now(UTC) - timedelta(days=5))
    old.stores["acme"].switched_off = True
    asked = tick(old, "shipments_sweep", datetime.now(UTC) + timedelta(minutes=60))
    assert isinstance(asked, list)
    execute(old, "shipments_job", asked)
    old.stores["acme"].switched_off = False
    sweep(old, datetime.now(UTC) + timedelta(minutes=60))
    assert in_store(old) == 1


@pytest.mark.parametrize("first", ["shipments_sweep", "nightly_shipments"])
def test_a_client_back_from_a_long_pause_is_caught_up_since_its_last_success(old: Loop, first: str) -> None:
    now = datetime.now(UTC)
    keep_health(old.services.state, Health("acme", "shipments", now - timedelta(days=45), now - timedelta(days=45)))
    enter(old, now - timedelta(days=40))
    passed, rows = check(old, "all_lodged_pushed", "missing")
    assert (passed, [row["shipment"] for row in rows]) == (False, ["late"])
    asked = tick(old, first, now)
    assert isinstance(asked, list)
    assert all(run.success for run in execute(old, "shipments_job", asked))
    assert in_store(old) == 1
    assert check(old, "all_lodged_pushed", "missing") == (True, [])


def test_a_parcel_that_is_older_than_the_look_back_and_was_left_out_is_reported(old: Loop) -> None:
    enter(old, datetime.now(UTC) - timedelta(days=40))
    sweep(old, datetime.now(UTC) + timedelta(minutes=60))
    passed, rows = check(old, "all_lodged_pushed", "missing")
    assert (passed, [row["shipment"] for row in rows]) == (False, ["late"])


def test_a_parcel_dated_ahead_is_reported(old: Loop) -> None:
    enter(old, datetime.now(UTC) + timedelta(days=300))
    passed, rows = check(old, "all_lodged_pushed", "missing")
    assert (passed, [row["shipment"] for row in rows]) == (False, ["late"])
    assert "future" in rows[0]["lodged"]


def test_an_order_that_waits_for_longer_than_the_night_looks_back_is_a_gap(old: Loop) -> None:
    store = old.stores["acme"]
    product = next(one for one in store.products.values() if one.product_code and one.tracking == "B")
    placed = datetime.now(UTC) - timedelta(days=40)
    order_id = store.place_order([(product.product_id, 1)], status="P", timestamp=int(placed.timestamp()))
    passed, rows = check(old, "gap_audit", "missing")
    assert not passed
    assert ("acme", str(order_id)) in [(row["client"], row["order"]) for row in rows]


def test_a_registered_client_without_a_file_is_stale(old: Loop) -> None:
    (old.settings.clients / "bolt.yaml").unlink()
    passed, rows = check(old, "staleness", "stale")
    assert not passed
    assert ("bolt", "it has no valid master setup") in [(row["client"], row["why"]) for row in rows]


# Clocks


@pytest.fixture
def ahead(old: Loop) -> Loop:
    """The world after one run of each flow on a machine whose clock is 20 hours ahead."""
    with time_machine.travel(datetime.now(UTC) + AHEAD, tick=True):
        day = today(old)
        old.run("orders", days=(day, day))
        old.run("shipments", days=(day, day))
        old.run("stock", override_change_limit=True)
    return old


@pytest.mark.parametrize("flow", FLOWS)
def test_a_clock_that_was_ahead_silences_no_sweep(ahead: Loop, flow: str) -> None:
    noted = read_one(ahead.services.state, "acme", flow)
    assert noted.tried_at is not None
    assert noted.tried_at > datetime.now(UTC) + AHEAD / 2
    asked = tick(ahead, f"{flow}_sweep")
    assert isinstance(asked, list)
    assert clients(asked) == [["acme", "bolt"]]
    (run,) = execute(ahead, f"{flow}_job", asked)
    assert run.success
    noted = read_one(ahead.services.state, "acme", flow)
    assert known_at(noted, datetime.now(UTC)) == noted
    said = tick(ahead, f"{flow}_sweep")
    assert isinstance(said, str)
    assert "no client is due" in said


def test_what_a_run_with_its_clock_ahead_remembered_is_read_again(ahead: Loop) -> None:
    store = ahead.stores["acme"]
    order_id = next(
        int(record.order.store_order_id)
        for record in ahead.services.platform.open_records("acme").values()
        if record.order.placed_at < datetime.now(UTC) - timedelta(days=2)
    )
    store.change_status(order_id, "I", user=False)
    asked, _, _ = look(ahead, "new_orders")
    assert clients(asked) == [["acme", "bolt"]]
    assert all(run.success for run in execute(ahead, "orders_job", asked))
    with ahead.services.platform_engine.connect() as connection:
        query = sa.select(orders.c.status).where(orders.c.client == "acme", orders.c.store_order_id == str(order_id))
        assert connection.scalar(query) == OrderStatus.CANCELLED
    ahead.run("stock")
    now = datetime.now(UTC)
    (facts,) = ahead.services.lake.read(STORE_FACTS, client="acme")
    times = [facts[name] for name in ("statuses_read_at", "probed_at", "changes_read_until")]
    times += [row["read_at"] for row in ahead.services.lake.read(STORE_PRODUCTS, client="acme")]
    assert max(filter(None, times)) <= now


def test_a_clock_that_was_ahead_is_reported_once_and_over_when_the_times_are_right_again(ahead: Loop) -> None:
    look(ahead, "alerts")
    (reported,) = [one for one in read_alerts(ahead.services.state).values() if one.kind == "clock"]
    assert reported.told_at is not None
    assert "orders of acme" in reported.text
    look(ahead, "alerts")
    (again,) = [one for one in read_alerts(ahead.services.state).values() if one.kind == "clock"]
    assert (again.told_at, again.over_at) == (reported.told_at, None)
    for flow in FLOWS:
        asked: Any = tick(ahead, f"{flow}_sweep")
        execute(ahead, f"{flow}_job", asked)
    look(ahead, "alerts")
    (over,) = [one for one in read_alerts(ahead.services.state).values() if one.kind == "clock"]
    assert over.over_at is not None


def test_a_pull_noted_in_the_future_is_stale(ahead: Loop) -> None:
    passed, rows = check(ahead, "staleness", "stale")
    assert (passed, [row["client"] for row in rows]) == (False, ["acme", "bolt"])


def test_a_cursor_from_the_future_hides_nothing(old: Loop) -> None:
    with time_machine.travel(datetime.now(UTC) + AHEAD, tick=True):
        old.stores["acme"].switched_off = True
        _, orders_cursor, _ = look(old, "new_orders")
        _, lodged_cursor, _ = look_at_platform(old, "shipments")
        old.stores["acme"].switched_off = False
    assert clients(look(old, "new_orders", orders_cursor)[0]) == [["acme", "bolt"]]
    # The runs that were asked for never came: they were lost with that machine.
    enter(old, datetime.now(UTC))
    assert clients(look_at_platform(old, "shipments", lodged_cursor)[0]) in ([["acme"]], [["acme", "bolt"]])
