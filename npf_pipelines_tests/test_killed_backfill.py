"""A backfill that is killed half way, and again, and then repeated, ends as one that nobody disturbed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.platform.tables import order_lines, orders
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.generate import generate_store
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines_tests.leases import expire_leases
from npf_pipelines_tests.loop import API_KEY, KEY_VARIABLE, settings_of, write_setup

TIMES = {"pulled_at", "decided_at", "imported_at", "updated_at"}


def _backfill(folder: Path) -> subprocess.Popen[bytes]:
    first = Services(settings_of(folder)).setups()["acme"].orders.start_date
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return subprocess.Popen(  # noqa: S603 - our own environment's npf
        [str(Path(sys.executable).with_name("npf")), "run", "orders", "--client", "acme", "--from", f"{first}"],
        env=environment | {"NPF_DATA": str(folder), KEY_VARIABLE: API_KEY},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _ends(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the backfill is to bring about, but for the times."""
    services = Services(settings_of(folder))
    found = {}
    for name in ("raw_orders", "filtered_orders", "platform_orders"):
        columns = services.lake.connect().execute(f"FROM {name}").columns
        kept = ", ".join(column for column in columns if column not in TIMES)
        found[name] = services.lake.connect().execute(f"SELECT {kept} FROM {name} ORDER BY ALL").rows  # noqa: S608
    with services.platform_engine.connect() as connection:
        for table in (orders, order_lines):
            kept_columns = [column for column in table.c if column.name not in TIMES]
            rows = connection.execute(sa.select(*kept_columns).order_by(*table.primary_key)).all()
            found[table.name] = [tuple(row) for row in rows]
    return found


def _files(folder: Path) -> int:
    return len(list((folder / "lake").rglob("part.parquet")))


@pytest.fixture
def two_worlds(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two data folders over the same store."""
    store = generate_store(
        "acme",
        seed=5,
        orders=60,
        products=20,
        days=6,
        today=datetime.now(UTC),
        api_user="api@acme.example",
        api_key=API_KEY,
    )
    with SandboxServer({"acme": store}, latency_ms=30) as server:
        for name in ("killed", "undisturbed"):
            write_setup(tmp_path / name / "clients", "acme", server.url)
        yield tmp_path / "killed", tmp_path / "undisturbed"


@pytest.mark.parametrize("kills", [(7,), pytest.param((1, 7, 12), marks=pytest.mark.long)], ids=["once", "thrice"])
def test_a_backfill_that_was_killed_ends_as_an_undisturbed_one(
    two_worlds: tuple[Path, Path], kills: tuple[int, ...]
) -> None:
    """Killed when so many files of the lake were there."""
    killed, undisturbed = two_worlds
    assert _backfill(undisturbed).wait(120) == 0
    for enough in kills:
        process = _backfill(killed)
        while _files(killed) < enough and process.poll() is None:
            time.sleep(0.005)
        process.kill()
        process.wait()
        expire_leases(Services(settings_of(killed)).state)
    assert 0 < _files(killed) < _files(undisturbed)
    assert _backfill(killed).wait(120) == 0
    assert _ends(killed) == _ends(undisturbed)
