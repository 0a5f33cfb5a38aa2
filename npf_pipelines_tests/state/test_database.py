"""Tests of npf_pipelines.state.database: migrations, several processes at once, the copy from an earlier release."""

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from npf_pipelines.database import DatabaseUnusable, connect_engine
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.health import Health
from npf_pipelines.platform.database import create_platform, open_platform
from npf_pipelines.state import earlier_release
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines.state.client_stores import other_client_of
from npf_pipelines.state.database import VERSION_TABLE, open_state
from npf_pipelines.state.health import keep_health, read_health
from npf_pipelines.state.move import copy_state
from npf_pipelines.state.open_items import read_open_items, recounts_due
from npf_pipelines.state.pauses import pause_clients, read_pauses
from npf_pipelines.state.tables import metadata
from npf_pipelines.state.unknown_ends import read_unknown_ends
from npf_pipelines_tests.databases import new_database

SAMPLE = Path(__file__).parents[1] / "samples" / "earlier_release.zip"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def alembic(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "npf_pipelines.state:migrations")
    config.attributes["connection"] = connection
    return config


VERSIONS = [script.revision for script in ScriptDirectory.from_config(alembic(None)).walk_revisions()]  # type: ignore[arg-type]


def rows_of_then() -> dict[str, dict[str, Any]]:
    """A row for each table, as a release of November 2026 wrote them."""
    until = datetime.now(UTC) + timedelta(minutes=4)
    return {
        "health": {"client": "acme", "flow": "orders", "failures": 2, "is_permanent": True, "reason": "401"}
        | {"tried_at": NOON, "setup_print": "a:b"},
        "alerts": {"key": "failing|acme|orders", "client": "acme", "kind": "failing", "text": "401", "what_to_do": "go"}
        | {"since": NOON, "due_at": NOON, "told_at": NOON},
        "open_rows": {"client": "acme", "kind": "order_held", "day": "2026-11-27", "flow": "orders", "rows": 3}
        | {"first": "CS1"},
        "uncounted": {"client": "acme", "flow": "orders", "day": "2026-11-27", "run": "killed"},
        "client_stores": {"client": "acme", "address": "shop.example"},
        "unknown_ends": {"client": "acme", "order_number": "CS1", "write": "a shipment", "until": until},
        "leases": {"client": "acme", "flow": "orders", "holder": "killed", "expires_at": until},
    }


def fill(connection: sa.Connection) -> None:
    for name, row in rows_of_then().items():
        connection.execute(sa.insert(earlier_release.metadata.tables[name]).values(row))


def assert_everything_is_there(state: sa.Engine) -> None:
    (health,) = read_health(state).values()
    kind = FailureKind.PERMANENT
    assert health == Health("acme", "orders", NOON, failures=2, kind=kind, reason="401", setup_print="a:b")
    assert read_alerts(state)["failing|acme|orders"].told_at == NOON
    assert [(item.kind, item.rows, item.first) for item in read_open_items(state)] == [("order_held", 3, "CS1")]
    assert [written.run for written in recounts_due(state, "orders", "new")] == ["killed"]
    assert other_client_of(state, "bolt", "shop.example", lambda _: True) == "acme"
    assert read_unknown_ends(state, "acme").keys() == {"CS1"}


@pytest.fixture
def earlier_platform(url: str) -> Callable[[], sa.Engine]:
    """A platform in whose database an earlier release kept its tables, with rows."""
    engine = create_platform(url)
    with engine.begin() as connection:
        earlier_release.metadata.create_all(connection)
        fill(connection)
    engine.dispose()
    return lambda: open_platform(url)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_of_each_version_is_migrated_with_its_rows(url: str, version: str) -> None:
    old = connect_engine(sa.make_url(url))
    with old.begin() as connection:
        command.upgrade(alembic(connection), "0001")
        fill(connection)
        command.upgrade(alembic(connection), version)
    old.dispose()
    state = open_state(url)
    assert_everything_is_there(state)
    state.dispose()


def test_the_kind_of_a_failure_follows_from_what_an_earlier_release_kept(url: str) -> None:
    limit = "the change limit was exceeded: 60 % would change"
    kept: dict[FailureKind | None, dict[str, Any]] = {
        None: {"failures": 0},
        FailureKind.PERMANENT: {"is_permanent": True},
        FailureKind.FIXABLE_IN_STORE: {"is_permanent": True, "next_try_at": NOON},
        FailureKind.TRANSIENT: {"next_try_at": NOON},
        FailureKind.PARTIAL: {},
        FailureKind.OVER_LIMIT: {"next_try_at": NOON, "reason": limit},
    }
    usual: dict[str, Any] = {"flow": "stock", "failures": 1, "is_permanent": False, "reason": "", "setup_print": ""}
    old = connect_engine(sa.make_url(url))
    with old.begin() as connection:
        command.upgrade(alembic(connection), "0001")
        for kind, row in kept.items():
            values = {**usual, "client": str(kind), **row}
            connection.execute(sa.insert(earlier_release.metadata.tables["health"]).values(values))
    old.dispose()
    state = open_state(url)
    assert {client: health.kind for (client, _), health in read_health(state).items()} == {str(k): k for k in kept}
    state.dispose()


