"""Tests of npf_pipelines.platform.tables."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from npf_pipelines.domain.platform_orders import OPEN_STATUSES, OrderStatus
from npf_pipelines.platform.tables import leases, metadata, open_platform, stock

NOON = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)


def put(engine: sa.Engine, updated_at: datetime | None) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(stock).values(client="acme", sku="KITE", on_hand=5, updated_at=updated_at))


def test_every_key_begins_with_the_client() -> None:
    keys = {table.name: [column.name for column in table.primary_key] for table in metadata.sorted_tables}
    assert keys == {
        "orders": ["client", "order_number"],
        "order_lines": ["client", "order_number", "line_id"],
        # A shipment's number is the platform's own, unique over all clients.
        "shipments": ["shipment_id"],
        "shipment_lines": ["shipment_id", "sku"],
        "stock": ["client", "sku"],
        "leases": ["client", "flow"],
        "health": ["client", "flow"],
        "open_rows": ["client", "kind", "day"],
        "uncounted": ["client", "flow", "day", "run"],
        "client_stores": ["client", "address"],
        "unknown_ends": ["client", "order_number"],
        # It is made of kind, client and thing.
        "alerts": ["key"],
    }


def test_an_order_takes_stock_until_it_is_shipped_or_cancelled() -> None:
    assert set(OrderStatus) - OPEN_STATUSES == {OrderStatus.SHIPPED, OrderStatus.CANCELLED}


def test_what_is_there_stays_there_when_it_is_opened_again(url: str) -> None:
    put(open_platform(url), NOON)
    with open_platform(url).connect() as connection:
        assert connection.scalar(sa.select(stock.c.on_hand)) == 5


def test_several_processes_may_open_a_new_database_at_once(url: str) -> None:
    at_once = Barrier(4, timeout=10)

    def open_it() -> list[str]:
        at_once.wait()
        opened = open_platform(url)
        names = sa.inspect(opened).get_table_names()
        opened.dispose()
        return names

    with ThreadPoolExecutor(4) as threads:
        for names in [thread.result() for thread in [threads.submit(open_it) for _ in range(4)]]:
            assert set(names) == set(metadata.tables)


def test_the_folder_of_an_sqlite_file_is_made(tmp_path: Path) -> None:
    open_platform(f"sqlite:///{tmp_path}/new/folder/platform.sqlite").dispose()
    assert (tmp_path / "new/folder/platform.sqlite").exists()


def test_a_moment_comes_back_as_it_went_whatever_its_zone(engine: sa.Engine) -> None:
    put(engine, NOON.astimezone(ZoneInfo("Australia/Sydney")))
    with engine.connect() as connection:
        read = connection.scalar(sa.select(stock.c.updated_at))
    assert read == NOON
    assert read is not None
    assert read.tzinfo is UTC


def test_moments_compare_as_moments(engine: sa.Engine) -> None:
    put(engine, NOON)
    earlier = datetime(2026, 11, 20, 22, tzinfo=ZoneInfo("Australia/Sydney"))
    with engine.connect() as connection:
        later_ones = sa.select(sa.func.count()).select_from(stock)
        assert connection.scalar(later_ones.where(stock.c.updated_at > earlier)) == 1
        assert connection.scalar(later_ones.where(stock.c.updated_at < earlier)) == 0


@pytest.mark.parametrize("written", ["yesterday", "2026-13-45 00:00:00", "20/11/2026", "", 7, "0001-01-01T00:00+10:00"])
def test_what_is_no_moment_is_none_and_the_other_rows_are_read(tmp_path: Path, written: object) -> None:
    engine = open_platform(f"sqlite:///{tmp_path / 'platform.sqlite'}")
    put(engine, NOON)
    with engine.begin() as connection:
        values = {"written": written}
        connection.execute(sa.text("INSERT INTO stock VALUES ('acme', 'DRUM', 5, :written)"), values)
        connection.execute(sa.text("INSERT INTO stock VALUES ('acme', 'LAMP', 5, '2026-11-20T22:00:00.25+10:00')"))
        read = dict(connection.execute(sa.select(stock.c.sku, stock.c.updated_at)).all())
    assert read == {"KITE": NOON, "DRUM": None, "LAMP": NOON}


def test_a_moment_without_zone_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.StatementError, match="has no time zone"):
        put(engine, NOON.replace(tzinfo=None))


def test_an_error_quotes_no_values(engine: sa.Engine) -> None:
    row = {"client": "acme", "sku": "Ann Lee", "on_hand": 5, "updated_at": None}
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError) as refused:
        connection.execute(sa.insert(stock), [row])
    # PostgreSQL would add the whole row to its sentence.
    assert "updated_at" in str(refused.value)
    assert "Ann Lee" not in f"{refused.value} {refused.value!r} {refused.value.orig} {refused.value.orig!r}"


def test_the_embedded_database_of_an_earlier_release_gets_the_optional_columns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'platform.sqlite'}"
    engine = open_platform(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE order_lines DROP COLUMN options")
    columns = {column["name"] for column in sa.inspect(open_platform(url)).get_columns("order_lines")}
    assert "options" in columns


def test_a_read_that_an_exception_interrupts_keeps_nobody_from_writing(url: str) -> None:
    engine, other = open_platform(url), open_platform(url)
    free = {"flow": "orders", "holder": "", "expires_at": datetime.now(UTC)}
    with engine.begin() as connection:
        connection.execute(sa.insert(leases), [free | {"client": f"c{number}"} for number in range(9)])
    with pytest.raises(ZeroDivisionError), engine.connect() as connection:  # noqa: PT012 - the read is the point
        rows = connection.execute(sa.select(leases.c.client))
        [len(client) / 0 for client in rows]
    with other.begin() as connection:
        connection.execute(sa.delete(leases))
    with engine.begin() as connection:
        connection.execute(sa.insert(leases).values(free | {"client": "c0"}))
    with other.connect() as connection:
        assert connection.scalars(sa.select(leases.c.client)).all() == ["c0"]
    engine.dispose()
    other.dispose()
