"""Runs of two clients with one store: refused, unless a client was renamed or has left the store.

Not here: when two addresses are one store (config/test_store_address.py).
"""

from collections import Counter

import dagster as dg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from npf_pipelines.assets import orders as orders_module
from npf_pipelines.automation import rename as rename_module
from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.cli import app
from npf_pipelines.config.store_address import comparable_address
from npf_pipelines.lake.lake import Lake
from npf_pipelines.platform.tables import orders, shipments, stock
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.state.client_stores import other_client_of
from npf_pipelines.state.health import read_health
from npf_pipelines.state.lease import Lease, held_now
from npf_pipelines_tests.loop import Loop, write_setup


def count(loop: Loop) -> int:
    with loop.services.platform_engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(orders)) or 0


def as_client(loop: Loop, old: str, new: str) -> None:
    """Give a client another id, as a person does who renames its file and the id in it."""
    (loop.settings.clients / f"{old}.yaml").unlink()
    write_setup(loop.settings.clients, new, "", store={"url": f"{loop.url}/{old}", "api_user": f"api@{old}.example"})


def test_a_new_id_on_a_store_that_another_has_pulled_from_is_refused(fresh: Loop) -> None:
    assert [one.failure for one in fresh.run("orders", "acme")] == [""]
    before = count(fresh)
    as_client(fresh, "acme", "acorn")
    for family in ("orders", "stock"):
        (run,) = fresh.run(family, "acorn", days=None)
        assert "acorn: store.url: the client acme has worked with this store" in run.failure
        assert "npf client rename acme acorn" in run.failure
    assert count(fresh) == before
    assert [one.failure for one in fresh.run("orders", "bolt")] == [""]