def test_the_migrations_make_the_tables_that_the_release_works_with(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_several_processes_may_open_a_new_database_at_once(url: str, earlier_platform: Callable[[], sa.Engine]) -> None:
    state_url = url.replace("platform.sqlite", "state.sqlite")
    if state_url == url:
        state_url = new_database(Path(str(sa.make_url(url).query["host"])))
    at_once = Barrier(4, timeout=10)

    def open_it() -> set[str]:
        at_once.wait()
        opened = open_state(state_url, earlier_platform)
        names = set(sa.inspect(opened).get_table_names())
        opened.dispose()
        return names

    with ThreadPoolExecutor(4) as threads:
        for names in [thread.result() for thread in [threads.submit(open_it) for _ in range(4)]]:
            assert names == {*metadata.tables, VERSION_TABLE}
    state = open_state(state_url)
    assert_everything_is_there(state)
    state.dispose()


def test_the_earlier_state_is_copied_once_and_left_where_it_was(
    tmp_path: Path, earlier_platform: Callable[[], sa.Engine]
) -> None:
    state_url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    state = open_state(state_url, earlier_platform)
    assert_everything_is_there(state)
    keep_health(state, Health("acme", "orders", NOON, NOON))
    state.dispose()
    again = open_state(state_url, earlier_platform)
    assert read_health(again) == {("acme", "orders"): Health("acme", "orders", NOON, NOON)}
    with earlier_platform().connect() as connection:
        assert connection.exec_driver_sql("SELECT reason FROM health").scalar() == "401"
    again.dispose()


def test_a_copy_that_fails_leaves_no_state_behind(tmp_path: Path, earlier_platform: Callable[[], sa.Engine]) -> None:
    def away() -> sa.Engine:
        raise DatabaseUnusable("the platform's database is away")

    state_url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    with pytest.raises(DatabaseUnusable, match=r"^the platform's database is away$"):
        open_state(state_url, away)
    state = open_state(state_url, earlier_platform)
    assert_everything_is_there(state)
    state.dispose()


def test_the_sample_of_the_earlier_release_is_copied(tmp_path: Path) -> None:
    with zipfile.ZipFile(SAMPLE) as sample:
        sample.extract("platform.sqlite", tmp_path)
    state = open_state(
        f"sqlite:///{tmp_path / 'state.sqlite'}", lambda: open_platform(f"sqlite:///{tmp_path / 'platform.sqlite'}")
    )
    assert {(client, flow) for client, flow in read_health(state)} == {
        ("acme", flow) for flow in ("orders", "shipments", "stock")
    }
    state.dispose()


def test_a_table_of_npf_with_a_name_of_ours_is_not_copied(tmp_path: Path, url: str) -> None:
    engine = create_platform(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alerts (id INTEGER, message TEXT)")
        connection.exec_driver_sql("INSERT INTO alerts VALUES (1, 'NPF''s own')")
    engine.dispose()
    state = open_state(f"sqlite:///{tmp_path / 'state.sqlite'}", lambda: open_platform(url))
    assert read_alerts(state) == {}
    state.dispose()


@pytest.mark.postgresql
def test_tables_of_an_earlier_release_that_may_not_be_read_are_named(tmp_path: Path, postgresql: Path) -> None:
    url = new_database(postgresql)
    engine = create_platform(url)
    with engine.begin() as connection:
        earlier_release.metadata.create_all(connection)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {engine.url.database}_reader LOGIN")
    other = url.replace("npf@", f"{engine.url.database}_reader@")
    engine.dispose()
    with pytest.raises(DatabaseUnusable, match=r"the table \w+ of the platform's database can't be read \(permission"):
        open_state(f"sqlite:///{tmp_path / 'state.sqlite'}", lambda: open_platform(other))


def test_the_database_of_a_later_release_is_refused(url: str) -> None:
    state = open_state(url)
    with state.begin() as connection:
        connection.execute(sa.update(sa.table(VERSION_TABLE, sa.column("version_num"))).values(version_num="9999"))
    state.dispose()
    with pytest.raises(DatabaseUnusable, match="version 9999, which this release does not know"):
        open_state(url)


def test_it_may_share_a_database_with_dagsters_own_tables(url: str) -> None:
    dagsters = connect_engine(sa.make_url(url))
    with dagsters.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('5771160a95ad')")
    open_state(url).dispose()
    with dagsters.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "5771160a95ad"
    dagsters.dispose()


@pytest.mark.postgresql
def test_cells_may_have_a_schema_each(postgresql: Path) -> None:
    url = new_database(postgresql)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for cell in ("north", "south"):
            connection.execute(f"CREATE SCHEMA {cell}".encode())
    north, south = (open_state(f"{url}&options=-csearch_path%3D{cell}") for cell in ("north", "south"))
    pause_clients(north, ["acme"], "ann", "")
    assert [list(read_pauses(engine).by_client) for engine in (north, south)] == [["acme"], []]
    copy_state(north, south, "acme")
    assert list(read_pauses(south).by_client) == ["acme"]
    for engine in (north, south):
        engine.dispose()
