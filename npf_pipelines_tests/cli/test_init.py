"""`npf init`: a home is prepared once, whatever is there already, and by one process at a time."""

import os
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from npf_pipelines.cli import app
from npf_pipelines.cli.instance import DEFAULTS, dagster_home
from npf_pipelines.config.settings import Settings

DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")


def start(folder: Path, **environment: str) -> subprocess.Popen[str]:
    plain = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return subprocess.Popen(  # noqa: S603 - our own environment's npf
        [str(Path(sys.executable).with_name("npf")), "init"],
        env=plain | {"NPF_DATA": str(folder)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # The command sets it; it is put back afterwards.


def init(folder: Path, home: Path | None = None, **environment: str) -> Result:
    """The command in this process, in which all has been imported already."""
    folders = {"NPF_DATA": str(folder), "DAGSTER_HOME": str(home or "")}
    return CliRunner().invoke(app, ["init"], env=folders | environment)


def versions(home: Path) -> list[list[str]]:
    """The versions that each of Dagster's databases says it has."""
    found = []
    for name in DATABASES:
        with sqlite3.connect(home / name) as database:
            found.append([row[0] for row in database.execute("SELECT version_num FROM alembic_version")])
    return found


def test_several_at_once_prepare_one_home_and_do_it_again(tmp_path: Path) -> None:
    for process in [start(tmp_path) for _ in range(2)]:
        said, _ = process.communicate()
        assert process.returncode == 0, said
        assert "is prepared" in said
    again = init(tmp_path)
    assert again.exit_code == 0
    assert "is prepared" in again.output
    home = tmp_path / "dagster"
    assert [len(found) for found in versions(home)] == [1, 1, 1]
    assert (home / "dagster.yaml").read_bytes() == (DEFAULTS / "dagster.yaml").read_bytes()
    with sqlite3.connect(tmp_path / "platform.sqlite") as platform:
        assert platform.execute("SELECT count(*) FROM orders").fetchall() == [(0,)]


def test_the_state_of_an_earlier_release_is_copied_once(tmp_path: Path) -> None:
    with zipfile.ZipFile(Path(__file__).parents[1] / "samples" / "earlier_release.zip") as sample:
        sample.extract("platform.sqlite", tmp_path)
    for _ in range(2):
        assert init(tmp_path).exit_code == 0
        with sqlite3.connect(tmp_path / "state.sqlite") as state:
            assert state.execute("SELECT count(*) FROM health").fetchall() == [(3,)]


def test_what_an_operator_has_put_there_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    result = init(tmp_path / "data", home)
    assert result.exit_code == 0, result.output
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"
    assert [len(found) for found in versions(home)] == [1, 1, 1]


def test_the_folder_that_the_environment_names_is_created(tmp_path: Path) -> None:
    assert init(tmp_path / "data", tmp_path / "new" / "home").exit_code == 0
    assert (tmp_path / "data" / "clients").stat().st_mode & 0o077 == 0  # The default umask.
    assert [len(found) for found in versions(tmp_path / "new" / "home")] == [1, 1, 1]


def test_no_other_command_overwrites_it_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path)
    config = dagster_home(settings) / "dagster.yaml"
    assert config.read_bytes() == (DEFAULTS / "dagster.yaml").read_bytes()
    config.write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", "")
    dagster_home(settings)
    assert config.read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"


def test_a_home_of_an_earlier_dagster_is_brought_up_to_date(tmp_path: Path) -> None:
    assert init(tmp_path).exit_code == 0
    home = tmp_path / "dagster"
    before = versions(home)
    with sqlite3.connect(home / DATABASES[0]) as database:
        database.execute("UPDATE alembic_version SET version_num = '5771160a95ad'")
    assert versions(home) != before
    result = init(tmp_path)
    assert result.exit_code == 0, result.output
    assert versions(home) == before


def test_a_home_that_has_two_versions_is_named_in_a_sentence(tmp_path: Path) -> None:
    assert init(tmp_path).exit_code == 0
    with sqlite3.connect(tmp_path / "dagster" / DATABASES[0]) as database:
        database.execute("INSERT INTO alembic_version VALUES ('5771160a95ad')")
    result = init(tmp_path)
    assert result.exit_code == 1
    assert str(tmp_path / "dagster") in result.output
    assert len(result.output.splitlines()) == 1
