"""Dagster's instance for the command line: the one of DAGSTER_HOME, or else the one in the data folder.

Not here: the calls of Dagster that open and upgrade it (runs/dagster_internals.py).
"""

import os
from pathlib import Path

import dagster as dg
import filelock
import yaml
from alembic.util import CommandError

from npf_pipelines.cli.program import program
from npf_pipelines.config.settings import Settings
from npf_pipelines.errors import NpfError
from npf_pipelines.runs.dagster_internals import instance_in, upgrade_databases
from npf_pipelines.runs.dagster_storage import check_storage

DEFAULTS = Path(__file__).parent / "defaults"
"""The folder of the dagster.yaml that a new home gets, and of the workspace.yaml of `npf dev`."""


class NoDagsterHome(NpfError):
    """The folder that DAGSTER_HOME names doesn't exist."""


class TwoVersions(NpfError):
    """A database of Dagster's that no process can open any more; the text says what to do."""


def dagster_home(settings: Settings) -> Path:
    """The instance's folder, our dagster.yaml put there if it is in the data folder and has none.

    It is named in the environment from now on.

    Raises:
        NoDagsterHome: the folder that the environment names doesn't exist.
        WrongStorage: its dagster.yaml names a storage that can't be used.
        OSError: our own folder can't be written.
    """
    if given := os.environ.get("DAGSTER_HOME"):
        if not Path(given).is_dir():
            raise NoDagsterHome(
                f"DAGSTER_HOME is {given}, which is no folder: run {program()} init, or leave the variable out"
            )
        check_storage(Path(given))
        return Path(given).absolute()
    home = settings.data / "dagster"
    _put_config(home, settings.logs)
    check_storage(home)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance, to be used as a context manager."""
    return instance_in(dagster_home(settings))


def prepare_home(settings: Settings) -> Path:
    """Create the instance's folder with dagster.yaml and databases, as far as they are missing; the folder.

    Dagster creates its databases when it first opens them. Processes that do so at the same time have left a database
    with two versions, which no later start accepts: hence this, alone, before they start.

    Raises:
        OSError: the folder can't be written.
        TwoVersions: that has happened to it before.
        WrongStorage: its dagster.yaml names a storage that can't be used.
    """
    _put_config(Path(os.environ.get("DAGSTER_HOME") or settings.data / "dagster"), settings.logs)
    home = dagster_home(settings)
    try:
        with _alone(home), instance_in(home) as instance:
            upgrade_databases(instance)
    except CommandError:
        raise TwoVersions(
            f"{home}: one of Dagster's databases has two versions, as several first starts at once can leave it. "
            f"Move the folder away and run {program()} init again: tables and platform stay, the history of the runs "
            "is gone"
        ) from None
    return home


def _put_config(home: Path, logs: str | None) -> None:
    """Put our dagster.yaml into the folder, created if need be. One that is there already is left alone.

    Args:
        home: the folder.
        logs: the URL in a bucket for what runs print; None for a folder in the home.
    """
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if config.exists():
        return
    with _alone(home):
        if not config.exists():
            unfinished = home / ".dagster.yaml.unfinished"
            unfinished.write_bytes((DEFAULTS / "dagster.yaml").read_bytes() + _logs_config(logs).encode())
            unfinished.replace(config)


def _logs_config(url: str | None) -> str:
    """The section of dagster.yaml that keeps what runs print in a bucket; empty without a URL."""
    if not url:
        return ""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    # Of a run that is killed, what it printed until a minute before is kept. Secrets come from the environment.
    config = {"bucket": bucket, "prefix": prefix.strip("/") or "logs", "upload_interval": 60}
    manager = {"module": "dagster_aws.s3.compute_log_manager", "class": "S3ComputeLogManager", "config": config}
    return str(yaml.safe_dump({"compute_logs": manager}, sort_keys=False))


def _alone(home: Path) -> filelock.FileLock:
    """One process at a time."""
    return filelock.FileLock(home / ".init.lock")
