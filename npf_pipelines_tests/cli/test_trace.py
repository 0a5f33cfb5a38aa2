"""`npf trace`: an order's story from its placing to its tracking."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines.lake.tables import FILTERED_ORDERS, SHIPMENT_RECORDS, TRACKING_PUSH
from npf_pipelines_tests.builders import row
from npf_pipelines_tests.loop import Loop


@pytest.fixture
def world(completed: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """The world after the loop, for the command line to read."""
    monkeypatch.setenv("NPF_DATA", str(completed.settings.data))
    return completed


def trace(*words: str) -> Result:
    return CliRunner().invoke(app, ["trace", *words], env={"COLUMNS": "160"})


def test_the_whole_story_of_a_shipped_order(world: Loop) -> None:
    number, tracking, url, shipment = world.rows(
        "SELECT s.order_number, s.tracking_number, s.tracking_url, p.store_shipment_id FROM shipment_records s "
        "JOIN tracking_push p USING (client, shipment_id) WHERE client = 'acme' AND status_outcome = 'set' LIMIT 1"
    )[0]
    result = trace("acme", number)
    assert result.exit_code == 0, result.output
    steps = [
        "Placed in the store",
        "Accepted:",
        "Imported into the warehouse",
        "Lodged as",
        f"as shipment {shipment}",
    ]
    places = [result.output.index(step) for step in [*steps, "Order status C (set)"]]
    assert places == sorted(places)
    assert tracking in result.output
    assert url in result.output
    assert trace("acme", number.removeprefix("CS")).output == result.output


def test_an_order_that_was_kept_out_says_why(world: Loop) -> None:
    number, reason = world.rows(
        "SELECT order_number, reason FROM filtered_orders WHERE client = 'bolt' AND decision = 'rejected' LIMIT 1"
    )[0]
    result = trace("bolt", number)
    assert result.exit_code == 0
    assert f"Rejected: {reason}" in " ".join(result.output.replace("│", " ").split())
    assert "Imported" not in result.output


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "In the store as shipment 77"),
        ({"outcome": "already_there"}, "In the store as shipment 77"),
        (
            {"outcome": "waiting", "reason": "made as 77, to be replaced"},
            "Waiting for the store (S1): made as 77, to be",
        ),
        ({"outcome": "refused", "reason": "not now"}, "Refused by the store (S1): not now"),
        ({"outcome": "planned", "reason": "would be created"}, "Planned (S1): would be created"),
        ({"outcome": "set_aside", "reason": "too many"}, "Set aside (S1): too many"),
    ],
)
def test_what_became_of_a_shipment(
    fresh: Loop, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    number = keep_shipment(fresh, lodged=True, **changes)
    printed = " ".join(trace("acme", number).output.replace("│", " ").split())
    assert said in printed
    assert "Lodged as S1 with StarTrack: 1 of KITE. Tracking number T1-CORRECTED" in printed


def test_a_withdrawn_shipment_is_reported_though_it_is_no_longer_lodged(
    fresh: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    number = keep_shipment(fresh, lodged=False, outcome="withdrawn", reason="deleted from the store")
    printed = " ".join(trace("acme", number).output.replace("│", " ").split())
    assert "No longer lodged (S1): deleted from the store" in printed
    assert "Lodged as S1" not in printed


def test_no_shopper_is_in_it(world: Loop) -> None:
    number, order_id = world.rows(
        "SELECT order_number, order_id FROM filtered_orders JOIN shipment_records USING (client, order_number) "
        "WHERE client = 'acme' LIMIT 1"
    )[0]
    output = trace("acme", number).output
    customer = world.stores["acme"].orders[int(order_id)].customer
    for secret in (customer.email, customer.ship_to.lastname, customer.ship_to.address, customer.ship_to.phone):
        assert secret
        assert secret not in output


def test_every_decision_is_shown_at_its_time_and_a_page_can_be_sent(
    fresh: Loop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    day, order_id = fresh.rows(
        "SELECT day, order_id FROM platform_orders WHERE client = 'acme' AND outcome = 'imported' LIMIT 1"
    )[0]
    rows = fresh.services.lake.read(FILTERED_ORDERS, client="acme", day=day)
    decided = next(each for each in rows if each["order_id"] == order_id)
    hostile = "<b>the status \x1b[31mPending</b> & co"
    first = decided["placed_at"] + timedelta(seconds=1)
    decided["earlier"] = [{"decided_at": first, "decision": "rejected", "reason": hostile}]
    decided |= {"decided_at": datetime.now(UTC), "reason": "imported before"}
    fresh.services.lake.write(FILTERED_ORDERS, rows, client="acme", day=day)
    printed = json.loads(trace("acme", order_id, "--json").stdout)
    moments = [datetime.fromisoformat(event["when"]) for event in printed["events"] if event["when"]]
    assert moments == sorted(moments)
    assert {moment.utcoffset() for moment in moments} <= {timedelta(hours=10), timedelta(hours=11)}
    said = [event["what"] for event in printed["events"]]
    assert said[1] == f"Rejected: {hostile}"
    assert said.index("Imported into the warehouse") < said.index("Accepted: imported before")
    assert trace("acme", order_id, "--html", str(tmp_path / "order.html")).exit_code == 0
    page = (tmp_path / "order.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;the status" in page
    assert all(internal not in page for internal in ("<b>", "href=", "src=", "<script", "filtered_orders", "<footer>"))


def keep_shipment(loop: Loop, *, lodged: bool, **changes: str) -> str:
    """One order's only shipment, as the tables have it; the order's number."""
    day, number = loop.rows(
        "SELECT day, order_number FROM filtered_orders WHERE client = 'acme' AND decision = 'accepted' LIMIT 1"
    )[0]
    for other in loop.services.lake.days(TRACKING_PUSH, client="acme"):
        for table in (SHIPMENT_RECORDS, TRACKING_PUSH):
            loop.services.lake.write(table, [], client="acme", day=other)
    of_shipment = {"shipment_id": "S1", "order_number": number}
    record = of_shipment | {"carrier": "StarTrack", "tracking_number": "T1-CORRECTED"}
    record |= {"quantities": [{"sku": "KITE", "quantity": 1}]}
    records = [row(SHIPMENT_RECORDS, **record)] if lodged else []
    loop.services.lake.write(SHIPMENT_RECORDS, records, client="acme", day=day)
    pushed = row(TRACKING_PUSH, **of_shipment, store_shipment_id="77", **{"outcome": "confirmed"} | changes)
    loop.services.lake.write(TRACKING_PUSH, [pushed], client="acme", day=day)
    return str(number)


def test_an_order_that_nobody_has_pulled_says_which_days_have_been(world: Loop) -> None:
    result = trace("acme", "CS99")
    assert result.exit_code == 1
    assert f"Days pulled so far: {world.days[0]}" in " ".join(result.output.split())
    assert trace("nobody", "CS99").exit_code == 1
