"""`npf client remove`: archived, so that nothing of the client needs anybody, and it may come back."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from dagster import DagsterRunStatus
from typer.testing import CliRunner, Result

from npf_pipelines.automation.certification_record import CertificationRecord
from npf_pipelines.cli import app
from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines.domain.certification import Evidence
from npf_pipelines.platform.tables import orders
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.runs.run_scope import scope_config
from npf_pipelines.state.lease import Lease
from npf_pipelines.state.tables import metadata
from npf_pipelines_tests.automation.ticks import look
from npf_pipelines_tests.builders import NOON
from npf_pipelines_tests.loop import Loop


@pytest.fixture
def shell(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """A world that has been through the loop, on which the command line works."""
    monkeypatch.setenv("NPF_DATA", str(fresh.settings.data))
    monkeypatch.delenv("NPF_CLIENTS", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(fresh.settings.data / "dagster"))
    return fresh


def npf(*words: str, answers: str = "") -> Result:
    return CliRunner().invoke(app, list(words), input=answers, env={"COLUMNS": "300"})


def rows_of(loop: Loop, client: str) -> dict[str, int]:
    """How many rows of the client each table of the state has; tables without any are left out."""
    with loop.services.state.connect() as connection:
        counts = {
            table.name: connection.scalar(sa.select(sa.func.count()).where(table.c.client == client)) or 0
            for table in metadata.sorted_tables
            if "client" in table.c
        }
    return {name: count for name, count in counts.items() if count}


def on_platform(loop: Loop) -> int:
    with loop.services.platform_engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(orders.c.client == "acme")) or 0


def checks_naming(loop: Loop, client: str) -> set[str]:
    """The checks of the audit that have a finding about the client."""
    result = loop.defs.resolve_job_def("audit_job").execute_in_process(instance=loop.instance, raise_on_error=False)
    return {found.check_name for found in result.get_asset_check_evaluations() if f"'{client}'" in str(found.metadata)}


def test_a_client_that_has_left_needs_nobody_and_can_come_back(shell: Loop) -> None:
    shell.floor.count("acme", ["GHOST"], datetime.now(UTC))
    shell.run("stock", "acme", override_change_limit=True)
    look(shell, "alerts")
    assert npf("client", "pause", "acme").exit_code == 0
    before = rows_of(shell, "acme")
    assert {"health", "open_rows", "alerts", "client_stores", "pauses"} <= before.keys()
    neighbour, imported = rows_of(shell, "bolt"), on_platform(shell)
    for name in ("acme", "acme.skipped", "bolt"):
        ReportFolder(shell.settings.reports, "").write(name, "a page")
    setup = (shell.settings.clients / "acme.yaml").read_text(encoding="utf-8")
    certification = CertificationRecord(shell.settings.data, "acme")
    with certification.held():
        certification.write(Evidence(began_at=NOON, store="shop.example"))
        assert "another certification is at work" in npf("client", "remove", "acme", "--yes").output

    refused = npf("client", "remove", "acme", answers="n\n")
    assert refused.exit_code == 1
    assert " on the platform: no run follows them any more." in refused.output
    assert rows_of(shell, "acme") == before
    removed = npf("client", "remove", "acme", "--yes")
    assert removed.exit_code == 0, removed.output
    assert rows_of(shell, "acme") == {}
    assert rows_of(shell, "bolt") == neighbour
    assert [path.name for path in shell.settings.reports.glob("*.html")] == ["bolt.html"]
    assert shell.instance.get_dynamic_partitions("clients") == ["bolt"]
    assert load_master_setups(shell.settings.clients).clients.keys() == {"bolt"}
    (archived,) = (shell.settings.clients / "removed").iterdir()
    assert archived.read_text(encoding="utf-8") == setup
    assert str(archived) in removed.output
    assert certification.read() is None
    assert f"acme: was removed: its setup is {archived} now" in npf("trace", "acme", "1").output.replace("\n", "")
    assert len(list((certification.path.parent / "removed").glob("acme-*.json"))) == 1

    assert "acme" in npf("sql", "SELECT DISTINCT client FROM raw_orders").output
    assert on_platform(shell) == imported
    look(shell, "alerts")
    assert rows_of(shell, "acme") == {}
    look(shell, "clients_sensor")
    assert shell.instance.get_dynamic_partitions("clients") == ["bolt"]
    assert checks_naming(shell, "acme") == set()
    assert npf("client", "remove", "acme", "--yes").exit_code == 1

    (shell.settings.clients / "acme.yaml").write_text(setup, encoding="utf-8")
    for flow in ("orders", "shipments"):
        assert [run.failure for run in shell.run(flow, "acme")] == [""]
    assert on_platform(shell) == imported
    assert "unknown_skus" in checks_naming(shell, "acme")


@pytest.mark.parametrize("flow", ["orders", "stock"])
def test_a_client_at_work_is_not_removed(shell: Loop, flow: str) -> None:
    lease = Lease(shell.services.state, "acme", flow)
    lease.take()
    before = rows_of(shell, "acme")
    result = npf("client", "remove", "acme", "--yes")
    assert result.exit_code == 1
    assert "another run is at work on it" in result.output
    assert rows_of(shell, "acme") == before
    assert (shell.settings.clients / "acme.yaml").exists()


def test_a_client_of_a_run_that_is_not_over_is_not_removed(shell: Loop) -> None:
    shell.instance.create_run_for_job(
        shell.defs.resolve_job_def("stock_job"),
        run_config=scope_config("stock", ["acme"], None),
        status=DagsterRunStatus.NOT_STARTED,
    )
    assert "isn't over: wait for that" in npf("client", "remove", "acme", "--yes").output
    assert npf("client", "remove", "bolt", "--yes").exit_code == 0


def test_a_client_without_a_file_is_removed(shell: Loop) -> None:
    (shell.settings.clients / "acme.yaml").unlink()
    assert npf("client", "remove", "acme", "--yes").exit_code == 0
    assert shell.instance.get_dynamic_partitions("clients") == ["bolt"]
    assert npf("client", "remove", "nobody", "--yes").exit_code == 1
