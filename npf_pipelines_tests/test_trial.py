"""A client in trial, and going live: first only its tables are written, then everything that they show is done."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from npf_pipelines.assets.shipments import run_shipments
from npf_pipelines.automation.launch import Launched
from npf_pipelines.cli import app
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.open_kinds import HELD_SKU, PLANNED_KINDS
from npf_pipelines.domain.outcomes import PushOutcome
from npf_pipelines.lake.tables import STORE_FACTS
from npf_pipelines.platform.lodgements import lodge_test_orders
from npf_pipelines.platform.tables import orders
from npf_pipelines.rules.mass_changes import MOST_OLD_IMPORTS
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.runs.dagster_internals import ever_materialized
from npf_pipelines.state.client_stores import forget_stores
from npf_pipelines.state.open_items import open_days, read_open_items
from npf_pipelines.state.removal import forget_client
from npf_pipelines_tests.automation.ticks import look
from npf_pipelines_tests.faults.bare_run import BareRun
from npf_pipelines_tests.faults.tracking_client import SETUP
from npf_pipelines_tests.loop import DAYS, Loop, copied_loop, write_setup
from npf_pipelines_tests.order_steps import audit, automated, on_platform, outcomes, place, today
from npf_pipelines_tests.parcel_world import parcel_world
from npf_pipelines_tests.shared_worlds import SharedWorlds
from npf_pipelines_tests.stock_steps import listed

LONG_AGO = 50
"""Days ago: before the look-back of every run."""
GROWN_OLD = 29
"""Days ago: an order that isn't on the platform by now needs a person, unless its client is in trial."""
STARTED = {"start_date": (datetime.now(UTC) - timedelta(days=LONG_AGO + 5)).date()}


def set_mode(loop: Loop, mode: str | None) -> None:
    write_setup(loop.settings.clients, "acme", loop.url, mode=mode, orders=STARTED)


def run(loop: Loop, flow: str, *, days_ago: int = DAYS, **config: bool) -> Launched:
    """A flow of acme over the last days, or over one day of long ago."""
    zone, now = loop.services.setups()["acme"].zone, datetime.now(UTC)
    first = day_of(now - timedelta(days=days_ago), zone)
    (launched,) = loop.run(flow, "acme", days=(first, day_of(now, zone) if days_ago == DAYS else first), **config)
    assert launched.failure == ""
    return launched


def try_out(loop: Loop) -> None:
    """Let acme go through the loop in trial, with many orders of some days ago and one of long ago."""
    del loop.stores["bolt"]
    (loop.settings.clients / "bolt.yaml").unlink()
    store = loop.stores["acme"]
    for _ in range(MOST_OLD_IMPORTS):
        place(store, days=4)
    set_mode(loop, None)
    for days_ago in (LONG_AGO, GROWN_OLD):
        place(store, days=days_ago)
        run(loop, "orders", days_ago=days_ago)
    run(loop, "orders")
    loop.work()
    run(loop, "shipments")
    run(loop, "stock")


@pytest.fixture
def tried(worlds: SharedWorlds) -> Loop:
    """The world after the trial. Leave it as it is."""
    return worlds.of(try_out)


@pytest.fixture
def trial(tried: Loop, tmp_path: Path) -> Iterator[Loop]:
    """A copy of it, to be changed."""
    with copied_loop(tried, tmp_path) as world:
        set_mode(world, None)
        yield world


def accepted(loop: Loop) -> set[str]:
    query = "SELECT order_id FROM filtered_orders WHERE client = 'acme' AND decision = 'accepted'"
    return {order_id for (order_id,) in loop.rows(query)}


def test_in_trial_nothing_is_written_and_the_tables_show_what_would_be(tried: Loop) -> None:
    assert on_platform(tried) == {}
    assert tried.stores["acme"].writes == 0
    assert outcomes(tried, "planned") == accepted(tried) != set()
    ((planned, others),) = tried.rows(
        "SELECT count(*) FILTER (outcome = 'planned'), count(*) FILTER (outcome IN ('confirmed', 'braked', 'waiting'))"
        " FROM stock_push WHERE client = 'acme'"
    )
    assert (planned > 0, others) == (True, 0)
    assert "acme" in ever_materialized(tried.instance, "stock_push")
    day = day_of(datetime.now(UTC), tried.services.setups()["acme"].zone)
    assert f"acme|{day}" in ever_materialized(tried.instance, "platform_orders")


