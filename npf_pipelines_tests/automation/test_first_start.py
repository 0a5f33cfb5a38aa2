"""The three processes started at once in a home that was only just prepared: each comes up, every time.

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
import pytest

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


@pytest.mark.long
@pytest.mark.parametrize("attempt", range(STARTS))
def test_all_three_come_up_together_in_a_fresh_home(tmp_path: Path, attempt: int) -> None:
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
    assert [len(found) for found in versions(tmp_path / "dagster")] == [1, 1, 1]
