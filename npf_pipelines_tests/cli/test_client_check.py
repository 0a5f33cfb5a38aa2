"""`npf client check`, against stores on a real socket: one that fits, one with much wrong, and some out of reach."""

import json
import re
import time
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from npf_pipelines.automation.store_checks import store_fits
from npf_pipelines.cli import app
from npf_pipelines.platform.tables import orders
from npf_pipelines.reconcile.store_check import MOST_BY_NUMBER, MOST_ORDERS
from npf_pipelines.sandbox.model import Status, User
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import KEY_VARIABLE, Loop, write_setup

MOST_REQUESTS = 24
"""Of a check of a store whose lists hold whole orders: thirteen questions, and the pages of orders and products."""

ALL_TOPICS = 20


@pytest.fixture
def shell(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """The world after the loop, for the command line."""
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    return fresh


def check(client: str = "acme") -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["client", "check", client, "--json"])
    return result.exit_code, json.loads(result.stdout)


def lines(found: dict[str, Any], *levels: str) -> list[str]:
    return [f"{one['topic']}: {one['finding']}" for one in found["findings"] if one["level"] in levels]


def paid_orders(store: SandboxStore, number: int) -> None:
    (kite, *_) = [one for one in store.products.values() if one.tracking == "B" and one.product_code and not one.is_edp]
    kite.amount += number
    for place in range(number):
        store.place_order([(kite.product_id, 1)], timestamp=store.now - 2 * place)


def test_a_store_that_fits_is_reported_line_by_line(shell: Loop) -> None:
    store = shell.stores["acme"]
    before = (store.requests, store.writes)
    result = CliRunner().invoke(app, ["client", "check", "acme"])
    assert result.exit_code == 0, result.output
    requests = store.requests - before[0]
    assert store.writes == before[1]
    assert requests <= MOST_REQUESTS
    for said in (
        "ok      clock: The store's clock agrees with this machine's.",
        "ok      right manage_order_statuses: Granted.",
        "unknown right edit_order: Unknown until certified",
        "ok      user ID: User 1 is active, an administrator, and the API user.",
        "ok      statuses: orders.statuses: Ready to pack is A; it takes the order's stock and sends no mail.",
        "ok      test items: Test001, Test002, Test003 are in the store.",
        f"0 error, 2 unknown. {requests} requests, nothing written.",
    ):
        assert said in result.output
    with shell.services.platform_engine.connect() as connection:
        imported = connection.scalar(sa.select(sa.func.count()).where(orders.c.client == "acme"))
    found = re.search(r"(\d+) of them imported before", result.output)
    # An imported order that still passes every rule is judged as any other.
    assert found, [line for line in result.output.splitlines() if "orders" in line][:12]
    assert 0 < int(found[1]) <= (imported or 0)


def test_all_that_is_wrong_is_reported_at_once(shell: Loop) -> None:
    store = shell.stores["acme"]
    store.users = {1: User(1, "somebody@acme.example", "V", "D")}
    store.missing_rights = {"view_companies"}
    store.statuses["E"] = Status("E", "On hold", "I")
    store.clock = lambda: time.time() + 3600
    store.shippings = {}
    store.shows_version = False
    store.products = {number: one for number, one in store.products.items() if not one.product_code.startswith("Test")}
    statuses = {"statuses": ["Paid", "Pakced", "On hold"]}
    write_setup(shell.settings.clients, "acme", shell.url, orders=statuses, tracking={"shipped_status": "Compleet"})
    code, found = check()
    assert code == 1
    errors = "\n".join(lines(found, "error"))
    for said in (
        "user ID: User 1 is a vendor's administrator and is not active and has another e-mail than store.api_user.",
        "clock: The store's clock is 60 minutes ahead",
        "statuses: orders.statuses: 'Pakced' is no status of the store",
        "statuses: tracking.shipped_status: 'Compleet' is no status of the store",
        "shipping methods: The store has no shipping method",
    ):
        assert said in errors
    others = "\n".join(lines(found, "warning", "unknown"))
    for said in (
        "statuses: orders.statuses: On hold is E; it gives the order's stock back",
        "vendors: The store refuses its list of vendors (403)",
        "version: The store doesn't name its version.",
        "test items: Test001, Test002, Test003 are not in the store.",
    ):
        assert said in others


