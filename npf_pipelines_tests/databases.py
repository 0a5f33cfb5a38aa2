"""The platform's databases: an SQLite file, and a PostgreSQL server of our own where its programs are installed."""

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

from npf_pipelines.platform.tables import open_platform
from npf_pipelines_tests.machine import POSTGRESQL, demand

_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database in which nothing is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'platform.sqlite'}"
    socket: Path = request.getfixturevalue("postgresql")
    database = f"platform_{next(_numbers)}"
    with psycopg.connect(host=str(socket), user="npf", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    return f"postgresql+psycopg://npf@/{database}?host={socket}"


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """The platform's database, its tables empty."""
    opened = open_platform(url)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """A PostgreSQL server that nobody else can reach: the folder of its socket."""
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
