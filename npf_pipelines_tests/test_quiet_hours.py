"""Quiet hours of a store: nothing is written to it, everything else goes on, and what waited is pushed afterwards."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from npf_pipelines.automation import flow_checks
from npf_pipelines.automation.alert_facts import all_facts
from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.lake.backlog import Backlog
from npf_pipelines.platform.tables import shipments
from npf_pipelines.reports.open_now import backlogs
from npf_pipelines_tests.automation.test_sweeps import went_well
from npf_pipelines_tests.automation.ticks import clients, register, tick
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.order_steps import place

HOUR = timedelta(hours=1)


def hours(loop: Loop, begin: datetime, end: datetime) -> str:
    zone = loop.services.setups()["acme"].zone
    return f"{begin.astimezone(zone):%H:%M}-{end.astimezone(zone):%H:%M}"


def test_pushes_wait_for_the_end_of_quiet_hours_and_nothing_fails(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    store, now = fresh.stores["acme"], datetime.now(UTC)
    order_id = place(store)
    assert fresh.run("orders", "acme")[0].failure == ""
    for _ in range(3):
        fresh.work()
    store.products[min(store.products)].amount += 3
    query = "SELECT shipment_id FROM tracking_push WHERE client = 'acme' AND outcome = 'confirmed' ORDER BY 1 LIMIT 1"
    ((corrected,),) = fresh.rows(query)
    with fresh.services.platform_engine.begin() as connection:
        here = shipments.c.shipment_id == corrected
        connection.execute(sa.update(shipments).where(here).values(tracking_number="CORRECTED-1"))
    quiet = {"quiet_hours": hours(fresh, now - HOUR, now + 2 * HOUR)}
    write_setup(fresh.settings.clients, "acme", fresh.url, store=quiet)
    written, pulled = store.writes, place(store)
    for flow in ("orders", "shipments", "stock"):
        assert [one.failure for one in fresh.run(flow, "acme")] == [""]
    assert store.writes == written
    imported = fresh.rows(f"SELECT outcome FROM platform_orders WHERE order_id = '{pulled}'")  # noqa: S608
    assert imported == [("imported",)], "what isn't written to the store goes on"
    for table in ("tracking_push", "stock_push"):
        rows = fresh.rows(f"SELECT reason FROM {table} WHERE client = 'acme' AND outcome = 'planned'")  # noqa: S608
        assert rows
        assert all("; quiet hours until " in reason for (reason,) in rows)
    monkeypatch.setattr(flow_checks, "LODGED_FOR", timedelta())
    later = datetime.now(UTC) + HOUR
    assert [row for row in flow_checks._not_pushed(fresh.services, later) if row["client"] == "acme"] == []
    setups = {"acme": fresh.services.setups()["acme"]}
    (facts,) = all_facts(fresh.services.state, setups, later, lambda _: False)
    assert not [row for row in facts.open if "planned" in row.kind.key]
    setups["acme"] = setups["acme"].model_copy(update={"mode": "live"})
    assert _planned(fresh, setups, later) == set(), "nor do the figures count it"
    assert _planned(fresh, setups, later + 3 * HOUR) == {"shipments", "stock"}

    write_setup(fresh.settings.clients, "acme", fresh.url)
    assert [row for row in flow_checks._not_pushed(fresh.services, later) if row["client"] == "acme"] != []
    for flow in ("shipments", "stock"):
        assert [one.failure for one in fresh.run(flow, "acme")] == [""]
    assert fresh.rows("SELECT 1 FROM tracking_push WHERE client = 'acme' AND outcome = 'planned'") == []
    assert store.shipments_of(int(order_id))
    assert [one.tracking_number for one in store.shipments.values()].count("CORRECTED-1") == 1
    assert [said for said in fresh.disagreements() if said.startswith("acme: ") and "amount" not in said] == []


def _planned(loop: Loop, setups: Mapping[str, MasterSetup], now: datetime) -> set[str]:
    """The flows whose planned rows count as open."""
    found = backlogs(loop.services.state, setups, now).get("acme", Backlog(Counter()))
    return {kind.about for kind in found.kinds if "planned" in kind.key}


@pytest.mark.parametrize(("flow", "is_due"), [("orders", False), ("shipments", True), ("stock", True)])
def test_the_first_sweep_after_quiet_hours_takes_their_client(loop: Loop, flow: str, *, is_due: bool) -> None:
    register(loop)
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    quiet = {"quiet_hours": hours(loop, at - 2 * HOUR, at + timedelta(minutes=5))}
    write_setup(loop.settings.clients, "acme", loop.url, store=quiet)
    went_well(loop, flow, at + timedelta(minutes=4))
    assert "no client is due" in tick(loop, f"{flow}_sweep", at + timedelta(minutes=4, seconds=30))
    asked = tick(loop, f"{flow}_sweep", at + timedelta(minutes=5))
    assert (clients(asked) == [["acme"]]) if isinstance(asked, list) else not is_due