def test_a_missing_right_costs_no_other_question(shell: Loop) -> None:
    for right, level, also in (
        ("view_orders", "error", "orders: GET orders"),
        ("view_catalog", "error", "products: GET products"),
        ("manage_order_statuses", "warning", "So CS-Cart ships it"),
        ("view_users", "unknown", "user ID: User 1 can't be read"),
    ):
        shell.stores["acme"].missing_rights = {right}
        code, found = check()
        # Without the store's statuses, a status of the merchant's own in the setup is unknown.
        assert code == (right != "view_users"), right
        assert [line for line in lines(found, level) if f"right {right}: Refused" in line]
        assert [line for line in lines(found, "unknown") if also in line], right
        assert len(found["findings"]) > ALL_TOPICS


def _nothing_answers(loop: Loop, _: SandboxStore) -> None:
    write_setup(loop.settings.clients, "acme", "http://127.0.0.1:9")


def _another_address(loop: Loop, _: SandboxStore) -> None:
    write_setup(loop.settings.clients, "acme", f"{loop.url}/nowhere")


def _maintenance(_: Loop, store: SandboxStore) -> None:
    store.switched_off = True


def _wrong_key(_: Loop, store: SandboxStore) -> None:
    store.switched_off = False
    store.api_key = "another"


def test_a_store_out_of_reach_is_asked_nothing_more(shell: Loop) -> None:
    store = shell.stores["acme"]
    for happen, requests, topic, said in (
        (_maintenance, 2, "connection", "503"),
        (_wrong_key, 2, "credentials", "doesn't accept the API user and key"),
        (_another_address, 0, "connection", "no CS-Cart API answers there"),
        (_nothing_answers, 0, "connection", "no connection"),
    ):
        before = store.requests
        happen(shell, store)
        code, found = check()
        assert code == 1
        (error,) = [one for one in found["findings"] if one["level"] == "error"]
        assert error["topic"] == topic
        assert said in f"{error['finding']} {error['what_to_do']}"
        assert store.requests - before <= requests


def test_a_key_that_is_not_set_is_a_finding(shell: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    code, found = check()
    assert (code, found["requests"]) == (1, 0)
    assert f"the environment variable {KEY_VARIABLE}" in lines(found, "error")[0]


@pytest.mark.parametrize("whole", [True, False])
def test_a_large_store_is_read_in_part(shell: Loop, whole: bool) -> None:
    store = shell.stores["acme"]
    store.whole_orders_in_lists = whole
    paid_orders(store, MOST_ORDERS + 50)
    most = MOST_ORDERS if whole else MOST_BY_NUMBER
    before = store.requests
    _, found = check()
    (extent,) = [one for one in lines(found, "ok") if one.startswith("orders: ") and "the newest" in one]
    read = int(extent.partition("the newest ")[2].partition(" ")[0])
    assert most - 60 < read <= most
    assert store.requests - before <= MOST_REQUESTS + (0 if whole else most)


def test_the_asset_check_lists_each_clients_findings(shell: Loop) -> None:
    shell.stores["bolt"].users = {}
    result: Any = store_fits(services=shell.services)
    assert not result.passed
    assert (result.metadata["clients"].value, result.metadata["errors"].value) == (2, 1)
    worst = result.metadata["findings"].records[0].data
    assert (worst["client"], worst["level"], worst["finding"]) == ("bolt", "error", "The store has no user 1.")
    assert {row.data["client"]: row.data["error"] for row in result.metadata["by_client"].records} == {
        "acme": "0",
        "bolt": "1",
    }
