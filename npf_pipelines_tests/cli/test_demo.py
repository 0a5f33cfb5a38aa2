"""`npf demo`: the whole loop, and again with a store that was tampered with meanwhile."""

import dataclasses
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.config.settings import Settings
from npf_pipelines.sandbox.state import StateFile
from npf_pipelines.sandbox.world import demo_world
from npf_pipelines_tests.docs.pages import PROJECT, shell_lines


def _demo(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return subprocess.run(  # noqa: S603 - our own environment's npf
        [str(Path(sys.executable).with_name("npf")), "demo", "--port", "0"],
        env=environment | {"NPF_DATA": str(folder), "COLUMNS": "150"},
        capture_output=True,
        text=True,
        check=False,
    )


def _writes(said: str) -> int:
    return sum(int(number) for number in re.findall(r"(\d+) writes", said))


def _follow_getting_started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the commands of the page "Getting started", the stores served as by `make dev`; the commands that ran."""
    followed = []
    with demo_world(Settings(), port=0):
        for line in shell_lines(PROJECT / "docs" / "getting-started.md"):
            match shlex.split(line, comments=True):
                case ["export", setting]:
                    monkeypatch.setenv(*setting.split("=", 1))
                case [".venv/bin/npf", *words]:
                    result = CliRunner().invoke(app, words)
                    assert result.exit_code == 0, f"{line}: {result.output}"
                    followed.append(words[0])
    return followed


def test_the_demo_ends_in_agreement_and_a_second_one_finds_little_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _demo(tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Stores and platform agree." in first.stdout
    assert "toys: certified. The certificate is " in first.stdout
    for reported in ("orders seen", "accepted", "kept out: status", "shipments pushed", "statuses set", "SKUs pushed"):
        assert reported in first.stdout
    for name in ("lake", "reports", "platform.sqlite", "dagster/history/runs.db", "dagster/storage"):
        assert (tmp_path / name).exists()
    created = [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077]
    assert created == []

    monkeypatch.setenv("NPF_DATA", str(tmp_path))
    # The world and the commands set both for this process.
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setenv("NPF_SANDBOX_API_KEY", "")
    assert _follow_getting_started(monkeypatch) == ["sql", "sql", "trace", "run", "run", "client", "audit"]

    with StateFile(tmp_path / "sandbox" / "stores.sqlite") as state:
        toys = state.load()["toys"]
        last = toys.shipments[max(toys.shipments)]
        toys.add_shipment(dataclasses.replace(last, shipment_id=last.shipment_id + 1))
    second = _demo(tmp_path)
    assert second.returncode == 1
    assert "is in the store 2 times" in second.stderr
    assert _writes(second.stderr) < _writes(first.stderr) / 4


def test_the_demo_keeps_off_a_folder_of_real_clients(tmp_path: Path) -> None:
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "real.yaml").write_text("id: real\n", encoding="utf-8")
    refused = _demo(tmp_path)
    assert refused.returncode == 1
    said = " ".join(refused.stderr.split())
    assert "holds real clients (real.yaml)" in said
    assert said.endswith("npf client remove real")
    assert [path.name for path in (tmp_path / "clients").iterdir()] == ["real.yaml"]


@pytest.mark.parametrize("words", [["sandbox", "serve", "--help"], ["run", "--help"], ["sql", "--help"]])
def test_help_is_there(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 0
