"""`npf client live`: what it announces. Not here: the runs before and after (test_trial.py of the folder above)."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import PLATFORM_ORDERS, RAW_ORDERS
from npf_pipelines_tests.builders import NOON, row
from npf_pipelines_tests.loop import write_setup

DAY = date(2026, 11, 20)


def test_only_orders_that_are_not_on_the_platform_are_announced_as_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPF_DATA", str(tmp_path))
    write_setup(tmp_path / "clients", "acme", "https://shop.example", mode="trial")
    rows = [
        row(PLATFORM_ORDERS, order_id=str(number), order_number=f"CS{number}", outcome=outcome, imported_at=imported_at)
        for number, (outcome, imported_at) in enumerate(
            [("planned", None), ("planned", NOON), ("planned", NOON), ("imported", NOON), ("held", None)]
        )
    ]
    Lake(str(tmp_path / "lake")).write(PLATFORM_ORDERS, rows, client="acme", day=DAY)
    shown = CliRunner().invoke(app, ["client", "live", "acme", "--yes", "--json"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout) == [{"day": str(DAY), "orders": 1, "units": 0}]
    assert "1 order would be imported." in shown.stderr
    assert "2 orders on the platform would be updated, cancelled or taken up again." in shown.stderr


def test_days_that_no_run_has_pulled_are_named_and_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_DATA", str(tmp_path))
    today = datetime.now(UTC).date()
    start = today - timedelta(days=3)
    store = {"time_zone": "UTC"}
    write_setup(
        tmp_path / "clients", "acme", "https://shop.example", mode="trial", store=store, orders={"start_date": start}
    )
    lake = Lake(str(tmp_path / "lake"))
    lake.write(RAW_ORDERS, [], client="acme", day=today)
    asked = CliRunner().invoke(app, ["client", "live", "acme"], input="n\n")
    assert asked.exit_code == 1
    missing = f"3 days from {start} to {today - timedelta(days=1)} are not pulled yet"
    assert f"{missing}: more orders may be imported" in asked.stderr
    assert f"npf run orders --client acme --from {start}" in asked.stderr
    assert f"Set mode: live in acme.yaml, although {missing}?" in asked.stderr
    for days in range(1, 4):
        lake.write(RAW_ORDERS, [], client="acme", day=today - timedelta(days=days))
    assert "not pulled" not in CliRunner().invoke(app, ["client", "live", "acme"], input="n\n").stderr
