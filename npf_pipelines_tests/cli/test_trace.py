"""`npf trace`: an order's story from its placing to its tracking."""

import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines_tests.loop import Loop


@pytest.fixture
def told(walked: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """The world after the loop, for the command line to read."""
    monkeypatch.setenv("NPF_DATA", str(walked.settings.data))
    return walked


def trace(*words: str) -> Result:
    return CliRunner().invoke(app, ["trace", *words], env={"COLUMNS": "160"})


def test_the_whole_story_of_a_shipped_order(told: Loop) -> None:
    number, tracking, url, shipment = told.rows(
        "SELECT s.order_number, s.tracking_number, s.tracking_url, p.store_shipment_id FROM shipment_records s "
        "JOIN tracking_push p USING (client, shipment_id) WHERE client = 'acme' AND status_outcome = 'set' LIMIT 1"
    )[0]
    result = trace("acme", number)
    assert result.exit_code == 0, result.output
    steps = [
        "Placed in the store",
        "Accepted:",
        "Imported into the warehouse",
        "Lodged with",
        f"as shipment {shipment}",
    ]
    places = [result.output.index(step) for step in [*steps, "Order status C (set)"]]
    assert places == sorted(places)
    assert tracking in result.output
    assert url in result.output
    assert trace("acme", number.removeprefix("CS")).output == result.output


def test_an_order_that_was_kept_out_says_why(told: Loop) -> None:
    number, reason = told.rows(
        "SELECT order_number, reason FROM filtered_orders WHERE client = 'bolt' AND decision = 'rejected' LIMIT 1"
    )[0]
    result = trace("bolt", number)
    assert result.exit_code == 0
    assert f"Rejected: {reason}" in " ".join(result.output.replace("│", " ").split())
    assert "Imported" not in result.output


def test_an_order_that_nobody_has_pulled_says_which_days_have_been(told: Loop) -> None:
    result = trace("acme", "CS99")
    assert result.exit_code == 1
    assert f"Days pulled so far: {told.days[0]}" in " ".join(result.output.split())
    assert trace("nobody", "CS99").exit_code == 1
