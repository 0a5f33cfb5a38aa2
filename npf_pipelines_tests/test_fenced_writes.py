"""Writes to the platform under a lease, with platform and state in one PostgreSQL: a late writer writes nothing."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from npf_pipelines.config.settings import Settings
from npf_pipelines.database import DatabaseUnusable
from npf_pipelines.platform.database import create_platform
from npf_pipelines.platform.tables import orders
from npf_pipelines.runs.databases import shared_schema
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import Lease, LeaseLost
from npf_pipelines_tests.builders import NOON, platform_order
from npf_pipelines_tests.databases import contract_account, new_database
from npf_pipelines_tests.leases import expire_leases

pytestmark = pytest.mark.postgresql
ORDER = platform_order("CS1")
RIGHTS = ("USAGE ON SCHEMA npf_state", "SELECT ON npf_state.leases", "UPDATE ON npf_state.leases")
"""The rights in the state's schema that docs/deployment.md names for the platform's account."""


@pytest.fixture
def platform_url(postgresql: Path) -> str:
    url = new_database(postgresql)
    create_platform(url).dispose()
    return url


def with_schema(url: str, schema: str = "npf_state") -> str:
    """The URL of a new schema in the same database."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
    return f"{url}&options=-csearch_path%3D{schema}"


def services_of(folder: Path, platform_url: str, state_url: str) -> Services:
    return Services(Settings(data=folder, platform_url=SecretStr(platform_url), state_url=SecretStr(state_url)))


@pytest.fixture
def services(tmp_path: Path, platform_url: str) -> Iterator[Services]:
    """Two schemas of one database; the platform's account has the contract's rights and RIGHTS."""
    account = contract_account(platform_url)
    opened = services_of(tmp_path, account, with_schema(platform_url))
    for right in RIGHTS:
        execute(opened.state, f"GRANT {right} TO {sa.make_url(account).username}")
    yield opened
    opened.close_databases()


def execute(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def on_platform(services: Services) -> int:
    with services.platform_engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(orders)) or 0)


def test_a_holder_writes_and_one_that_was_overtaken_does_not(services: Services) -> None:
    late = Lease(services.state, "acme", "orders")
    late.take()
    platform = services.platform_under(late)
    platform.import_orders("acme", [ORDER], NOON)
    seen = services.platform.open_records("acme")["CS1"]
    # The process sleeps right after its check; its lease runs out, and another run takes it.
    late.check_write()
    expire_leases(services.state)
    Lease(services.state, "acme", "orders").take()
    for write in (
        lambda: platform.import_orders("acme", [platform_order("CS2")], NOON),
        lambda: platform.cancel_order("acme", seen, NOON),
        lambda: platform.update_order("acme", ORDER, seen, NOON),
        lambda: platform.resume_order("acme", ORDER, seen, NOON),
    ):
        with pytest.raises(LeaseLost, match="taken over by another run"):
            write()
    assert on_platform(services) == 1
    assert services.platform.open_records("acme")["CS1"] == seen


@pytest.mark.parametrize("right", RIGHTS)
def test_without_one_of_the_rights_nothing_is_written(services: Services, right: str) -> None:
    lease = Lease(services.state, "acme", "orders")
    lease.take()
    execute(services.state, f"REVOKE {right} FROM {services.platform_engine.url.username}")
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        services.platform_under(lease).import_orders("acme", [ORDER], NOON)
    assert on_platform(services) == 0


def test_nobody_takes_the_lease_over_in_the_middle_of_a_write(services: Services) -> None:
    holder, other = (Lease(services.state, "acme", "orders") for _ in range(2))
    holder.take()
    expire_leases(services.state)
    taken = threading.Event()

    def take_over() -> None:
        other.take()
        taken.set()

    schema = shared_schema(services.platform_engine, services.state)
    assert schema == "npf_state"
    with services.platform_engine.begin() as connection:
        holder.fence(schema, connection)
        thread = threading.Thread(target=take_over)
        thread.start()
        assert not taken.wait(0.3)
    thread.join(10)
    assert taken.is_set()


def test_another_client_or_flow_is_not_held_up(services: Services) -> None:
    holder = Lease(services.state, "acme", "orders")
    holder.take()
    with services.platform_engine.begin() as connection:
        holder.fence("npf_state", connection)
        Lease(services.state, "acme", "stock").take()
        Lease(services.state, "bolt", "orders").take()


def test_databases_apart_are_not_fenced(tmp_path: Path, postgresql: Path, platform_url: str) -> None:
    services = services_of(tmp_path, platform_url, new_database(postgresql))
    assert shared_schema(services.platform_engine, services.state) is None
    assert services.platform_under(Lease(services.state, "acme", "orders")) is services.platform
    services.close_databases()


@pytest.mark.parametrize(
    "option",
    [
        "",
        "&options=-csearch_path%3Dpublic",
        "&options=-cstatement_timeout%3D1min",
        # The folder of the socket in another spelling.
        "/",
        "/.&options=-csearch_path%3Dpublic",
    ],
)
def test_the_state_never_shares_the_platforms_schema(tmp_path: Path, platform_url: str, option: str) -> None:
    services = services_of(tmp_path, platform_url, f"{platform_url}{option}")
    tables = sa.inspect(services.platform_engine).get_table_names()
    with pytest.raises(DatabaseUnusable, match="the state needs a database of its own, or a schema"):
        _ = services.state
    assert sa.inspect(services.platform_engine).get_table_names() == tables
    services.close_databases()
