"""`npf dev` as a process of its own, over a folder of its own: started, awaited, ended, and searched for remains.

Not here: what is asserted of it (cli/test_dev.py, ui/).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

_NPF = Path(sys.executable).with_name("npf")
_ASSETS = "{ assetsOrError { ... on AssetConnection { nodes { key { path } } } } }"


@dataclass(frozen=True)
class DevServer:
    """A running `npf dev`, its data folder, and where its UI answers."""

    process: subprocess.Popen[bytes]
    folder: Path
    url: str

    def assets(self, seconds: float = 120) -> set[str]:
        """The assets that the UI knows, as soon as it knows any; none if it ended or `seconds` have passed."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            try:
                answer = httpx.post(f"{self.url}/graphql", json={"query": _ASSETS}, timeout=5).json()
            except (httpx.HTTPError, ValueError):
                time.sleep(0.5)
                continue
            if nodes := answer["data"]["assetsOrError"].get("nodes"):
                return {node["key"]["path"][0] for node in nodes}
            time.sleep(0.5)
        return set()

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Interrupt it; its exit code."""
        try:
            self.process.send_signal(by)
            return self.process.wait(60)
        finally:
            self.process.kill()

    def left_behind(self) -> list[str]:
        """The command lines of the living processes that were started for this folder."""
        marker = f"NPF_DATA={self.folder}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if marker in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:  # It ended meanwhile.
                continue
        return found


def start_dev(folder: Path, npf: Path = _NPF, **settings: str) -> DevServer:
    """Start it on free ports, in a process group of its own.

    Args:
        folder: its data folder.
        npf: the program.
        settings: further variables of its environment.
    """
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    process = subprocess.Popen(  # noqa: S603 - our own environment's npf
        [str(npf), "dev", "--port=0", f"--ui-port={port}", "--reports-port=0"],
        env=environment | {"NPF_DATA": str(folder)} | settings,
        start_new_session=True,
    )
    return DevServer(process, folder, f"http://127.0.0.1:{port}")


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