def test_each_run_says_so_in_one_line(trial: Loop) -> None:
    for flow in ("orders", "shipments", "stock"):
        logs = trial.instance.all_logs(run(trial, flow).run_id)
        said = [one.user_message for one in logs if "in trial: " in one.user_message]
        expected = "acme: in trial: the tables show what would be done, nothing is written to store or platform"
        assert said == [expected]


def test_checks_and_alerts_take_planned_rows_for_done_until_the_client_is_live(trial: Loop) -> None:
    def found() -> set[str]:
        return {row["client"] for row in listed(audit(trial, "gap_audit"), "missing")}

    assert found() == set()
    look(trial, "alerts")
    kinds = {item.kind for item in read_open_items(trial.services.state) if item.client == "acme"}
    assert "order_planned" in kinds
    assert HELD_SKU.key not in kinds
    with trial.services.state.connect() as connection:
        alerts = connection.exec_driver_sql("SELECT text FROM alerts WHERE client = 'acme' AND kind = 'backlog'")
        assert alerts.fetchall() == []
    set_mode(trial, "live")
    assert found() == {"acme"}
    look(trial, "alerts")
    with trial.services.state.connect() as connection:
        alerts = connection.exec_driver_sql("SELECT text FROM alerts WHERE client = 'acme' AND kind = 'backlog'")
        texts = [text for (text,) in alerts.fetchall()]
    orders = f"{len(outcomes(trial, 'planned'))} orders waiting and not worked off"
    assert any(text.startswith(orders) for text in texts)


def test_the_report_counts_planned_orders_apart(trial: Loop) -> None:
    run(trial, "reports")
    page = (trial.settings.reports / "acme.html").read_text(encoding="utf-8")
    assert f"planned in trial: {len(outcomes(trial, 'planned')) - 1}" in page  # The one of long ago is on no page.


def test_the_next_sweep_after_going_live_imports_every_planned_order(trial: Loop) -> None:
    planned = outcomes(trial, "planned")
    assert len(planned) > MOST_OLD_IMPORTS
    set_mode(trial, "live")
    day = day_of(datetime.now(UTC), trial.services.setups()["acme"].zone)
    assert automated(trial, (day, day))
    assert set(on_platform(trial).values()) == planned
    assert outcomes(trial, "planned") == outcomes(trial, "held") == set()
    kinds = {item.kind for item in read_open_items(trial.services.state) if item.client == "acme"}
    assert kinds & PLANNED_KINDS.keys() <= {"sku_planned"}
    (stock,) = trial.run("stock", "acme")
    assert "the first push to this store" in stock.failure
    trial.work()
    run(trial, "shipments")
    run(trial, "stock", override_change_limit=True)
    assert trial.disagreements() == []


