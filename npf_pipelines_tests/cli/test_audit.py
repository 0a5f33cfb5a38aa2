"""`npf audit`: what each check found, and the exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines_tests.loop import Loop


def audit(monkeypatch: pytest.MonkeyPatch, data: Path, *words: str) -> Result:
    monkeypatch.setenv("NPF_DATA", str(data))
    monkeypatch.setenv("DAGSTER_HOME", str(data / "dagster"))
    return CliRunner().invoke(app, ["audit", *words])


def test_warnings_fail_an_audit_only_where_it_is_strict(fresh: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    result = audit(monkeypatch, fresh.settings.data, "--json")
    checks = {check["check"]: check for check in json.loads(result.stdout)}
    assert {check["result"] for check in checks.values()} == {"passed", "warning"}
    warned = [name for name, check in checks.items() if check["result"] == "warning"]
    assert warned
    assert all(any(checks[name]["findings"].values()) for name in warned)
    assert result.exit_code == 0, result.output
    strict = audit(monkeypatch, fresh.settings.data, "--strict")
    assert strict.exit_code == 1
    assert f"{warned[0]}: warning" in strict.stdout
    fresh.stores["acme"].switched_off = True
    assert audit(monkeypatch, fresh.settings.data).exit_code == 1


def test_without_a_client_nothing_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("clients", "dagster"):
        (tmp_path / folder).mkdir()
    result = audit(monkeypatch, tmp_path)
    assert result.exit_code == 1
    assert "nothing was checked: no client" in result.stderr
    assert "passed" not in result.output
