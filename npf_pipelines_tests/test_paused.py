"""A pause that is set while a run is at work: the next write isn't made, and the run after it does the rest."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import orders
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines.state.health import read_one
from npf_pipelines.state.pauses import EVERY_CLIENT, pause_clients, resume_clients
from npf_pipelines_tests.automation.ticks import look, register, tick
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.stock_steps import count, push


def pausing(loop: Loop, client: str, write: Callable[..., Any]) -> Callable[..., Any]:
    """A write, after which a person pauses the client."""

    def paused_after(*arguments: Any, **more: Any) -> Any:
        result = write(*arguments, **more)
        pause_clients(loop.services.state, [client], "ana", "wrong amounts")
        return result

    return paused_after


def test_a_pause_in_the_middle_of_a_push_stops_the_next_write(stocked: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    write_setup(stocked.settings.clients, "acme", stocked.url, store={"concurrency": 1})
    store, before = stocked.stores["acme"], read_one(stocked.services.state, "acme", "stock")
    written = store.writes
    count(stocked, 40)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(SandboxStore, "set_amount", pausing(stocked, "acme", SandboxStore.set_amount))
        failure = push(stocked, override_change_limit=True)
    assert "acme: paused since" in failure
    assert "by ana: wrong amounts; nothing more was written. To go on: npf client resume acme" in failure
    assert store.writes == written + 1
    assert read_one(stocked.services.state, "acme", "stock") == before  # A pause is no failure of the store.

    assert push(stocked, override_change_limit=True) == ""  # The client is left alone.
    assert store.writes == written + 1
    resume_clients(stocked.services.state, ["acme"])
    assert push(stocked, override_change_limit=True) == ""
    assert store.writes > written + 2
    right = stocked.rows("SELECT product_id FROM stock_push WHERE outcome IN ('confirmed', 'already_right')")
    assert {store.products[int(product_id)].amount for (product_id,) in right} == {40}


def imported(loop: Loop) -> dict[str, int]:
    query = sa.select(orders.c.client, sa.func.count().label("orders")).group_by(orders.c.client)
    with loop.services.platform_engine.connect() as connection:
        return {row.client: row.orders for row in connection.execute(query)}


def test_a_pause_of_every_client_stops_the_imports(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Platform, "import_orders", pausing(loop, EVERY_CLIENT, Platform.import_orders))
        failures = loop.run("orders", "acme")[0].failure
    assert "acme: paused, as every client is, since" in failures
    before = imported(loop)
    assert before["acme"] > 0
    requests = loop.stores["acme"].requests
    assert [run.failure for run in loop.run("orders")] == [""]
    assert (imported(loop), loop.stores["acme"].requests) == (before, requests)
    (dry,) = loop.run("orders", dry_run=True)
    assert dry.failure == ""
    assert dry.changes  # It writes nothing, and shows what the pause holds up.
    assert imported(loop) == before

    resume_clients(loop.services.state, [EVERY_CLIENT])
    assert [run.failure for run in loop.run("orders")] == [""]
    after = imported(loop)
    assert after["acme"] > before["acme"]
    assert after["bolt"] > 0


def test_no_run_is_requested_for_paused_clients_and_an_alert_says_that_all_are(loop: Loop) -> None:
    register(loop)
    pause_clients(loop.services.state, ["bolt"], "ana", "stocktaking")
    asked = tick(loop, "orders_sweep")
    assert isinstance(asked, list)
    assert [request.run_config["ops"]["orders"]["config"]["clients"] for request in asked] == [["acme"]]
    pause_clients(loop.services.state, [EVERY_CLIENT], "ben", "")
    for schedule in ("orders_sweep", "nightly_stock"):
        said = tick(loop, schedule)
        assert "acme, bolt: paused, as every client is, since" in said
        assert "UTC by ben" in said
    look(loop, "alerts")
    (alert,) = read_alerts(loop.services.state).values()
    assert alert.text.startswith("every client is paused since")
    resume_clients(loop.services.state, [EVERY_CLIENT])
    look(loop, "alerts")
    (alert,) = read_alerts(loop.services.state).values()
    assert alert.over_at is not None
