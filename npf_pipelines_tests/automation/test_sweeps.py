"""The sweeps: who is due, in how few runs, and what a store costs that is down for a day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml

from npf_pipelines.automation import heard
from npf_pipelines.cli.instance import DEFAULTS
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_fingerprint import fingerprint
from npf_pipelines.definitions import build_defs
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.flow_health import failed, succeeded
from npf_pipelines.state.health import keep_health, read_health, read_one
from npf_pipelines.state.tables import open_items
from npf_pipelines_tests.automation.ticks import clients, days, execute, look, register, tick
from npf_pipelines_tests.loop import KEY_VARIABLE, Loop, write_setup

MINUTE = timedelta(minutes=1)
FLOWS = ["orders", "shipments", "stock"]


def quarter_of_an_hour() -> datetime:
    """The last one that has begun."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return now - now.minute % 15 * MINUTE


def went_well(loop: Loop, flow: str, at: datetime, *names: str) -> None:
    for client in names or loop.stores:
        keep_health(loop.services.state, succeeded(Health(client, flow), at, reached_today=True))


def fails(loop: Loop, flow: str, client: str, at: datetime, trouble: FailureKind = FailureKind.TRANSIENT) -> None:
    before = read_one(loop.services.state, client, flow)
    setup = loop.services.setups().clients.get(client)
    setup_print = fingerprint(setup) if setup else ""
    after = failed(before, trouble, "it is down", setup_print=setup_print, began=at, now=at, reached_today=True)
    keep_health(loop.services.state, after)


def more_setups(loop: Loop, *names: str) -> None:
    """Clients whose stores nobody asks in the test."""
    for client in names:
        write_setup(loop.settings.clients, client, loop.url)


