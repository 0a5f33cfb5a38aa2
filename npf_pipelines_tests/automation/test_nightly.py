"""The nightly schedules: one run for all clients that aren't paused, over the last weeks."""

from datetime import UTC, datetime, timedelta

import pytest

from npf_pipelines.config.setup_fingerprint import fingerprint
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.flow_health import failed
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.state.health import keep_health
from npf_pipelines_tests.automation.ticks import clients, days, register, tick
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


def test_without_a_client_nothing_runs(loop: Loop) -> None:
    assert "no client" in tick(loop, "nightly_stock")
