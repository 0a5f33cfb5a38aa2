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
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

_OVERRIDES = {
    "telemetry": {"enabled": False},
    # The default starts two processes for each step, which copy what is printed; no test reads that.
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    },
}


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance of a folder, made where there is none."""
    if not home.exists():
        shutil.copytree(_empty_home().name, home)
    return dg.DagsterInstance.local_temp(str(home), overrides=_OVERRIDES)


@functools.cache
def _empty_home() -> "tempfile.TemporaryDirectory[str]":
    """An instance's folder in which nothing has run; it is removed with this process."""
    folder = tempfile.TemporaryDirectory(prefix="npf-dagster-")
    with dg.DagsterInstance.local_temp(folder.name, overrides=_OVERRIDES):
        pass
    return folder


@contextlib.contextmanager
def quick_dagster() -> Iterator[None]:
    """Don't wait for the disk, and do once what is the same for each database and run."""
    sa.event.listen(sa.Engine, "connect", _write_without_fsync)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(ScriptDirectory, "from_config", functools.cache(ScriptDirectory.from_config))
        for module in (sqlite_event_log, sqlite_run_storage):
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
