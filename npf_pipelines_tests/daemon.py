"""The automation as it runs in production: a code server and Dagster's daemon, as processes under a supervisor's care.

The webserver, which the automation doesn't need, is started where a test asks for it.
Not here: what is measured of them (benchmarks/running.py), what is done to them (automation/test_kills.py).
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from npf_pipelines_tests.dev_server import free_port
from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.loop import API_KEY, KEY_VARIABLE

_LAST_WORDS = 20.0
"""Seconds that a process gets to end by itself."""

Process = subprocess.Popen[bytes]


class Automation:
    """The two processes, each in a session of its own, all schedules and sensors running.

    Attributes:
        code_servers: the parent processes of the runs' processes.
        daemon: the second one.
        webserver: the third one, where it was started.
    """

    webserver: Process | None = None

    def __init__(
        self,
        folder: Path,
        *,
        cells: Mapping[str, Mapping[str, str]] | Sequence[str] = ("",),
        **environment: str,
    ) -> None:
        """Start them.

        Args:
            folder: the data folder, `dagster/` in it being the instance's.
            cells: the names of the cells, each of which gets a code server, perhaps with variables of its own.
            environment: variables of the processes besides `environment_of`.
        """
        self._folder = folder
        self._environment = os.environ | environment_of(folder) | {"NPF_AUTOMATION": "running"} | environment
        self._ports = {cell: free_port() for cell in cells}
        self._own = cells if isinstance(cells, Mapping) else dict[str, Mapping[str, str]]()
        self._workspace = folder / "workspace.yaml"
        locations = [
            {"grpc_server": {"host": "127.0.0.1", "port": port, "location_name": cell or "npf"}}
            for cell, port in self._ports.items()
        ]
        self._workspace.write_text(yaml.safe_dump({"load_from": locations}), encoding="utf-8")
        self.code_servers: list[Process] = []
        self.start_code_server()
        self.start_daemon()

    def start_code_server(self) -> None:
        """Start the code server, or that of each cell, as a supervisor does when it ended."""
        self.code_servers = []
        for cell, port in self._ports.items():
            where = ["--host", "127.0.0.1", "--port", str(port), "--location-name", cell or "npf"]
            command = ("dagster", "api", "grpc", "--module-name", "npf_pipelines.definitions", *where)
            self.code_servers.append(self._started(*command, **{"NPF_CELL": cell, **self._own.get(cell, {})}))

    @property
    def code_server(self) -> Process:
        """The code server; of several the first."""
        return self.code_servers[0]

    def start_daemon(self) -> None:
        """Start the daemon, as a supervisor does when it ended."""
        self.daemon = self._started("dagster-daemon", "run", "--workspace", str(self._workspace))

    def start_webserver(self) -> str:
        """Start the webserver; where it will answer."""
        port = str(free_port())
        where = ["--host", "127.0.0.1", "--port", port]
        self.webserver = self._started("dagster-webserver", "--workspace", str(self._workspace), *where)
        return f"http://127.0.0.1:{port}"

    def end(self) -> None:
        """Let all end by themselves, and kill what is left of their sessions after a while."""
        started = [process for process in (self.webserver, self.daemon, *self.code_servers) if process]
        for process in started:
            process.send_signal(signal.SIGINT)
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LAST_WORDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _started(self, command: str, *arguments: str, **environment: str) -> Process:
        program = str(Path(sys.executable).with_name(command))
        with (self._folder / f"{command}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own environment's dagster
                [program, *arguments],
                cwd=PROJECT,
                env=self._environment | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def environment_of(folder: Path) -> dict[str, str]:
    """The environment variables that configure the pipeline's processes."""
    return {"NPF_DATA": str(folder), "DAGSTER_HOME": str(folder / "dagster"), KEY_VARIABLE: API_KEY}
