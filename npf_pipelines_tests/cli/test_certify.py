"""`npf client certify`: a client in trial over the sandbox, with its faults, its waiting and its interruptions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from npf_pipelines.automation.certification import NotPutBack, Tools, certify
from npf_pipelines.automation.certification_record import CertificationRecord, CertificationRunning, UnreadableRecord
from npf_pipelines.automation.launch import launch
from npf_pipelines.cli import app
from npf_pipelines.cli.client.certify import certified
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.domain.certification import Amount, Evidence
from npf_pipelines.domain.requirement import Result
from npf_pipelines.platform.lodgements import lodge_test_order
from npf_pipelines.platform.tables import orders, shipments
from npf_pipelines.rules.certificate import Certificate
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.sandbox.certification_orders import place_test_orders
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.pauses import pause_clients, resume_clients
from npf_pipelines_tests.builders import NOON
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.order_steps import on_platform, place


@pytest.fixture
def trial(loop: Loop) -> Loop:
    """A world in which the client acme is in trial."""
    write_setup(loop.settings.clients, "acme", loop.url, mode="trial")
    return loop


def _certified(loop: Loop) -> Certificate:
    setup = loop.services.setups()["acme"]
    return certified(loop.services, loop.instance, setup, timedelta(0), lambda _: None)


def _run(loop: Loop) -> Callable[..., str]:
    def run(flow: str, config: Mapping[str, Any]) -> str:
        job = f"{flow}_job"
        return launch(loop.defs, loop.instance, job, ["acme"], None, "ERROR", certify=True, **config).failure

    return run


def _at_a_warehouse(loop: Loop) -> Tools:
    """The tools where the lodgements are the warehouse's, and the test orders the merchant's."""
    return Tools(loop.services, _run(loop), lambda _: None, may_lodge=False)


def _results(certificate: Certificate, *results: Result) -> set[str]:
    return {each.id for each in certificate.requirements if each.result in results}


def _others(store: SandboxStore) -> tuple[Any, ...]:
    """Everything of a store that a certification must leave alone."""
    real = [order for order in store.orders.values() if {line.product_code for line in order.lines} - TEST_SKUS]
    numbers = {order.order_id for order in real}
    amounts = {one.product_id: one.amount for one in store.products.values() if one.product_code not in TEST_SKUS}
    shipped = [shipment for shipment in store.shipments.values() if shipment.order_id in numbers]
    return [replace(order) for order in real], amounts, shipped


def _amounts(store: SandboxStore) -> dict[str, int]:
    return {one.product_code: one.amount for one in store.products.values() if one.product_code in TEST_SKUS}


def test_a_client_in_trial_is_certified_and_again(trial: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_DATA", str(trial.settings.data))
    monkeypatch.setenv("DAGSTER_HOME", str(trial.settings.data / "dagster"))
    store = trial.stores["acme"]
    before = _others(store)

    first = CliRunner().invoke(app, ["client", "certify", "acme", "--json"])
    assert first.exit_code == 0, first.output
    shown = json.loads(first.stdout)
    assert shown["certified"]
    assert {each["result"] for each in shown["requirements"]} == {"pass", "not asked for"}
    assert "4.18.1" in shown["versions"]["store's version"]
    assert _others(store) == before
    with trial.services.platform_engine.connect() as connection:
        assert set(connection.scalars(sa.select(orders.c.is_test))) == {True}
        assert set(connection.scalars(sa.select(orders.c.client))) == {"acme"}
    assert trial.services.lake.connect().execute("SELECT count(*) FROM pushed_skus").rows == [(0,)]

    folder = trial.settings.reports / "certificates"
    (page,), (kept,) = folder.glob("acme-*.html"), folder.glob("acme-*.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["requirements"] == shown["requirements"]
    content = page.read_text(encoding="utf-8")
    assert "Certified." in content
    assert "<h1>Certificate of " in content
    for number in {order.order_id for order in store.orders.values() if order.customer.email.startswith("test-orders")}:
        assert f"CS{number}" in content
    for hidden in ("test-orders@example.com", "George Street", store.api_key, store.api_user):
        assert hidden not in content + first.stdout

    checked = CliRunner().invoke(app, ["client", "check", "acme"], env={"COLUMNS": "200"}).stdout
    day = page.stem.removeprefix("acme-")
    for right in ("edit_order", "manage_catalog"):
        assert f"ok      right {right}: Granted, as proven by the certificate of {day}." in checked
    listed = json.loads(CliRunner().invoke(app, ["client", "list", "--json"]).stdout)
    assert {line["client"]: line["certified"] for line in listed} == {"acme": day, "bolt": None}

    amounts, made, writes = _amounts(store), dict(store.shipments), len(store.orders)
    second = CliRunner().invoke(app, ["client", "certify", "acme"])
    assert second.exit_code == 0, second.output
    assert "acme: certified" in second.stdout
    assert (_amounts(store), store.shipments, len(store.orders)) == (amounts, made, writes)


def test_a_status_that_the_store_loses_fails(trial: Loop) -> None:
    write_setup(trial.settings.clients, "acme", trial.url, mode="trial", stock={"quantity": "off"})
    trial.stores["acme"].vetoes |= {(status, "C") for status in "POA"}
    certificate = _certified(trial)
    assert _results(certificate, Result.FAIL) == {"shipped_status"}
    (requirement,) = (each for each in certificate.requirements if each.id == "shipped_status")
    assert "the setup asks for Complete (C), the store shows" in requirement.evidence[0]
    assert certificate.verdict == "not certified: 1 of 15 requirements failed"
    trial.stores["acme"].vetoes.clear()
    assert _certified(trial).is_certified


def test_the_warehouse_lodges_and_the_certification_of_a_live_client_goes_on(loop: Loop) -> None:
    write_setup(loop.settings.clients, "acme", loop.url, mode="live", stock={"quantity": "off"})
    setup, store, tools = loop.services.setups()["acme"], loop.stores["acme"], _at_a_warehouse(loop)
    real = place(store, days=0)
    CertificationRecord(loop.settings.data, "acme").write(Evidence(began_at=NOON, store="staging.example"))
    without = certify(tools, setup)
    assert without.began_at > NOON
    assert without.verdict == "not proven: test orders are missing"
    assert len(without.to_place) == 4

    full, part = (f"CS{number}" for number in place_test_orders(store, status="P", country="AU"))
    waiting = certify(tools, setup)
    expected = f"not proven: waiting for lodgement of {full} in full and {part} in part"
    assert waiting.verdict.startswith(expected)
    assert _results(waiting, Result.FAIL) == set()
    with loop.services.platform_engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(shipments)) == 0

    engine = loop.services.platform_engine
    lodge_test_order(engine, "acme", part, datetime.now(UTC), {"Test001": 1})
    half = certify(tools, setup)
    assert half.verdict == f"not proven: waiting for lodgement of {full} in full"
    assert "partially_shipped_status" in _results(half, Result.PASS)
    # The rest follows before the full order is lodged: the part's evidence is kept.
    lodge_test_order(engine, "acme", part, datetime.now(UTC))
    lodge_test_order(engine, "acme", full, datetime.now(UTC))
    assert certify(tools, setup).verdict == "certified"
    # The other orders are left to the runs of every day, with their limits.
    assert on_platform(loop).keys() == {full, part}
    assert store.orders[real].status == "P"


class _Killed(BaseException):
    """The process ends here."""


def test_amounts_are_put_back_after_an_interruption(trial: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    setup, store, run = trial.services.setups()["acme"], trial.stores["acme"], _run(trial)
    place_test_orders(store, status="P", country="AU")
    before: dict[str, int] = {}
    end: type[BaseException] = KeyboardInterrupt

    def run_until_stock(flow: str, config: Mapping[str, Any]) -> str:
        if flow != "stock":
            return run(flow, config)
        before.update(_amounts(store))
        run(flow, config)
        assert _amounts(store) != before
        raise end

    tools = Tools(trial.services, run_until_stock, lambda _: None, may_lodge=True)
    with pytest.raises(KeyboardInterrupt):
        certify(tools, setup)
    assert _amounts(store) == before

    end = _Killed
    with monkeypatch.context() as patched:  # A process that is killed puts nothing back.
        patched.setattr("npf_pipelines.automation.certification._Certification._put_back", lambda _: None)
        with pytest.raises(_Killed):
            certify(tools, setup)
    assert _amounts(store) != before
    assert certify(replace(tools, run=run), setup).is_certified
    assert _amounts(store) == before


def test_a_paused_client_is_not_certified(trial: Loop) -> None:
    setup, store, state = trial.services.setups()["acme"], trial.stores["acme"], trial.services.state
    place_test_orders(store, status="P", country="AU")
    before = _amounts(store)
    said: list[str] = []

    def pause(flow: str, _: Mapping[str, Any]) -> str:
        if flow == "stock":
            for product in store.products.values():
                product.amount += product.product_code in TEST_SKUS
            pause_clients(state, ["acme"], "ana", "the store moves")
        return ""

    tools = Tools(trial.services, pause, said.append, may_lodge=False)
    for _ in range(2):  # The pause comes at the push of stock, and is there when certify is run again.
        with pytest.raises(SetupError, match=r"paused since .* by ana: the store moves"):
            certify(tools, setup)
    assert said[-1].startswith("the amounts of the test items are not put back yet, run certify again: acme: paused")
    assert _amounts(store) != before
    resume_clients(state, ["acme"])
    certify(replace(tools, run=lambda *_: ""), setup)
    assert _amounts(store) == before


def test_one_certification_at_a_time(trial: Loop) -> None:
    record = CertificationRecord(trial.settings.data, "acme")
    with record.held(), pytest.raises(CertificationRunning, match="acme"):
        _certified(trial)


def test_the_amounts_to_put_back_follow_a_client_to_its_new_id(tmp_path: Path) -> None:
    evidence = Evidence(began_at=NOON, store="a.example", to_put_back=(Amount(product="1", sku="Test001", amount=7),))
    record = CertificationRecord(tmp_path, "acme")
    with record.held():
        record.write(evidence)
    record.rename("coda")
    assert CertificationRecord(tmp_path, "coda").read() == evidence
    assert record.read() is None
    record.path.write_text("{", encoding="utf-8")
    with pytest.raises(UnreadableRecord, match=r"acme\.json"):
        record.read()


def test_amounts_that_the_store_does_not_take_back_are_named(trial: Loop) -> None:
    setup, store, tools = trial.services.setups()["acme"], trial.stores["acme"], _at_a_warehouse(trial)
    certify(tools, setup)
    record = CertificationRecord(trial.settings.data, "acme")
    evidence = record.read()
    assert evidence
    record.write(
        evidence.model_copy(
            update={"to_put_back": tuple(item.model_copy(update={"amount": 7}) for item in evidence.items)}
        )
    )
    for product in store.products.values():
        product.warehouses = {1: product.amount}  # A plain amount changes nothing there.
    with pytest.raises(NotPutBack, match="7 of product 1"):
        certify(tools, setup)

    waiting = record.read()
    assert waiting
    amounts = {number: product.amount for number, product in store.products.items()}
    record.write(waiting.model_copy(update={"store": "staging.example"}))
    with pytest.raises(NotPutBack, match=r"staging\.example had other amounts"):
        certify(tools, setup)
    for number, product in store.products.items():
        product.product_code, product.warehouses = f"SKU{number}", {}
    record.write(waiting)
    certify(tools, setup)
    assert {number: product.amount for number, product in store.products.items()} == amounts
    kept = record.read()
    assert kept
    assert kept.to_put_back == ()