def test_going_live_at_the_terminal_shows_the_days_first(trial: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_DATA", str(trial.settings.data))
    file = trial.settings.clients / "acme.yaml"
    text = "# ours\n" + file.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    kept = CliRunner().invoke(app, ["client", "live", "acme"], input="n\n")
    assert kept.exit_code == 1
    assert file.read_text(encoding="utf-8") == text
    forget_client(trial.services.state, "acme")  # As if it had been removed and added again.
    shown = CliRunner().invoke(app, ["client", "live", "acme", "--yes", "--json"])
    assert shown.exit_code == 0, shown.output
    days = json.loads(shown.stdout)
    assert sum(day["orders"] for day in days) == len(outcomes(trial, "planned"))
    assert {
        "day": str((datetime.now(UTC) - timedelta(days=LONG_AGO)).astimezone(ZoneInfo("Australia/Sydney")).date()),
        "orders": 1,
        "units": 2,
    } in days
    assert "The next sweep imports what was planned" in shown.stderr
    assert open_days(trial.services.state, "acme")["order_planned"] == {date.fromisoformat(day["day"]) for day in days}
    assert trial.services.setups()["acme"].mode == "live"
    assert sorted(file.read_text(encoding="utf-8").splitlines()) == sorted([*text.splitlines(), "mode: live"])
    again = CliRunner().invoke(app, ["client", "live", "acme"])
    assert (again.exit_code, again.stderr) == (0, "acme is live already.\n")


def test_a_live_client_whose_state_was_lost_imports_what_was_planned_in_a_store_without_a_list_of_changes(
    trial: Loop,
) -> None:
    planned = outcomes(trial, "planned")
    forget_client(trial.services.state, "acme")
    trial.stores["acme"].version = (4, 11, 5)
    (trial.settings.data / f"lake/{STORE_FACTS.name}/client=acme/part.parquet").unlink()
    set_mode(trial, "live")
    day = day_of(datetime.now(UTC), trial.services.setups()["acme"].zone)
    assert automated(trial, (day, day))
    assert set(on_platform(trial).values()) == planned


def test_a_client_without_a_mode_that_has_real_orders_stays_live_and_the_check_asks_for_the_line(fresh: Loop) -> None:
    write_setup(fresh.settings.clients, "acme", fresh.url, mode=None)
    forget_stores(fresh.services.state, "acme")
    new = place(fresh.stores["acme"], days=0)
    assert today(fresh) == [""]
    assert str(new) in on_platform(fresh).values()
    (row,) = [row for row in listed(audit(fresh, "setups_fit"), "misfits") if "mode" in str(row["what"])]
    assert row["client"] == "acme"
    assert str(row["what"]).endswith("write mode: live")


def test_a_shipment_planned_in_trial_is_pushed_once_when_the_client_is_live(fresh: Loop) -> None:
    store = fresh.stores["acme"]
    place(store, days=0)
    assert today(fresh) == [""]
    write_setup(fresh.settings.clients, "acme", fresh.url, mode="trial")
    writes, before = store.writes, len(store.shipments)
    fresh.work()
    for _ in range(2):
        run(fresh, "shipments")
    assert (store.writes, len(store.shipments)) == (writes, before)
    rows = fresh.rows("SELECT sent, content, store_shipment_id FROM tracking_push WHERE outcome = 'planned'")
    assert rows
    assert {(tuple(sent), content, made) for sent, content, made in rows} == {((), None, None)}
    write_setup(fresh.settings.clients, "acme", fresh.url)
    day = day_of(datetime.now(UTC), fresh.services.setups()["acme"].zone)
    assert [run.failure for run in fresh.run("shipments", "acme", days=(day, day))] == [""]
    assert len(store.shipments) == before + len(rows)
    assert fresh.rows("SELECT * FROM tracking_push WHERE outcome = 'planned'") == []


async def test_a_live_client_whose_state_was_lost_pushes_what_was_planned(tmp_path: Path) -> None:
    with parcel_world(tmp_path) as world:
        world.lodge()
        assert await world.push(in_trial=True) == ""
        assert (world.row()["outcome"], world.there) == (PushOutcome.PLANNED, [])
        await run_shipments(BareRun(world.services, SETUP, datetime.now(UTC).date()))
        assert world.row()["outcome"] == PushOutcome.CONFIRMED
        assert len(world.there) == 1


def test_certifying_writes_what_concerns_test_items_alone(trial: Loop) -> None:
    store = trial.stores["acme"]
    tests = [one.product_id for one in store.products.values() if one.product_code in TEST_SKUS]
    customer = next(order.customer for order in store.orders.values() if order.customer.ship_to.country == "AU")
    order_id = store.place_order([(product, 1) for product in tests], customer=customer)
    run(trial, "orders", certify=True)
    with trial.services.platform_engine.begin() as connection:
        found = connection.execute(
            sa.select(orders.c.store_order_id, orders.c.is_test).where(orders.c.client == "acme")
        )
        assert str(order_id) in {row.store_order_id for row in found if row.is_test}
        real = sa.select(orders).where(orders.c.client == "acme", orders.c.is_test.is_(False))
        assert connection.execute(real).fetchall() == []
    lodge_test_orders(trial.services.platform_engine, "acme", datetime.now(UTC))
    run(trial, "shipments")
    assert store.writes == 0
    run(trial, "shipments", certify=True)
    assert len(store.shipments_of(order_id)) == 1
    assert store.orders[order_id].status == "C"
    for sku in TEST_SKUS:
        trial.floor.receive("acme", sku, 7, datetime.now(UTC))
    amounts = {one.product_id: one.amount for one in store.products.values()}
    run(trial, "stock", certify=True)
    changed = {one.product_id for one in store.products.values() if one.amount != amounts[one.product_id]}
    assert changed <= set(tests)
    assert changed
    # The first push of the client's own stock still waits for a person.
    set_mode(trial, "live")
    (stock,) = trial.run("stock", "acme")
    assert "the first push to this store" in stock.failure
