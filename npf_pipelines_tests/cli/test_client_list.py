"""`npf client list`, and the line of each client."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.cli.client.client_line import ClientLine, client_lines
from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines.domain.alert import Alert
from npf_pipelines.domain.health import Health
from npf_pipelines.domain.open_kinds import HELD_SKU, NOT_IMPORTED, open_key
from npf_pipelines.domain.outcomes import OrderOutcome, Rule, StockOutcome
from npf_pipelines.state.open_items import OpenItems
from npf_pipelines.state.pauses import EVERY_CLIENT, Pause, Pauses
from npf_pipelines_tests.loop import Loop, write_setup

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def lines(
    folder: Path, pauses: Pauses | None = None, *, is_trial: bool = False, **facts: list[object]
) -> dict[str, ClientLine]:
    found = client_lines(
        load_master_setups(folder),
        ["acme", "gone"],
        pauses or Pauses(),
        in_trial=["acme"] if is_trial else [],
        certified={"acme": date(2026, 11, 19)},
        **({"healths": [], "items": [], "alerts": []} | facts),  # type: ignore[arg-type]
        now=NOON,
    )
    return {line.client: line for line in found}


def states(found: dict[str, ClientLine]) -> dict[str, str]:
    return {client: line.state for client, line in found.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Acme's setup is right, bolt's pauses it, cord's is wrong."""
    for client in ("acme", "bolt"):
        write_setup(tmp_path, client, "https://shop.example")
    path = tmp_path / "bolt.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "paused: true\n", encoding="utf-8")
    (tmp_path / "cord.yaml").write_text("id: cord\nname: Cord", encoding="utf-8")
    return tmp_path


def test_every_client_has_a_line_with_its_state(folder: Path) -> None:
    found = lines(folder)
    assert (found["acme"].certified, found["bolt"].certified) == (date(2026, 11, 19), None)
    assert states(found) == {"acme": "live", "bolt": "paused", "cord": "wrong setup", "gone": "no setup"}
    assert found["bolt"].remark == "paused in its master setup"
    assert found["cord"].remark == "store: is missing, and 2 more"
    assert "npf client remove gone" in found["gone"].remark


def test_the_pause_of_every_client_is_on_each_line_with_who_and_why(folder: Path) -> None:
    found = lines(folder, Pauses({EVERY_CLIENT: Pause(EVERY_CLIENT, NOON, "ana", "a bad day")}))
    assert states(found)["acme"] == "paused"
    assert found["acme"].remark == "paused, as every client is, since 2026-11-20 12:00 UTC by ana: a bad day"


def test_open_rows_are_a_persons_or_the_next_runs(folder: Path) -> None:
    kinds = [
        (open_key(Rule.ADDRESS_INCOMPLETE), "orders", 2),
        (NOT_IMPORTED.key, "orders", 3),
        (open_key(StockOutcome.WAITING), "stock", 5),
        (open_key(StockOutcome.REFUSED), "stock", 7),
        (HELD_SKU.key, "stock", 11),
        (open_key(OrderOutcome.PLANNED), "orders", 13),
    ]
    items: list[object] = [
        OpenItems("acme", kind, date(2026, 11, 20) if flow == "orders" else None, flow, rows, "")
        for kind, flow, rows in kinds
    ]
    acme = lines(folder, items=items)["acme"]
    assert (acme.manual_review, acme.backlog, acme.drift) == (2 + 7 + 11, 3 + 5 + 13, 5 + 7)
    trial = lines(folder, is_trial=True, items=items)["acme"]
    assert (trial.state, trial.backlog) == ("trial", 3 + 5)  # Planned rows are done in trial.
    write_setup(folder, "acme", "https://shop.example", store={"quiet_hours": "22:00-06:00"})
    assert lines(folder, items=items)["acme"].backlog == 3 + 5  # It is 23:00 in Sydney.


def test_times_are_of_successes_and_alerts_are_the_open_ones(folder: Path) -> None:
    hour = timedelta(hours=1)
    healths: list[object] = [
        Health("acme", "orders", NOON, NOON - hour, failing_since=NOON),
        Health("acme", "shipments", NOON, NOON - 2 * hour),
        Health("acme", "stock", NOON, NOON + hour),  # Written by a wrong clock.
    ]
    alert = Alert("failing|acme|orders", "acme", "failing", "", "", NOON - hour, NOON - hour)
    alerts: list[object] = [
        alert,
        Alert("failing|acme|stock", "acme", "failing", "", "", NOON - hour, NOON - hour, over_at=NOON),
        Alert("backlog|acme|orders", "acme", "backlog", "", "", NOON, NOON + hour),
        Alert("setup||cord.yaml", "", "setup", "", "", NOON - hour, NOON - hour),
    ]
    found = lines(folder, healths=healths, alerts=alerts)
    acme = found["acme"]
    assert (acme.orders_pulled, acme.tracking_pushed, acme.stock_pushed) == (NOON - hour, NOON - 2 * hour, None)
    assert (acme.alerts, found["cord"].alerts) == (1, 1)


def test_the_command_reads_what_the_runs_have_kept(completed: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_DATA", str(completed.settings.data))
    monkeypatch.setenv("DAGSTER_HOME", str(completed.settings.data / "dagster"))
    monkeypatch.delenv("NPF_CLIENTS", raising=False)
    outputs = [CliRunner().invoke(app, ["client", "list", *words]) for words in ([], ["--json"], ["--csv"])]
    assert [result.exit_code for result in outputs] == [0, 0, 0]
    table, as_json, as_csv = (result.stdout for result in outputs)
    (acme, bolt) = json.loads(as_json)
    assert (acme["client"], bolt["client"], acme["state"]) == ("acme", "bolt", "live")
    for flow in ("orders_pulled", "tracking_pushed", "stock_pushed"):
        assert datetime.fromisoformat(acme[flow]) > datetime.now(UTC) - timedelta(hours=1)
    (row, _) = csv.DictReader(io.StringIO(as_csv))
    assert row.keys() == acme.keys()
    assert (row["client"], row["manual_review"]) == ("acme", str(acme["manual_review"]))
    assert f"{datetime.fromisoformat(acme['stock_pushed']):%Y-%m-%d %H:%M}" in table