def test_a_store_is_remembered_although_the_walk_fails_and_not_by_a_dry_run(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError("after the imports")

    address = comparable_address(f"{loop.url}/acme")
    loop.run("orders", "acme", dry_run=True)
    assert other_client_of(loop.services.state, "acorn", address, lambda _: True) is None
    with monkeypatch.context() as failing:
        failing.setattr(orders_module, "finish_held_back", broken)
        assert "RuntimeError" in loop.run("orders", "acme")[0].failure
    assert count(loop) > 0
    as_client(loop, "acme", "acorn")
    assert "has worked with this store" in loop.run("orders", "acorn")[0].failure


@pytest.fixture
def renamed(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A world in which acme is to be acorn, and the command line works."""
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    monkeypatch.delenv("NPF_CLIENTS", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(fresh.settings.data / "dagster"))
    for family in ("orders", "shipments", "stock"):
        assert [one.failure for one in fresh.run(family, "acme", "bolt")] == [""]
    as_client(fresh, "acme", "acorn")
    return fresh


def npf(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "300"})


def test_a_rename_that_breaks_off_imports_nothing_twice(renamed: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = count(renamed)
    with monkeypatch.context() as failing:
        failing.setattr(rename_module, "rename_orders", lambda *_: 1 / 0)
        assert npf("client", "rename", "acme", "acorn").exit_code != 0
    assert "has worked with this store" in renamed.run("orders", "acorn")[0].failure
    assert npf("client", "rename", "acme", "acorn").exit_code == 0
    assert renamed.run("orders", "acorn")[0].failure == ""
    assert count(renamed) == before


def test_nobody_else_writes_while_a_client_is_renamed(renamed: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nightly compaction also finds an id without a setup: it would delete days that are about to be moved."""
    state = renamed.services.state
    taken: list[str] = []

    def renaming(*_: object) -> int:
        taken.extend(client for flow in FLOWS for client in held_now(state, flow.name))
        return 1

    lease = Lease(state, "acorn", "stock")
    lease.take()
    refused = npf("client", "rename", "acme", "acorn")
    assert (refused.exit_code, taken) == (1, [])
    assert "acorn: another run is at work on it (stock)" in refused.output
    lease.give_back()
    monkeypatch.setattr(Lake, "rename_client", renaming)
    monkeypatch.setattr(rename_module, "rename_orders", renaming)
    assert npf("client", "rename", "acme", "acorn").exit_code == 0
    assert Counter(taken) == {"acme": 6, "acorn": 6}
    assert [held_now(state, flow.name) for flow in FLOWS] == [set()] * 3


def test_a_renamed_client_goes_on_and_nothing_is_pulled_or_pushed_twice(renamed: Loop) -> None:
    store, before = renamed.stores["acme"], count(renamed)
    assert "has worked with this store" in renamed.run("orders", "acorn")[0].failure
    pushed = renamed.rows("SELECT shipment_id, outcome FROM tracking_push WHERE client = 'acme' ORDER BY ALL")
    pages = ReportFolder(renamed.settings.reports, "")
    pages.write("acme", "a page")
    result = npf("client", "rename", "acme", "acorn")
    assert result.exit_code == 0, result.output
    assert pages.read("acme") is None, "nothing draws it again"
    assert "have them renamed to acorn" in result.output
    for table in (shipments, stock):  # The warehouse does so with its own.
        with renamed.services.platform_engine.begin() as connection:
            connection.execute(sa.update(table).where(table.c.client == "acme").values(client="acorn"))
    written, sent = store.writes, len(store.shipments)
    for family in ("orders", "shipments", "stock"):
        assert [one.failure for one in renamed.run(family, "acorn")] == [""]
    assert (count(renamed), len(store.shipments), store.writes) == (before, sent, written)
    assert renamed.rows("SELECT shipment_id, outcome FROM tracking_push WHERE client = 'acorn' ORDER BY ALL") == pushed
    assert renamed.rows("SELECT count(*) FROM raw_orders WHERE client = 'acme'") == [(0,)]
    assert renamed.instance.get_dynamic_partitions("clients") == ["bolt", "acorn"]
    assert {client for client, _ in read_health(renamed.services.state)} == {"acorn", "bolt"}
    assert "acorn" in renamed.instance.get_materialized_partitions(dg.AssetKey("stock_push"))


def test_a_store_that_a_client_has_left_is_free_for_another(renamed: Loop) -> None:
    assert "has worked with this store" in renamed.run("stock", "acorn")[0].failure
    assert npf("client", "release-store", "acme").exit_code == 0
    assert ("acorn", "stock") not in read_health(renamed.services.state)
    assert "has worked with this store" not in renamed.run("stock", "acorn", days=None)[0].failure


def test_a_store_is_released_by_a_client_whose_setup_names_another_now(
    fresh: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    monkeypatch.delenv("NPF_CLIENTS", raising=False)
    assert [one.failure for one in fresh.run("orders", "acme")] == [""]
    npf("client", "release-store", "acme")  # The copied world's stores had another port.
    refused = npf("client", "release-store", "acme")
    assert refused.exit_code == 1
    assert "acme has left no store" in refused.output
    write_setup(fresh.settings.clients, "acme", "", store={"url": f"{fresh.url}/elsewhere"})
    write_setup(fresh.settings.clients, "acorn", "", store={"url": f"{fresh.url}/acme"})
    left = comparable_address(f"{fresh.url}/acme")
    assert other_client_of(fresh.services.state, "acorn", left, lambda _: True) == "acme"
    released = npf("client", "release-store", "acme")
    assert (released.exit_code, released.output) == (0, f"acme has left {left}.\n")
    assert other_client_of(fresh.services.state, "acorn", left, lambda _: True) is None


def test_what_is_no_rename_is_refused(renamed: Loop) -> None:
    for old, new, said in (
        ("bolt", "acorn", "bolt has a master setup of its own"),
        ("acme", "nobody", "no valid master setup"),
        ("acme", "bolt", "both acme and bolt have orders"),
        ("acme", "acme", "two different ids"),
    ):
        result = npf("client", "rename", old, new)
        assert result.exit_code == 1
        assert said in result.output
    npf("client", "release-store", "bolt")  # The copied world's stores had another port.
    assert npf("client", "release-store", "bolt").exit_code == 1


def test_a_client_whose_store_moves_is_not_refused(fresh: Loop) -> None:
    write_setup(fresh.settings.clients, "acme", "", store={"url": f"{fresh.url}/acme/"})
    assert [one.failure for one in fresh.run("orders", "acme")] == [""]


def test_two_clients_with_storefronts_of_their_own_import_each_order_once(loop: Loop) -> None:
    store = loop.stores["acme"]
    for number, order in enumerate(store.orders.values()):
        order.storefront_id = 1 + number % 2
    one_store = {"url": f"{loop.url}/acme", "api_user": "api@acme.example"}
    write_setup(loop.settings.clients, "acme", loop.url, orders={"storefronts": [1]})
    write_setup(
        loop.settings.clients, "bolt", "", store=one_store, orders={"storefronts": [2]}, stock={"quantity": "off"}
    )
    assert [one.failure for one in loop.run("orders", "acme", "bolt")] == [""]
    with loop.services.platform_engine.connect() as connection:
        rows = [
            (row.client, store.orders[int(row.store_order_id)].storefront_id)
            for row in connection.execute(sa.select(orders.c.client, orders.c.store_order_id))
        ]
    assert set(rows) == {("acme", 1), ("bolt", 2)}
    write_setup(loop.settings.clients, "bolt", "", store=one_store, orders={"storefronts": [1]})
    (loop.settings.clients / "acme.yaml").unlink()
    assert "the client acme has worked with this store" in loop.run("orders", "bolt")[0].failure
