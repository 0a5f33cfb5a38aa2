"""The nightly schedules: one run for all clients that aren't paused, over the last weeks."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import dagster as dg
import pytest

from npf_pipelines.assets import orders
from npf_pipelines.assets.orders_day import OrdersRun
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_fingerprint import fingerprint
from npf_pipelines.definitions import build_defs
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.open_kinds import open_key
from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.rules import turns
from npf_pipelines.rules.flow_health import failed
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.state.health import keep_health
from npf_pipelines.state.open_items import OpenItems, write_open_items
from npf_pipelines_tests.automation.ticks import clients, days, execute, register, tick
from npf_pipelines_tests.loop import DAYS, Loop, write_setup

FLOWS = {"nightly_look_back": "orders", "nightly_shipments": "shipments", "nightly_stock": "stock"}


@pytest.mark.parametrize("name", FLOWS)
def test_those_that_fail_are_tried_and_the_paused_are_not(loop: Loop, name: str) -> None:
    register(loop)
    now = datetime.now(UTC)
    setup = loop.services.setups()["acme"]
    before = Health("acme", FLOWS[name])
    setup_print = fingerprint(setup)
    after = failed(
        before, FailureKind.PERMANENT, "401", setup_print=setup_print, began=now, now=now, reached_today=True
    )
    keep_health(loop.services.state, after)
    asked = tick(loop, name)
    assert isinstance(asked, list)
    assert clients(asked) == [["acme", "bolt"]]

    path = loop.settings.clients / "acme.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    asked = tick(loop, name)
    assert isinstance(asked, list)
    assert clients(asked) == [["bolt"]]


@pytest.mark.parametrize("name", ["nightly_look_back", "nightly_shipments"])
def test_the_last_weeks_are_compared_from_the_first_day_on(loop: Loop, name: str) -> None:
    register(loop)
    today = datetime.now(UTC).astimezone(loop.services.setups()["acme"].zone).date()
    asked = tick(loop, name)
    assert isinstance(asked, list)
    (first, last) = loop.days
    assert days(asked) == [(f"{first}", f"{last}")]
    assert (today - first).days <= DAYS
    for client in loop.stores:
        write_setup(loop.settings.clients, client, loop.url, orders={"start_date": today - timedelta(days=90)})
    asked = tick(loop, name)
    assert isinstance(asked, list)
    assert days(asked) == [(f"{today - LOOK_BACK}", f"{today}")]


def test_a_tick_takes_the_clients_of_a_missed_one(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_CLIENTS_PER_TICK", 1)
    register(loop)
    first = datetime.combine(datetime.now(UTC).date(), time(2, 2), UTC)
    second = first + timedelta(minutes=10)
    asked = [tick(loop, "nightly_look_back", at) for at in (first, second)]
    assert [clients(each) for each in asked] == [[["acme"]], [["acme", "bolt"]]]  # type: ignore[arg-type]
    run = loop.instance.create_run_for_job(
        loop.defs.resolve_job_def("orders_job"),
        run_config=asked[0][0].run_config,  # type: ignore[union-attr]
        tags={"dagster/schedule_name": "nightly_look_back"},
    )
    loop.instance.report_run_failed(run)
    assert clients(tick(loop, "nightly_look_back", second)) == [["bolt"]]  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["", "north", "east", "south", "west"])
@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_has_no_sweep_in_the_minute_of_its_night(loop: Loop, name: str, cell: str) -> None:
    """Two runs for one client at one moment fail one of them."""
    defs = build_defs(Settings(**loop.settings.model_dump() | {"cell": cell}))
    night, sweep = (
        {int(re.split(r"\D", cron)[0]) % 5 for cron in _crons(defs, schedule)}
        for schedule in (name, f"{FLOWS[name]}_sweep")
    )
    assert night == {(minute + 2) % 5 for minute in sweep}


def test_without_a_client_nothing_runs(loop: Loop) -> None:
    assert "no client" in tick(loop, "nightly_stock")


@pytest.mark.parametrize("version", [(4, 18, 1), (4, 9, 1)])
def test_a_night_reads_only_the_days_that_may_have_changed(
    fresh: Loop, version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that lists its orders by their last change is asked for whole orders of two days, any other for all."""
    for store in fresh.stores.values():
        store.version = version
        for order in store.orders.values():
            order.updated_at = order.timestamp  # Nothing has changed lately.
    knows = version > (4, 13)
    night(fresh)  # The first night learns what the store can do.
    tables = [f"SELECT * FROM {table} ORDER BY client, day, order_id" for table in ("raw_orders", "filtered_orders")]  # noqa: S608
    before = [fresh.rows(query) for query in tables]
    read = whole_orders(fresh, monkeypatch)
    night(fresh)
    days = {day for _, day in read}
    assert (min(days) >= fresh.days[1] - timedelta(days=2)) is knows
    assert [fresh.rows(query) for query in tables] == before, "no file was written again"

    store = fresh.stores["acme"]
    rows = fresh.rows("SELECT order_id, day FROM raw_orders WHERE client = 'acme' ORDER BY day, order_id")
    order_id, day = next((number, day) for number, day in rows if store.orders[int(number)].status != "C")
    store.orders[int(order_id)].status = "B"  # In the database, as an add-on may do it: nothing lists it as changed.
    night(fresh)
    assert ("acme", day) in read
    ((status,),) = fresh.rows(f"SELECT status FROM raw_orders WHERE client = 'acme' AND order_id = '{order_id}'")  # noqa: S608
    assert status == "B"
    assert fresh.disagreements() == []

    earlier = min(day for _, day in rows)
    differs = OpenItems("acme", open_key(OrderOutcome.DIFFERS), earlier, "orders", rows=1, first="CS1")
    write_open_items(fresh.services.state, "orders", [], [differs])
    read.clear()
    night(fresh)
    assert ("acme", earlier) in read, "the merchant may have settled it in a way that no list shows"


def _crons(defs: dg.Definitions, schedule: str) -> Sequence[str]:
    crons = defs.resolve_schedule_def(schedule).cron_schedule
    return [crons] if isinstance(crons, str) else crons


def night(loop: Loop) -> None:
    # Outside of the real night, in which no client has a second turn.
    asked = tick(loop, "nightly_look_back", datetime.combine(datetime.now(UTC).date(), time(12), UTC))
    assert isinstance(asked, list)
    by_daemon = {"dagster/schedule_name": "nightly_look_back"}  # As the daemon adds it.
    asked = [dg.RunRequest(run_config=request.run_config, tags={**request.tags, **by_daemon}) for request in asked]
    assert [run.success for run in execute(loop, "orders_job", asked)] == [True]


def whole_orders(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, date]]:
    """The clients and days whose whole orders are asked for from now on."""
    read: set[tuple[str, date]] = set()
    pull = orders._pull

    async def noting(run: OrdersRun, first: date, last: date) -> None:
        read.update((run.client_run.client, first + timedelta(days=n)) for n in range((last - first).days + 1))
        await pull(run, first, last)

    monkeypatch.setattr(orders, "_pull", noting)
    return read
