"""The three processes started at once in a home that was only just prepared: each comes up, every time.

Dagster's own storage is SQLite in the home, or a PostgreSQL server that an operator's dagster.yaml names.
How often is a parameter: FIRST_STARTS in the environment.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml

from npf_pipelines.cli.instance import DEFAULTS
from npf_pipelines_tests.cli.test_init import start, versions
from npf_pipelines_tests.daemon import Automation

STARTS = int(os.environ.get("FIRST_STARTS", "20"))
PATIENCE = 240.0
"""Seconds that the three get to come up on a busy machine."""

_STATE = """{
  workspaceOrError { ... on Workspace { locationEntries { loadStatus locationOrLoadError { __typename } } } }
  instance { daemonHealth { allDaemonStatuses { required healthy } } }
}"""


@contextlib.contextmanager
def busy_machine() -> Iterator[None]:
    """Every core has other work."""
    idle = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in idle:
            process.kill()
            process.wait()


def is_up(url: str) -> bool:
    """Whether webserver, code server and daemon all answer."""
    try:
        data: dict[str, Any] = httpx.post(f"{url}/graphql", json={"query": _STATE}, timeout=20).json()["data"]
    except (httpx.HTTPError, ValueError):
        return False
    locations = data["workspaceOrError"].get("locationEntries") or []
    loaded = [one["locationOrLoadError"] or {} for one in locations]
    daemons = [one for one in data["instance"]["daemonHealth"]["allDaemonStatuses"] if one["required"]]
    return (
        [one.get("__typename") for one in loaded] == ["RepositoryLocation"]
        and bool(daemons)
        and all(one["healthy"] for one in daemons)
    )


def keep_in_postgresql(home: Path, socket: Path, database: str) -> str:
    """Write a dagster.yaml as an operator does, ours but for the storage: a new database; the file's text."""
    with psycopg.connect(host=str(socket), user="npf", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    # A bare postgresql:// means psycopg 3 to SQLAlchemy 2.1; dagster-postgres brings psycopg2.
    url = f"postgresql+psycopg2://npf@/{database}?host={socket}"
    ours = yaml.safe_load((DEFAULTS / "dagster.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(ours | {"storage": {"postgres": {"postgres_url": url}}})
    home.mkdir()
    (home / "dagster.yaml").write_text(text, encoding="utf-8")
    return text


def versions_in_postgresql(socket: Path, database: str) -> list[str]:
    """The versions that Dagster's database says it has."""
    with psycopg.connect(host=str(socket), user="npf", dbname=database) as connection:
        return [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]


@pytest.mark.long
@pytest.mark.parametrize("attempt", range(STARTS))
def test_all_three_come_up_together_in_a_fresh_home(tmp_path: Path, attempt: int) -> None:
    check_first_start(tmp_path)
    assert [len(found) for found in versions(tmp_path / "dagster")] == [1, 1, 1]


@pytest.mark.long
@pytest.mark.parametrize("attempt", range(STARTS))
def test_so_they_do_where_dagster_keeps_its_own_in_postgresql(tmp_path: Path, postgresql: Path, attempt: int) -> None:
    home, database = tmp_path / "dagster", f"dagster_{attempt}"
    text = keep_in_postgresql(home, postgresql, database)
    check_first_start(tmp_path)
    assert len(versions_in_postgresql(postgresql, database)) == 1
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == text
    assert not list(home.glob("history/*.db"))


def test_a_home_is_prepared_by_an_operators_dagster_yaml_too(tmp_path: Path, postgresql: Path) -> None:
    home = tmp_path / "home"
    text = keep_in_postgresql(home, postgresql, "dagster_prepared")
    for process in [start(tmp_path / "data", DAGSTER_HOME=str(home)) for _ in range(2)]:
        said, _ = process.communicate()
        assert process.returncode == 0, said
    assert len(versions_in_postgresql(postgresql, "dagster_prepared")) == 1
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == text
    assert not list(home.glob("**/*.db"))


def check_first_start(tmp_path: Path) -> None:
    """Prepare the home and start all three at once, under load."""
    with busy_machine():
        assert start(tmp_path).wait() == 0
        automation = Automation(tmp_path)
        try:
            url = automation.start_webserver()
            until = time.monotonic() + PATIENCE
            while not (up := is_up(url)) and time.monotonic() < until:
                time.sleep(1)
            logs = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in tmp_path.glob("*.log"))
            assert up, logs[-5000:]
            for process in (automation.webserver, automation.daemon, automation.code_server):
                assert process
                assert process.poll() is None, logs[-5000:]
        finally:
            automation.end()
