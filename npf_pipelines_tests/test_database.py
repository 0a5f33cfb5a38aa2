"""Tests of npf_pipelines.database, on the platform's tables."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from npf_pipelines.database import DatabaseUnusable, connect_engine, parse_url
from npf_pipelines.platform.database import create_platform, open_platform
from npf_pipelines.platform.tables import stock
from npf_pipelines_tests.databases import new_database

NOON = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)


def put(engine: sa.Engine, updated_at: datetime | None) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(stock).values(client="acme", sku="KITE", on_hand=5, updated_at=updated_at))


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


@pytest.mark.postgresql
def test_a_network_that_loses_packets_is_noticed_before_a_lease_runs_out(postgresql: Path) -> None:
    url = sa.make_url(new_database(postgresql)).update_query_dict({"connect_timeout": "7"})
    with connect_engine(url).connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        known = driver.info.get_parameters()
    assert {name: known[name] for name in ("connect_timeout", "tcp_user_timeout", "keepalives_count")} == {
        "connect_timeout": "7",  # As the URL says.
        "tcp_user_timeout": "20000",
        "keepalives_count": "3",
    }


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


def test_a_read_that_an_exception_interrupts_keeps_nobody_from_writing(url: str) -> None:
    engine, other = create_platform(url), create_platform(url)
    row = {"client": "acme", "on_hand": 1, "updated_at": NOON}
    with engine.begin() as connection:
        connection.execute(sa.insert(stock), [row | {"sku": f"S{number}"} for number in range(9)])
    with pytest.raises(ZeroDivisionError), engine.connect() as connection:  # noqa: PT012 - the read is the point
        rows = connection.execute(sa.select(stock.c.sku))
        [len(sku) / 0 for sku in rows]
    with other.begin() as connection:
        connection.execute(sa.delete(stock))
    with engine.begin() as connection:
        connection.execute(sa.insert(stock).values(row | {"sku": "S0"}))
    with other.connect() as connection:
        assert connection.scalars(sa.select(stock.c.sku)).all() == ["S0"]
    engine.dispose()
    other.dispose()


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("postgresql+psycopg://db:planted-secret/npf", "is no URL of a database"),
        ("sqlite:/srv/npf.sqlite", "is no URL of a database"),
        ("sqlite://srv/npf.sqlite", "names a server, and SQLite has none"),
        ("postgres://npf@db/npf", "neither SQLite nor PostgreSQL"),
        ("postgresql+psycopg://npf@db/npf/", "a slash in the database's name"),
    ],
)
def test_a_wrong_url_is_refused_with_the_usual_ones(url: str, wrong: str) -> None:
    with pytest.raises(DatabaseUnusable, match=wrong) as refused:
        parse_url(url, "NPF_STATE_URL")
    assert "write sqlite:////srv" in str(refused.value)
    assert "planted-secret" not in f"{refused.value} {refused.value.__cause__}"


def test_only_sqlite_and_postgresql_are_databases_for_it() -> None:
    with pytest.raises(DatabaseUnusable, match="NPF_STATE_URL names a database that is neither SQLite nor PostgreSQL"):
        parse_url("mysql://npf:planted-secret@db/npf", "NPF_STATE_URL")
