"""Debian's Prometheus on the project's configuration, on a port of 127.0.0.1.

Not here: what is asked of it (test_prometheus.py).
"""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from npf_pipelines_tests.dev_server import free_port
from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.machine import PROMETHEUS, demand

FOLDER = PROJECT / "deploy" / "prometheus"
_SECONDS_TO_START = 60


@contextlib.contextmanager
def running_prometheus(folder: Path, target: str) -> Iterator[str]:
    """The server, which reads the target every second; its address.

    Args:
        folder: a new one, for what it reads and writes.
        target: the address of the reports' server.
    """
    program = demand(PROMETHEUS)
    folder.mkdir()
    config = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    for written, here in {
        "127.0.0.1:3100": target.removeprefix("http://"),
        "scrape_interval: 30s": "scrape_interval: 1s",
        "npf_alerts.yml": str(FOLDER / "npf_alerts.yml"),
        "# An example": "global: {evaluation_interval: 1s}\n# An example",
    }.items():
        assert written in config
        config = config.replace(written, here)
    (folder / "prometheus.yml").write_text(config, encoding="utf-8")
    port, options = free_port(), [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - Debian's own
            [str(program), *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/-/ready").is_success:
                return
        time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))
