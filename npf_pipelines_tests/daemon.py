"""The automation as it runs in production: Dagster's daemon and the code server that it starts, as processes.

Not here: what is measured of them (benchmarks/running.py), what is done to them (automation/test_kills.py).
"""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from npf_pipelines.cli.instance import PROJECT
from npf_pipelines_tests.loop import API_KEY, KEY_VARIABLE

_LAST_WORDS = 20.0
"""Seconds that the daemon gets to end by itself."""


def start_daemon(
    folder: Path, module: str = "npf_pipelines.definitions", **environment: str
) -> subprocess.Popen[bytes]:
    """Start the daemon in a session of its own, all schedules and sensors running.

    Args:
        folder: the data folder, `dagster/` in it being the instance's.
        module: the code location.
        environment: what the processes are told beside `environment_of`.
    """
    workspace = folder / "workspace.yaml"
    location = {"python_module": {"module_name": module, "working_directory": str(PROJECT), "location_name": "npf"}}
    workspace.write_text(yaml.safe_dump({"load_from": [location]}), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "--workspace", str(workspace)]
    told = os.environ | environment_of(folder) | {"NPF_AUTOMATION": "running"} | environment
    with (folder / "daemon.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own environment's dagster
            command, cwd=PROJECT, env=told, stdout=log, stderr=log, start_new_session=True
        )


def end_daemon(process: subprocess.Popen[bytes]) -> None:
    """Let it end by itself, and kill what is left of its session after a while."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS)
    kill_session(process)


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill the daemon, its code server and their runs at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def environment_of(folder: Path) -> dict[str, str]:
    """What the pipeline's processes are told by the environment."""
    return {"NPF_DATA": str(folder), "DAGSTER_HOME": str(folder / "dagster"), KEY_VARIABLE: API_KEY}
