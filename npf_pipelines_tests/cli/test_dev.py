"""`npf dev`: the UI answers, and once interrupted no process stays behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ASSETS = "{ assetsOrError { ... on AssetConnection { nodes { key { path } } } } }"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _left_behind(folder: Path) -> list[str]:
    """The command lines of the living processes that were started for this folder."""
    marker = f"NPF_DATA={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # It ended meanwhile.
            continue
    return found


def _wait_for_assets(url: str, process: subprocess.Popen[bytes], seconds: float) -> set[str]:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            answer = httpx.post(f"{url}/graphql", json={"query": ASSETS}, timeout=5).json()
        except (httpx.HTTPError, ValueError):
            time.sleep(0.5)
            continue
        if nodes := answer["data"]["assetsOrError"].get("nodes"):
            return {node["key"]["path"][0] for node in nodes}
        time.sleep(0.5)
    return set()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_dev_serves_the_ui_and_leaves_nothing_behind(tmp_path: Path, end: signal.Signals) -> None:
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    process = subprocess.Popen(  # noqa: S603 - our own environment's npf
        [str(Path(sys.executable).with_name("npf")), "dev", "--port=0", f"--ui-port={port}", "--reports-port=0"],
        env=environment | {"NPF_DATA": str(tmp_path)},
    )
    try:
        assets = _wait_for_assets(f"http://127.0.0.1:{port}", process, 120)
        process.send_signal(end)
        code = process.wait(60)
    finally:
        process.kill()
    assert assets >= {"raw_orders", "tracking_push", "stock_push", "npf_platform"}
    assert code == 0
    assert _left_behind(tmp_path) == []
