"""Tests of npf_pipelines.platform.database: what is created where, and a platform that lacks parts of the contract."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
import sqlalchemy as sa

from npf_pipelines.database import DatabaseUnusable
from npf_pipelines.platform.database import create_platform, open_platform
from npf_pipelines.platform.gateway import Platform
from npf_pipelines.platform.tables import metadata, optional_metadata, stock
from npf_pipelines_tests.databases import new_database


def test_what_is_there_stays_there_when_it_is_opened_again(url: str) -> None:
    with create_platform(url).begin() as connection:
        row = {"client": "acme", "sku": "KITE", "on_hand": 5, "updated_at": datetime.now(UTC)}
        connection.execute(sa.insert(stock).values(row))
    for opens in (open_platform, create_platform):
        with opens(url).connect() as connection:
            assert connection.scalar(sa.select(stock.c.on_hand)) == 5


def test_several_processes_may_open_a_new_database_at_once(url: str) -> None:
    at_once = Barrier(4, timeout=10)

    def open_it() -> list[str]:
        at_once.wait()
        opened = create_platform(url)
        names = sa.inspect(opened).get_table_names()
        opened.dispose()
        return names

    with ThreadPoolExecutor(4) as threads:
        for names in [thread.result() for thread in [threads.submit(open_it) for _ in range(4)]]:
            assert set(names) == {*metadata.tables, *optional_metadata.tables}


def test_the_folder_of_an_sqlite_file_is_made(tmp_path: Path) -> None:
    open_platform(f"sqlite:///{tmp_path}/new/folder/platform.sqlite").dispose()
    assert (tmp_path / "new/folder/platform.sqlite").exists()


def test_the_embedded_database_of_an_earlier_release_gets_the_optional_columns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'platform.sqlite'}"
    engine = open_platform(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE order_lines DROP COLUMN options")
    columns = {column["name"] for column in sa.inspect(open_platform(url)).get_columns("order_lines")}
    assert "options" in columns


@pytest.mark.postgresql
def test_nothing_is_created_on_a_postgresql_platform_and_all_that_is_missing_is_named(postgresql: Path) -> None:
    url = new_database(postgresql)
    with pytest.raises(DatabaseUnusable) as refused:
        open_platform(url)
    for name in metadata.tables:
        assert f"table {name}" in str(refused.value)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        assert connection.execute(tables).fetchone() == (0,)


@pytest.mark.postgresql
def test_missing_columns_are_named_and_additions_are_not_asked_for(postgresql: Path) -> None:
    url = new_database(postgresql)
    engine = create_platform(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE order_lines DROP COLUMN options")
        connection.exec_driver_sql("ALTER TABLE orders DROP COLUMN cancelled_by")
    engine.dispose()
    open_platform(url).dispose()
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE orders DROP COLUMN company, DROP COLUMN notes")
        connection.exec_driver_sql("DROP TABLE stock")
    with pytest.raises(
        DatabaseUnusable, match=r"lacks parts of the contract: orders\.company, orders\.notes, table stock;"
    ):
        open_platform(url)
    engine.dispose()


@pytest.mark.postgresql
def test_the_command_adds_optional_columns_to_tables_and_leaves_views_alone(postgresql: Path) -> None:
    url = new_database(postgresql)
    engine = create_platform(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE orders DROP COLUMN cancelled_by")
        connection.exec_driver_sql("ALTER TABLE order_lines RENAME TO own_lines")
        connection.exec_driver_sql("ALTER TABLE own_lines DROP COLUMN options")
        connection.exec_driver_sql("CREATE VIEW order_lines AS SELECT * FROM own_lines")
    create_platform(url).dispose()
    columns = {
        name: {column["name"] for column in sa.inspect(engine).get_columns(name)} for name in ("orders", "order_lines")
    }
    assert "cancelled_by" in columns["orders"]
    assert "options" not in columns["order_lines"]
    assert Platform(engine).open_records("acme") == {}
    engine.dispose()
