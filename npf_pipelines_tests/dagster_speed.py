"""Dagster instances that are cheap to create and to write, for runs in a process of the tests.

The tests create hundreds of instances and runs, each with SQLite databases of its own. Most of their time went into
waiting for the disk, and into work that Dagster repeats for each database and each event: reading its migrations,
building an engine, compiling the same statements.
Not here: the project's own processes that a test starts; they run as in production.
"""

import contextlib
import functools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite import consolidated_sqlite_event_log, sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

from npf_pipelines.cli.instance import DEFAULTS

_OVERRIDES = {
    "telemetry": {"enabled": False},
    # The default starts two processes for each step, which copy what is printed; no test reads that.
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    },
}
_EVENTS = "events"
"""The folder of the events of a home whose events are in one database."""


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance of a folder. Where there is none, it is made with one database for the events of all runs."""
    if not home.exists():
        shutil.copytree(_empty_home().name, home)
    if not (home / _EVENTS).exists():
        return dg.DagsterInstance.local_temp(str(home), overrides=_OVERRIDES)
    overrides = _with_one_database(home)
    # For `npf` and Dagster's processes, which open the same folder.
    (home / "dagster.yaml").write_text(yaml.safe_dump(overrides), encoding="utf-8")
    return dg.DagsterInstance.local_temp(str(home), overrides=overrides)


def make_usual_home(home: Path) -> None:
    """Make a DAGSTER_HOME as `npf` makes it, for an instance with the storage of production."""
    home.mkdir(parents=True)
    shutil.copy(DEFAULTS / "dagster.yaml", home)


@functools.cache
def _empty_home() -> "tempfile.TemporaryDirectory[str]":
    """An instance's folder in which nothing has run; it is removed with this process."""
    folder = tempfile.TemporaryDirectory(prefix="npf-dagster-")
    with dg.DagsterInstance.local_temp(folder.name, overrides=_with_one_database(Path(folder.name))):
        pass
    return folder


def _with_one_database(home: Path) -> dict[str, Any]:
    """Dagster's own storage for tests.

    It writes each event once. The usual one does so twice, and makes a database for each run.
    """
    return _OVERRIDES | {
        "event_log_storage": {
            "module": "dagster._core.storage.event_log",
            "class": "ConsolidatedSqliteEventLogStorage",
            "config": {"base_dir": str(home / _EVENTS)},
        }
    }


@contextlib.contextmanager
def quick_dagster() -> Iterator[None]:
    """Don't wait for the disk, and do once what is the same for each database and run."""
    sa.event.listen(sa.Engine, "connect", _write_without_fsync)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ScriptDirectory, "from_config", functools.cache(ScriptDirectory.from_config))
        for module in (consolidated_sqlite_event_log, sqlite_event_log, sqlite_run_storage):
            monkeypatch.setattr(module, "create_engine", _kept_engines(module.create_engine))
        # Whether an older Dagster made the databases, which it asks with each event of an asset.
        monkeypatch.setattr(SqlEventLogStorage, "_has_asset_key_col_on_connection", lambda *_: True)
        # Each run configures logging for handlers of a dagster.yaml, which no test has. Where two runs are threads of
        # one process, one run can wait for ever for a handler of the other run, which waits for logging's lock.
        monkeypatch.setattr(dg.DagsterInstance, "get_yaml_python_handlers", lambda _: [])
        yield
    sa.event.remove(sa.Engine, "connect", _write_without_fsync)


def _write_without_fsync(connection: Any, _record: object) -> None:
    """Only a loss of power would lose a transaction; a killed process doesn't."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def _kept_engines(create: Callable[..., sa.Engine]) -> Callable[..., sa.Engine]:
    """The same engine for the same database again, with its connections and the statements that it has compiled."""
    # As many as the instances of one test have databases. The caller's other arguments are the same in each call.
    connecting = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    kept = functools.lru_cache(maxsize=32)(lambda url: create(url, poolclass=sa.QueuePool, connect_args=connecting))
    return lambda url, **_: kept(url)
