"""The sensor of alerts over real stores, a real instance and a real receiver of webhooks.

Each tick reloads the definitions, as after a restart.
"""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import httpx
import pytest
from pydantic import SecretStr

from npf_pipelines.assets import orders_day
from npf_pipelines.automation import webhook
from npf_pipelines.database import DatabaseUnusable
from npf_pipelines.domain import alert
from npf_pipelines.domain.health import Health
from npf_pipelines.lake.tables import RAW_ORDERS
from npf_pipelines.rules import conditions as rules
from npf_pipelines.rules.change_limit import LIMIT_EXCEEDED
from npf_pipelines.runs.open_items import count_open_items
from npf_pipelines.runs.services import Services
from npf_pipelines.state.alerts import keep_alerts, read_alerts
from npf_pipelines.state.client_stores import forget_stores
from npf_pipelines.state.health import keep_health, read_one
from npf_pipelines.state.lease import Lease
from npf_pipelines.state.open_items import OpenItems, Written, queue_recounts, read_open_items, write_open_items
from npf_pipelines_tests.automation.receiver import TOKEN, Receiver
from npf_pipelines_tests.automation.ticks import look
from npf_pipelines_tests.loop import Loop, write_setup


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def alerted(fresh: Loop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A world that has been through the loop and has sent its first alerts."""
    monkeypatch.setattr(alert, "BETWEEN_EVALUATIONS", timedelta(microseconds=1))
    monkeypatch.setattr(webhook, "_TIMEOUT", httpx.Timeout(1.0))
    fresh.settings = fresh.settings.model_copy(update={"alerts_webhook": SecretStr(receiver.webhook)})
    say(fresh)
    receiver.got.clear()
    return fresh


def _raise(error: Exception) -> None:
    raise error


def say(loop: Loop) -> str:
    """The skip message of one tick of the alerts sensor."""
    return look(loop, "alerts")[2]


def fail(loop: Loop, client: str = "acme", flow: str = "orders", failures: int = 2) -> None:
    """The client's flow fails so many times in a row."""
    stored = read_one(loop.services.state, client, flow)
    keep_health(
        loop.services.state,
        replace(stored, failing_since=datetime.now(UTC), failures=failures, reason="the store is down"),
    )


def heal(loop: Loop, client: str = "acme", flow: str = "orders") -> None:
    """The client's flow goes well again."""
    now = datetime.now(UTC)
    keep_health(loop.services.state, Health(client, flow, now, now))


def recount(loop: Loop, client: str, flow: str) -> None:
    """Count the open items, as a run over all of the client's days does at its end."""
    days = loop.services.lake.days(RAW_ORDERS, client=client)
    queue_recounts(loop.services.state, flow, [Written(client, day, "run") for day in days])
    with dg.build_asset_context() as context:
        count_open_items(context.log, loop.services, flow, "run", {})


def test_the_rows_that_need_a_person_are_reported_once_without_personal_data(
    fresh: Loop, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    fresh.settings = fresh.settings.model_copy(update={"alerts_webhook": SecretStr(receiver.webhook)})
    fresh.floor.count("acme", ["GHOST"], datetime.now(UTC))
    fresh.run("stock", "acme", override_change_limit=True)
    said = say(fresh) + say(fresh)
    (text,) = receiver.texts
    assert "acme: 1 SKU not in the store: GHOST (since 20" in text
    assert "http://127.0.0.1:3100/acme.html" in text
    assert text in caplog.text
    private = "SELECT unnest([email, phone, ship_to.name, ship_to.address_1]) FROM raw_orders"
    assert not [word for (word,) in fresh.rows(private) if word and len(word) > 4 and word in text]
    assert TOKEN not in caplog.text + said


def test_a_flow_that_fails_is_reported_when_it_begins_and_when_it_is_over(alerted: Loop, receiver: Receiver) -> None:
    fail(alerted, failures=1)
    say(alerted)
    assert receiver.texts == []
    fail(alerted)
    for _ in range(3):
        say(alerted)
    heal(alerted)
    for _ in range(4):
        say(alerted)
    begin, end = receiver.texts
    assert begin.startswith("acme: runs of orders fail: the store is down (since 20")
    assert begin.endswith("http://127.0.0.1:3100/acme.html")
    assert end.startswith("Over: acme: runs of orders fail: the store is down (since 20")


def test_a_wrong_key_is_reported_at_once_by_a_real_run(alerted: Loop, receiver: Receiver) -> None:
    alerted.stores["bolt"].api_key = "another"
    alerted.run("orders", "bolt")
    say(alerted)
    (text,) = receiver.texts
    assert text.startswith("bolt: runs of orders fail: ")


def test_what_a_fault_of_ours_quotes_goes_nowhere(
    alerted: Loop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("ann.shopper@example.com")

    monkeypatch.setattr(orders_day, "judge", broken)
    failures = [one.failure for _ in range(2) for one in alerted.run("orders", "acme")]
    say(alerted)
    (text,) = receiver.texts
    assert text.startswith("acme: runs of orders fail: KeyError, a fault of the program: see the log")
    assert "ann.shopper" not in text + "".join(failures)


def test_an_exceeded_change_limit_is_reported_alone_and_resolves_when_it_is_overridden(
    alerted: Loop, receiver: Receiver
) -> None:
    for sku in alerted.stores["acme"].skus():
        alerted.floor.receive("acme", sku, 1000, datetime.now(UTC))
    (run,) = alerted.run("stock", "acme")
    assert f"acme: {LIMIT_EXCEEDED}" in run.failure
    alerted.run("stock", "acme")
    say(alerted)
    (text,) = receiver.texts
    assert text.startswith("acme: the change limit was exceeded: ")
    assert len(text.splitlines()) == 1
    alerted.run("stock", "acme", override_change_limit=True)
    say(alerted)
    say(alerted)
    assert receiver.texts[1].startswith("Over: acme: the change limit was exceeded")


def test_a_client_that_is_not_pulled_is_reported_after_its_own_limit_and_a_paused_one_is_not(
    alerted: Loop, receiver: Receiver
) -> None:
    write_setup(alerted.settings.clients, "acme", alerted.url, alerts={"no_pull_hours": 3})
    long_ago = datetime.now(UTC) - timedelta(hours=2.5)
    for client in alerted.stores:
        keep_health(alerted.services.state, Health(client, "orders", long_ago, long_ago))
    say(alerted)
    (text,) = receiver.texts
    assert text.startswith("bolt: no orders have been pulled for more than 2 hours (since 20")
    path = alerted.settings.clients / "bolt.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    say(alerted)
    say(alerted)
    assert any(line.startswith("Over: bolt: no orders") for line in receiver.texts[1].splitlines())


def test_a_backlog_is_reported_when_it_has_lasted(alerted: Loop, receiver: Receiver) -> None:
    ((day,),) = alerted.rows("SELECT min(day) FROM shipment_records WHERE client = 'acme'")
    (Path(alerted.settings.lake) / f"tracking_push/client=acme/day={day}/part.parquet").unlink()
    recount(alerted, "acme", "shipments")
    say(alerted)
    assert receiver.texts == []
    key = "backlog|acme|shipments"
    known = read_alerts(alerted.services.state)[key]
    assert known.due_at - known.since == rules.BACKLOG_PATIENCE
    keep_alerts(alerted.services.state, [replace(known, due_at=datetime.now(UTC))])
    say(alerted)
    (text,) = receiver.texts
    assert "waiting and not worked off" in text


def test_a_platform_that_is_down_ends_no_alert_and_stops_none(
    alerted: Loop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = OpenItems("acme", "order_planned", datetime.now(UTC).date(), "orders", 2, "CS1, CS2")
    write_open_items(alerted.services.state, "orders", [], [planned])
    say(alerted)
    waiting = read_alerts(alerted.services.state)["backlog|acme|orders"]
    keep_alerts(alerted.services.state, [replace(waiting, told_at=datetime.now(UTC))])
    write_setup(alerted.settings.clients, "acme", alerted.url, mode=None)
    forget_stores(alerted.services.state, "acme")
    monkeypatch.setattr(Services, "platform", property(lambda _: _raise(DatabaseUnusable("the platform is down"))))
    fail(alerted, "acme")
    fail(alerted, "bolt")
    say(alerted)
    say(alerted)
    (text,) = receiver.texts
    assert "acme: runs of orders fail" in text
    assert "bolt: runs of orders fail" in text
    assert read_alerts(alerted.services.state)["backlog|acme|orders"].over_at is None
    write_setup(alerted.settings.clients, "acme", alerted.url, mode="trial")
    say(alerted)
    assert read_alerts(alerted.services.state)["backlog|acme|orders"].over_at is not None


def test_a_wrong_setup_is_reported_and_its_clients_alerts_are_not_over(alerted: Loop, receiver: Receiver) -> None:
    fail(alerted)
    say(alerted)
    path = alerted.settings.clients / "acme.yaml"
    right = path.read_text(encoding="utf-8")
    path.write_text(right.replace("Australia/Sydney", "Australia/Sidney"), encoding="utf-8")
    for _ in range(3):
        say(alerted)
    assert receiver.texts[1].startswith("master setups: the master setup acme.yaml is wrong")
    path.write_text(right, encoding="utf-8")
    for _ in range(3):
        say(alerted)
    assert [text.splitlines() for text in receiver.texts[2:]] == [[receiver.texts[2]]]
    assert receiver.texts[2].startswith("Over: master setups: ")


def test_a_client_whose_file_is_gone_is_reported_once_and_its_alerts_stay(alerted: Loop, receiver: Receiver) -> None:
    alerted.floor.count("acme", ["GHOST"], datetime.now(UTC))
    alerted.run("stock", "acme", override_change_limit=True)
    fail(alerted)
    say(alerted)
    receiver.got.clear()
    path = alerted.settings.clients / "acme.yaml"
    right = path.read_text(encoding="utf-8")
    path.unlink()
    for _ in range(4):
        say(alerted)
    (text,) = receiver.texts
    assert text.startswith("acme: the client has no master setup: nothing runs for it")
    assert "Put acme.yaml back" in text
    path.write_text(right, encoding="utf-8")
    for _ in range(3):
        say(alerted)
    assert [line for text in receiver.texts[1:] for line in text.splitlines()] == [receiver.texts[-1]]
    assert receiver.texts[-1].startswith("Over: acme: the client has no master setup")


def test_a_pause_ends_no_alert_about_rows(alerted: Loop, receiver: Receiver) -> None:
    alerted.floor.count("acme", ["GHOST"], datetime.now(UTC))
    alerted.run("stock", "acme", override_change_limit=True)
    fail(alerted)
    say(alerted)
    receiver.got.clear()
    path = alerted.settings.clients / "acme.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    for _ in range(3):
        say(alerted)
    (text,) = receiver.texts
    assert text.startswith("Over: acme: runs of orders fail")
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("trouble", ["500", "hangs", "down"])
def test_a_webhook_that_fails_is_tried_again_at_the_next_look(
    alerted: Loop, receiver: Receiver, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    fail(alerted)
    if trouble == "500":
        receiver.status = 500
    elif trouble == "hangs":
        receiver.answers.clear()
    else:
        address = alerted.settings.alerts_webhook
        alerted.settings = alerted.settings.model_copy(
            update={"alerts_webhook": SecretStr(f"http://127.0.0.1:1/{TOKEN}")}
        )
    said = say(alerted)
    assert "sent again at the next tick" in said
    assert TOKEN not in said + caplog.text
    receiver.got.clear()
    receiver.status = 200
    receiver.answers.set()
    if trouble == "down":
        alerted.settings = alerted.settings.model_copy(update={"alerts_webhook": address})
    assert "sent: 1 begun" in say(alerted)
    say(alerted)
    assert len(receiver.texts) == 1


def test_without_a_webhook_alerts_are_logged(
    alerted: Loop, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    alerted.settings = alerted.settings.model_copy(update={"alerts_webhook": None})
    fail(alerted)
    say(alerted)
    say(alerted)
    assert receiver.texts == []
    assert caplog.text.count("acme: runs of orders fail") >= 1
    assert read_alerts(alerted.services.state)["failing|acme|orders"].told_at


def test_two_looks_at_once_tell_once(alerted: Loop, receiver: Receiver) -> None:
    fail(alerted)
    gather_or_cancel = threading.Barrier(2)

    def one(_: int) -> str:
        gather_or_cancel.wait()
        return say(alerted)

    with ThreadPoolExecutor(2) as looks:
        list(looks.map(one, range(2)))
    say(alerted)
    assert len(receiver.texts) == 1


def test_a_look_leaves_another_one_alone(alerted: Loop, receiver: Receiver) -> None:
    fail(alerted)
    other = Lease(alerted.services.state, "*", "alerts")
    other.take()
    assert "another evaluation is in progress" in say(alerted)
    assert receiver.texts == []
    other.give_back()
    say(alerted)
    assert len(receiver.texts) == 1


def test_a_day_of_trouble_for_two_hundred_is_one_message(alerted: Loop, receiver: Receiver) -> None:
    names = [f"c{number}" for number in range(200)]
    for name in names:
        write_setup(alerted.settings.clients, name, alerted.url)
        fail(alerted, name)
    assert "sent: 200 begun" in say(alerted)
    say(alerted)
    (text,) = receiver.texts
    assert "And 190 more: " in text
    assert "http://127.0.0.1:3100/index.html" in text
    assert len(text) < 4000


def test_a_table_that_cannot_be_read_ends_no_alert(alerted: Loop, receiver: Receiver) -> None:
    alerted.floor.count("acme", ["GHOST"], datetime.now(UTC))
    alerted.run("stock", "acme", override_change_limit=True)
    say(alerted)
    for path in Path(alerted.settings.lake).glob("platform_orders/client=acme/day=*/part.parquet"):
        path.write_bytes(b"no parquet")
    before = read_open_items(alerted.services.state)
    recount(alerted, "acme", "orders")
    assert read_open_items(alerted.services.state) == before
    say(alerted)
    say(alerted)
    assert len(receiver.texts) == 1


def test_a_look_reads_no_table_of_the_lake(alerted: Loop, receiver: Receiver) -> None:
    shutil.rmtree(alerted.settings.lake)
    fail(alerted)
    assert "sent: 1 begun, 0 over" in say(alerted)
    assert len(receiver.texts) == 1


def test_with_messages_off_alerts_are_kept_and_nothing_is_sent(
    alerted: Loop, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    alerted.settings = alerted.settings.model_copy(update={"alert_messages": "off"})
    fail(alerted)
    assert "NPF_ALERT_MESSAGES is off" in say(alerted)
    assert [alert.kind for alert in read_alerts(alerted.services.state).values() if alert.is_open(datetime.now(UTC))]
    alerted.settings = alerted.settings.model_copy(update={"alert_messages": "on"})
    say(alerted)
    assert receiver.texts == []
    assert "the store is down" not in caplog.text
