"""Databases for tests: SQLite files, and a PostgreSQL server of the tests' own where its programs are installed."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from npf_pipelines.platform.database import create_platform, open_platform
from npf_pipelines_tests.machine import POSTGRESQL, demand

_numbers = count(1)


def new_database(socket: Path) -> str:
    """The URL of a new, empty database on the PostgreSQL server."""
    database = f"npf_{next(_numbers)}"
    with psycopg.connect(host=str(socket), user="npf", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    return f"postgresql+psycopg://npf@/{database}?host={socket}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'platform.sqlite'}"
    socket: Path = request.getfixturevalue("postgresql")
    return new_database(socket)


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """The platform's database, its tables empty."""
    opened = create_platform(url)
    yield opened
    opened.dispose()


CONTRACT_RIGHTS = (
    "GRANT SELECT ON orders, order_lines, shipments, shipment_lines, stock TO {role}",
    "GRANT INSERT, UPDATE ON orders, order_lines TO {role}",
    "GRANT DELETE ON order_lines TO {role}",
)
"""The rights that NPF gives the pipeline's account on PostgreSQL, and nothing else."""


def contract_account(platform_url: str) -> str:
    """The URL of the platform for a new role that has the contract's rights only."""
    role = f"pipeline_{next(_numbers)}"
    with psycopg.connect(platform_url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in (f"CREATE ROLE {role} LOGIN", *(right.format(role=role) for right in CONTRACT_RIGHTS)):
            connection.execute(statement.encode())
    return platform_url.replace("npf@", f"{role}@")


@pytest.fixture
def pipeline_engine(engine: sa.Engine, url: str) -> Iterator[sa.Engine]:
    """The same database as the pipeline sees it: on PostgreSQL with the contract's rights only."""
    if engine.dialect.name != "postgresql":
        yield engine
        return
    opened = open_platform(contract_account(url))
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """A PostgreSQL server that nobody else can reach: the folder of its socket."""
    with running_postgresql() as folder:
        yield folder


@contextlib.contextmanager
def running_postgresql() -> Iterator[Path]:
    """The same for the length of the block."""
    programs = demand(POSTGRESQL)
    # It refuses to run as root, and its user must get at the folder.
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="npf-pg-"))
    if user:
        shutil.chown(folder, user)

    def run(program: str, *options: str) -> None:
        words = [str(programs / program), "-D", str(folder / "data"), *options]
        subprocess.run(words, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words

    try:
        run("initdb", "--username=npf", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "start", "--wait", "-l", str(folder / "log"), "-o", settings)
        try:
            yield folder
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate")
    finally:
        shutil.rmtree(folder)