@pytest.mark.parametrize("flow", FLOWS)
def test_all_clients_come_into_one_run_that_goes_well_and_are_due_again_with_the_next_interval(
    loop: Loop, flow: str
) -> None:
    register(loop)
    asked = tick(loop, f"{flow}_sweep")
    assert isinstance(asked, list)
    assert clients(asked) == [["acme", "bolt"]]
    assert [run.success for run in execute(loop, f"{flow}_job", asked)] == [True]
    tried_at = max(health.tried_at for health in read_health(loop.services.state, flow).values() if health.tried_at)
    interval = {"orders": 900, "shipments": 1800, "stock": 3600}[flow]
    begin = datetime.fromtimestamp(tried_at.timestamp() // interval * interval, UTC)
    assert "no client is due" in tick(loop, f"{flow}_sweep", begin + timedelta(seconds=interval - 1))
    half_passed = tried_at + timedelta(seconds=interval / 2)
    again = tick(loop, f"{flow}_sweep", max(begin + timedelta(seconds=interval), half_passed))
    assert isinstance(again, list)
    assert clients(again) == [["acme", "bolt"]]


def test_a_client_whose_changes_the_sensor_hears_is_swept_every_hour(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop.stores["bolt"].version = (4, 11, 5)  # Before the list of changes.
    register(loop)
    loop.run("orders")
    today = day_of(datetime.now(UTC), loop.services.setups()["acme"].zone)
    loop.run("orders", days=(today, today))  # A run of today finds out what the store can list.
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    begin = now - now.minute * MINUTE
    for client in loop.stores:
        keep_health(loop.services.state, replace(read_one(loop.services.state, client, "orders"), tried_at=begin))
    later = begin + timedelta(minutes=45), begin + timedelta(minutes=60)
    swept = [tick(loop, "orders_sweep", at) for at in later]
    assert [clients(each) for each in swept if isinstance(each, list)] == [[["acme", "bolt"]]] * 2, "nothing is known"
    code_server = loop.defs
    look(loop, "new_orders", defs=code_server)
    swept = [tick(loop, "orders_sweep", at, defs=code_server) for at in later]
    assert [clients(each) for each in swept if isinstance(each, list)] == [[["bolt"]], [["acme", "bolt"]]]
    write_setup(loop.settings.clients, "acme", loop.url, alerts={"no_pull_hours": 1})
    half = tick(loop, "orders_sweep", begin + timedelta(minutes=30), defs=code_server)
    assert isinstance(half, list)
    assert clients(half) == [["acme", "bolt"]], "no alert opens between two sweeps"
    monkeypatch.setattr(heard, "_LATELY", 0.0)
    for at in (begin + timedelta(minutes=15), begin + timedelta(minutes=45)):
        asked = tick(loop, "orders_sweep", at, defs=code_server)
        assert isinstance(asked, list)
        assert clients(asked) == [["acme", "bolt"]], "the sensor is off"


def test_a_client_of_whom_nothing_waits_and_each_lodgement_is_noticed_is_swept_half_as_often(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(loop)
    code_server = loop.defs
    look(loop, "platform_changes", defs=code_server)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    begin = now - now.minute * MINUTE
    went_well(loop, "shipments", begin)
    assert "no client is due" in tick(loop, "shipments_sweep", begin + 30 * MINUTE, defs=code_server)
    waits = {"client": "acme", "kind": "shipment_waiting", "day": f"{now.date()}", "flow": "shipments", "rows": 1}
    with loop.services.state.begin() as connection:
        connection.execute(sa.insert(open_items).values(waits | {"first": "CS1"}))
    asked = tick(loop, "shipments_sweep", begin + 30 * MINUTE, defs=code_server)
    assert isinstance(asked, list)
    assert {client for each in clients(asked) for client in each} == {"acme"}
    monkeypatch.setattr(heard, "_LATELY", 0.0)
    asked = tick(loop, "shipments_sweep", begin + 30 * MINUTE, defs=code_server)
    assert isinstance(asked, list)
    assert {client for each in clients(asked) for client in each} == {"acme", "bolt"}, "the sensor is off"


@pytest.mark.parametrize("flow", FLOWS)
def test_a_client_whose_setup_has_changed_is_due_at_once(loop: Loop, flow: str) -> None:
    register(loop)
    code_server, at = loop.defs, quarter_of_an_hour()
    went_well(loop, flow, at)
    assert "no client is due" in tick(loop, f"{flow}_sweep", at + 5 * MINUTE, defs=code_server)
    write_setup(loop.settings.clients, "acme", loop.url, alerts={"no_pull_hours": 30})
    for _ in range(2):
        asked = tick(loop, f"{flow}_sweep", at + 5 * MINUTE, defs=code_server)
        assert isinstance(asked, list)
        assert clients(asked) == [["acme"]], "until a run has begun"
    went_well(loop, flow, datetime.now(UTC))
    assert "no client is due" in tick(loop, f"{flow}_sweep", at + 10 * MINUTE, defs=code_server)


def test_a_change_that_another_sweep_saw_is_due_after_a_run_with_the_setup_of_before(loop: Loop) -> None:
    register(loop)
    code_server, at = loop.defs, quarter_of_an_hour()
    for flow in FLOWS:
        went_well(loop, flow, at)
        assert "no client is due" in tick(loop, f"{flow}_sweep", at + 5 * MINUTE, defs=code_server)
    write_setup(loop.settings.clients, "acme", loop.url, alerts={"no_pull_hours": 30})
    for flow in ("shipments", "orders"):
        asked = tick(loop, f"{flow}_sweep", at + 5 * MINUTE, defs=code_server)
        assert isinstance(asked, list)
        assert clients(asked) == [["acme"]]
        went_well(loop, "orders", datetime.now(UTC))  # Of a run that had read the setups before.


def test_no_two_sweeps_begin_in_the_same_minute(loop: Loop) -> None:
    minutes: dict[str, list[object]] = {}
    for cell in ("", "north", "east"):
        defs = build_defs(Settings(**loop.settings.model_dump() | {"cell": cell}))
        minutes[cell] = [defs.resolve_schedule_def(f"{flow}_sweep").cron_schedule for flow in FLOWS]
    assert minutes[""] == ["0-59/5 * * * *", "1-59/5 * * * *", "2-59/5 * * * *"]
    assert all(len(set(each)) == len(FLOWS) for each in minutes.values())
    assert len(set(map(str, minutes.values()))) == len(minutes)


def test_the_intervals_are_settings(loop: Loop) -> None:
    register(loop)
    at = quarter_of_an_hour()
    went_well(loop, "orders", at)
    assert "no client is due" in tick(loop, "orders_sweep", at + 5 * MINUTE)
    assert isinstance(tick(loop, "orders_sweep", at + 5 * MINUTE, orders_minutes=5), list)


def test_before_its_cut_off_a_client_is_swept_every_five_minutes(loop: Loop) -> None:
    register(loop)
    at = quarter_of_an_hour()
    zone = loop.services.setups()["acme"].zone
    cut_off = f"{(at + 60 * MINUTE).astimezone(zone):%H:%M}"
    write_setup(loop.settings.clients, "acme", loop.url, orders={"cut_off": cut_off})
    went_well(loop, "orders", at)
    asked = tick(loop, "orders_sweep", at + 5 * MINUTE)
    assert isinstance(asked, list)
    assert clients(asked) == [["acme"]]
    went_well(loop, "stock", at)
    assert "no client is due" in tick(loop, "stock_sweep", at + 5 * MINUTE)


@pytest.mark.parametrize(("flow", "section"), [("orders", "orders"), ("shipments", "tracking"), ("stock", "stock")])
def test_a_client_has_intervals_of_its_own(loop: Loop, flow: str, section: str) -> None:
    register(loop)
    at = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for client, minutes in (("acme", 120), ("bolt", 5)):
        changes: dict[str, Any] = {section: {"every_minutes": minutes}}
        write_setup(loop.settings.clients, client, loop.url, **changes)
    went_well(loop, flow, at)
    asked = tick(loop, f"{flow}_sweep", at + 5 * MINUTE)
    assert isinstance(asked, list)
    assert clients(asked) == [["bolt"]]
    went_well(loop, flow, at + 115 * MINUTE, "bolt")
    assert "no client is due" in tick(loop, f"{flow}_sweep", at + 119 * MINUTE)
    asked = tick(loop, f"{flow}_sweep", at + 120 * MINUTE)
    assert isinstance(asked, list)
    assert clients(asked) == [["acme", "bolt"]]


def test_orders_are_asked_for_on_every_clients_today(loop: Loop) -> None:
    write_setup(loop.settings.clients, "acme", loop.url, store={"time_zone": "Pacific/Kiritimati"})
    write_setup(loop.settings.clients, "bolt", loop.url, store={"time_zone": "Pacific/Pago_Pago"})
    register(loop)
    asked = tick(loop, "orders_sweep", datetime.now(UTC))
    assert isinstance(asked, list)
    ((first, last),) = days(asked)
    assert date.fromisoformat(last) - date.fromisoformat(first) in {timedelta(days=1), timedelta(days=2)}
    assert [run.success for run in execute(loop, "orders_job", asked)] == [True]


def test_shipments_are_asked_for_since_it_last_went_well(loop: Loop) -> None:
    register(loop)
    now = datetime.now(UTC)
    today = now.astimezone(loop.services.setups()["acme"].zone).date()
    went_well(loop, "shipments", now - timedelta(days=3), "acme")
    went_well(loop, "shipments", now - timedelta(hours=1), "bolt")
    asked = tick(loop, "shipments_sweep", now)
    assert isinstance(asked, list)
    # A client that has missed more days doesn't lengthen the other client's run.
    assert sorted(zip(clients(asked), days(asked), strict=True)) == [
        (["acme"], (f"{today - timedelta(days=3)}", f"{today}")),
        (["bolt"], (f"{today - timedelta(days=1)}", f"{today}")),
    ]


def test_no_day_before_the_first_one_is_asked_for(loop: Loop) -> None:
    today = day_of(datetime.now(UTC), loop.services.setups()["acme"].zone)
    for client in loop.stores:
        write_setup(loop.settings.clients, client, loop.url, orders={"start_date": today})
    register(loop)
    asked = tick(loop, "shipments_sweep")
    assert isinstance(asked, list)
    assert days(asked) == [(f"{today}", f"{today}")]


def test_clients_that_begin_in_future_cost_no_run(loop: Loop) -> None:
    for client in loop.stores:
        write_setup(loop.settings.clients, client, loop.url, orders={"start_date": date(2099, 1, 1)})
    register(loop)
    assert isinstance(tick(loop, "orders_sweep"), str)


# Who is left alone


def test_a_paused_client_is_left_alone_and_named(loop: Loop) -> None:
    more_setups(loop, "cord")
    path = loop.settings.clients / "bolt.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    register(loop, "acme", "bolt", "cord")
    for flow in FLOWS:
        asked = tick(loop, f"{flow}_sweep")
        assert isinstance(asked, list)
        # Where the run failed, its partitions would turn red.
        assert clients(asked) == [["acme", "cord"]]
        went_well(loop, flow, datetime.now(UTC), "acme", "cord")
        assert "bolt: paused" in tick(loop, f"{flow}_sweep")


def test_a_run_over_a_paused_client_leaves_its_partition_and_its_store_alone(loop: Loop) -> None:
    path = loop.settings.clients / "bolt.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    assert [one.failure for one in loop.run("stock") + loop.run("orders")] == ["", ""]
    assert loop.instance.get_materialized_partitions(dg.AssetKey("stock_push")) == {"acme"}
    assert loop.stores["bolt"].requests == 0
    assert read_one(loop.services.state, "bolt", "stock") == Health("bolt", "stock")


def test_a_client_whose_file_is_gone_stays_and_is_left_alone(loop: Loop) -> None:
    assert [one.failure for one in loop.run("stock")] == [""]
    (loop.settings.clients / "bolt.yaml").unlink()
    asked = tick(loop, "stock_sweep", datetime.now(UTC) + timedelta(hours=1))
    assert isinstance(asked, list)
    assert clients(asked) == [["acme"]]
    assert loop.instance.get_dynamic_partitions("clients") == ["acme", "bolt"]
    assert loop.rows("SELECT count(*) > 0 FROM stock_push WHERE client = 'bolt'") == [(True,)]


def test_setups_that_are_missing_ask_for_nothing(loop: Loop) -> None:
    register(loop)
    for path in loop.settings.clients.iterdir():
        path.unlink()
    loop.settings.clients.rmdir()
    assert "the folder of the master setups is missing" in tick(loop, "orders_sweep")


def test_just_those_that_are_due_come_into_one_run_wherever_they_stand(loop: Loop) -> None:
    names = ("acme", "bolt", "cord", "dove", "eel")
    more_setups(loop, *names)
    register(loop, *names)
    at = quarter_of_an_hour()
    went_well(loop, "orders", at + MINUTE, "bolt")
    fails(loop, "orders", "dove", at + 2 * MINUTE)
    asked = tick(loop, "orders_sweep", at + 5 * MINUTE)
    assert isinstance(asked, list)
    assert clients(asked) == [["acme", "cord", "eel"]]


def test_one_that_has_a_run_is_not_asked_for_again(loop: Loop) -> None:
    register(loop)
    asked = tick(loop, "orders_sweep")
    assert isinstance(asked, list)
    run = loop.instance.create_run_for_job(
        loop.defs.resolve_job_def("orders_job"), run_config=dict(asked[0].run_config)
    )
    assert "2 have a run that isn't over" in tick(loop, "orders_sweep")
    assert isinstance(tick(loop, "stock_sweep"), list)
    loop.instance.report_run_failed(run)
    assert isinstance(tick(loop, "orders_sweep"), list)


def test_one_store_that_hangs_keeps_no_other_client_busy(loop: Loop) -> None:
    register(loop)
    asked = tick(loop, "orders_sweep")
    assert isinstance(asked, list)
    job = loop.defs.resolve_job_def("orders_job")
    run = loop.instance.create_run_for_job(job, run_config=dict(asked[0].run_config))
    loop.instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", job.name), run.run_id)
    # bolt has had its turn in the run that still waits for acme.
    went_well(loop, "orders", datetime.now(UTC) + MINUTE, "bolt")
    again = tick(loop, "orders_sweep", datetime.now(UTC) + timedelta(hours=1))
    assert isinstance(again, list)
    assert clients(again) == [["bolt"]]


# Failures


def test_a_wrong_key_is_tried_once_until_it_is_changed(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    register(loop)
    loop.stores["acme"].api_key = "another"
    asked = tick(loop, "orders_sweep")
    assert isinstance(asked, list)
    assert [run.success for run in execute(loop, "orders_job", asked)] == [False]
    stored = read_one(loop.services.state, "acme", "orders")
    assert (stored.is_permanent, stored.failures) == (True, 1)
    assert "401" in stored.reason
    later = datetime.now(UTC) + timedelta(days=2)
    asked = tick(loop, "orders_sweep", later)
    assert isinstance(asked, list)
    assert clients(asked) == [["bolt"]]
    # The other flows have their own.
    assert clients(tick(loop, "stock_sweep", later)) == [["acme", "bolt"]]  # type: ignore[arg-type]
    night = tick(loop, "nightly_look_back", later)
    assert isinstance(night, list)
    assert clients(night) == [["acme", "bolt"]]

    monkeypatch.setenv(KEY_VARIABLE, "another")
    asked = tick(loop, "orders_sweep", later)
    assert isinstance(asked, list)
    assert clients(asked) == [["acme", "bolt"]]
    loop.stores["bolt"].api_key = "another"
    night = tick(loop, "nightly_look_back")
    assert isinstance(night, list)
    assert [run.success for run in execute(loop, "orders_job", night)] == [True]
    assert not read_one(loop.services.state, "acme", "orders").failures


def test_a_right_that_is_missing_is_tried_every_hour_until_the_store_has_it(loop: Loop) -> None:
    register(loop)
    loop.stores["acme"].missing_rights = {"view_orders"}
    asked = tick(loop, "orders_sweep")
    assert isinstance(asked, list)
    execute(loop, "orders_job", asked)
    stored = read_one(loop.services.state, "acme", "orders")
    assert (stored.is_permanent, stored.failures) == (True, 1)
    assert "the right view_orders" in stored.reason
    soon = tick(loop, "orders_sweep", datetime.now(UTC) + 30 * MINUTE)
    assert isinstance(soon, list)
    assert clients(soon) == [["bolt"]]
    loop.stores["acme"].missing_rights = set()
    # An hour later it may be the next day in the store's zone, which a run of now doesn't reach.
    assert stored.next_try_at
    keep_health(loop.services.state, replace(stored, next_try_at=stored.next_try_at - 61 * MINUTE))
    later = tick(loop, "orders_sweep")
    assert isinstance(later, list)
    assert "acme" in clients(later)[0]
    assert [run.success for run in execute(loop, "orders_job", later)] == [True]
    assert not read_one(loop.services.state, "acme", "orders").is_permanent


def test_stores_that_gave_no_answer_are_tried_again_in_a_run_beside_the_others(loop: Loop) -> None:
    more_setups(loop, "acme", "bolt", "cord", "dove")
    register(loop, "acme", "bolt", "cord", "dove")
    at = quarter_of_an_hour()
    went_well(loop, "orders", at - 20 * MINUTE, "acme", "bolt", "cord")
    fails(loop, "orders", "acme", at - 20 * MINUTE)
    fails(loop, "orders", "bolt", at - 20 * MINUTE, FailureKind.PARTIAL)
    fails(loop, "orders", "dove", at - 20 * MINUTE)
    asked = tick(loop, "orders_sweep", at)
    assert isinstance(asked, list)
    assert clients(asked) == [["bolt", "cord"], ["acme", "dove"]]
    config = yaml.safe_load((DEFAULTS / "dagster.yaml").read_text(encoding="utf-8"))["concurrency"]["runs"]
    (limited,) = config["tag_concurrency_limits"]
    assert [limited["key"] in one.tags for one in asked] == [False, True]
    # Each flow has a place, and one more is left, while all that are tried again wait.
    assert config["max_concurrent_runs"] - limited["limit"] > len(FLOWS)


def test_a_push_over_the_change_limit_is_no_store_that_gave_no_answer(loop: Loop) -> None:
    register(loop)
    at = quarter_of_an_hour()
    went_well(loop, "stock", at - 3 * 60 * MINUTE)
    fails(loop, "stock", "acme", at - 2 * 60 * MINUTE)
    stopped = replace(read_one(loop.services.state, "acme", "stock"), kind=FailureKind.OVER_LIMIT)
    keep_health(loop.services.state, stopped)
    asked = tick(loop, "stock_sweep", at)
    assert isinstance(asked, list)
    assert clients(asked) == [["acme", "bolt"]]


def test_a_run_that_is_asked_for_ends_by_itself_and_a_backfill_does_not(loop: Loop) -> None:
    register(loop)
    asked = [one for name in ("orders_sweep", "shipments_sweep", "stock_sweep") for one in tick(loop, name)]
    assert len(asked) == 3
    assert all(int(one.tags["dagster/max_runtime"]) == 3 * 3600 for one in asked if isinstance(one, dg.RunRequest))
    loop.backfill("stock", "bolt")
    tags = [run.tags for run in loop.instance.get_runs()]
    assert not any("dagster/max_runtime" in one for one in tags)


def test_a_manual_run_always_tries_and_ends_the_pause(loop: Loop) -> None:
    register(loop)
    loop.stores["acme"].switched_off = True
    loop.run("stock")
    assert read_one(loop.services.state, "acme", "stock").failures == 1
    loop.stores["acme"].switched_off = False
    assert [one.failure for one in loop.run("stock", "acme")] == [""]
    assert not read_one(loop.services.state, "acme", "stock").failures


@pytest.mark.long
def test_a_store_that_is_down_for_a_day_costs_28_runs_at_most_and_is_caught_up_in_one(loop: Loop) -> None:
    """A day in compressed time: a tick every five minutes, each run's end written down in the place of the run."""
    register(loop, "acme")
    begin = quarter_of_an_hour()
    went_well(loop, "shipments", begin - 5 * MINUTE, "acme")
    defs = loop.defs
    runs = 0
    for number in range(24 * 12):
        at = begin + number * 5 * MINUTE
        asked = tick(loop, "shipments_sweep", at, defs=defs)
        if isinstance(asked, list):
            runs += len(asked)
            fails(loop, "shipments", "acme", at + MINUTE)
    assert 20 <= runs <= 28
    back = begin + timedelta(hours=25)
    asked = tick(loop, "shipments_sweep", back)
    assert isinstance(asked, list)
    ((first, last),) = days(asked)
    zone = loop.services.setups()["acme"].zone
    assert date.fromisoformat(first) <= (begin - 5 * MINUTE).astimezone(zone).date()
    assert last == f"{back.astimezone(zone).date()}"
    went_well(loop, "shipments", back, "acme")
    assert "no client is due" in tick(loop, "shipments_sweep", back + 5 * MINUTE)


def test_everything_starts_stopped_but_for_what_keeps_the_house_in_order(loop: Loop) -> None:
    stopped = {one.name for one in loop.defs.sensors or () if one.default_status is dg.DefaultSensorStatus.STOPPED}
    assert stopped == {"alerts", "first_audit", "new_orders", "platform_changes"}
    assert {one.default_status for one in loop.defs.schedules or ()} == {dg.DefaultScheduleStatus.STOPPED}
