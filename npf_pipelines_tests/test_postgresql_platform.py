"""A platform on NPF's PostgreSQL: the contract's rights suffice, nothing is created there, the state is elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.platform.database import create_platform
from npf_pipelines.platform.tables import metadata, optional_metadata, orders
from npf_pipelines.runs.services import Services
from npf_pipelines.sandbox.floor import WarehouseFloor
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.automation.ticks import look
from npf_pipelines_tests.databases import contract_account, new_database
from npf_pipelines_tests.loop import Loop

pytestmark = pytest.mark.postgresql

COMMANDS = (("init",), ("run", "stock"), ("audit",), ("client", "release-store", "gone"))
"""Commands that use the state."""


@pytest.fixture
def platform_url(postgresql: Path) -> str:
    """An empty database, as NPF may create it for its platform."""
    return new_database(postgresql)


@pytest.fixture
def world(loop: Loop, postgresql: Path, platform_url: str) -> Iterator[Loop]:
    """The world with its platform on PostgreSQL, where the pipeline has the contract's rights only."""
    warehouse = create_platform(platform_url)
    urls = {"platform_url": contract_account(platform_url), "state_url": new_database(postgresql)}
    secret = {name: SecretStr(url) for name, url in urls.items()}
    world = Loop(loop.settings.model_copy(update=secret), loop.instance, loop.stores, loop.url)
    world.floor = WarehouseFloor(warehouse, seed=3)
    yield world
    world.services.close_databases()
    warehouse.dispose()


@pytest.fixture
def shell(loop: Loop, platform_url: str, monkeypatch: pytest.MonkeyPatch) -> Loop:
    """The command line on the world's data folder, its platform on PostgreSQL and its state not configured."""
    monkeypatch.setenv("NPF_DATA", str(loop.settings.data))
    monkeypatch.setenv("DAGSTER_HOME", str(loop.settings.data / "dagster"))
    monkeypatch.setenv("NPF_PLATFORM_URL", platform_url)
    monkeypatch.delenv("NPF_STATE_URL", raising=False)
    return loop


def npf(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def tables(url: str) -> set[str]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        rows = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        return {name for (name,) in rows}


def test_the_rights_of_the_contract_suffice_for_the_whole_loop(world: Loop, platform_url: str) -> None:
    assert [run.failure for run in world.run("orders")] == [""]
    store = world.stores["acme"]
    open_orders = sorted(world.services.platform.open_records("acme").values(), key=lambda one: one.order.order_number)
    edited, cancelled = (int(record.order.store_order_id) for record in open_orders[:2])
    store.orders[edited].notes = "Leave it with the neighbour"
    store.orders[edited].updated_at = store.now
    store.change_status(cancelled, "I", user=False)
    assert world.run_all() == []
    assert world.disagreements() == []
    for sensor in ("platform_changes", "alerts"):
        look(world, sensor)
    assert tables(platform_url) == {*metadata.tables, *optional_metadata.tables}
    assert read_health(world.services.state).keys() == {
        (client, flow) for client in world.stores for flow in ("orders", "shipments", "stock")
    }


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_state_for_all_machines_commands_refuse_in_a_sentence(
    shell: Loop, platform_url: str, words: tuple[str, ...]
) -> None:
    create_platform(platform_url).dispose()
    code, output = npf(*words)
    assert code == 1
    assert "NPF_PLATFORM_URL is a server and NPF_STATE_URL is not set" in " ".join(output.split())
    assert not (shell.settings.data / "state.sqlite").exists() or words == ("init",)
    assert words == ("audit",) or all(store.requests == 0 for store in shell.stores.values())


@pytest.mark.parametrize("words", [("run", "stock"), ("client", "release-store", "gone")], ids=" ".join)
def test_with_a_state_on_a_server_and_no_platform_commands_refuse_in_a_sentence(
    shell: Loop, platform_url: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Orders would be imported into a new file, where the warehouse sees none of them."""
    file = shell.settings.data / "platform.sqlite"
    shell.services.close_databases()
    file.unlink()
    monkeypatch.delenv("NPF_PLATFORM_URL")
    monkeypatch.setenv("NPF_STATE_URL", platform_url)
    code, output = npf(*words)
    assert code == 1
    said = " ".join(output.split())
    assert "NPF_STATE_URL is a server and NPF_PLATFORM_URL is not set: set it to NPF's platform" in said
    assert not file.exists()
    assert all(store.requests == 0 for store in shell.stores.values())
    # The only machine may have that file as its platform, if somebody says so.
    monkeypatch.setenv("NPF_PLATFORM_URL", f"sqlite:///{file}")
    Services(Settings()).open_databases()
    assert file.exists()


def test_the_state_is_not_put_into_the_platforms_database(
    shell: Loop, platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_platform(platform_url).dispose()
    monkeypatch.setenv("NPF_STATE_URL", platform_url.replace("npf@", "postgres@"))
    code, output = npf("run", "stock")
    assert code == 1
    assert "the state needs a database of its own" in " ".join(output.split())
    assert tables(platform_url) == {*metadata.tables, *optional_metadata.tables}


def test_a_platform_that_lacks_parts_of_the_contract_fails_runs_and_leaves_the_ui(
    world: Loop, platform_url: str
) -> None:
    with create_platform(platform_url).begin() as connection:
        connection.exec_driver_sql("DROP TABLE shipment_lines")
        connection.exec_driver_sql("ALTER TABLE orders DROP COLUMN company")
    (run,) = world.run("stock")
    assert "lacks parts of the contract: orders.company, table shipment_lines;" in run.failure
    assert "\n" not in run.failure
    assert build_defs(world.settings).resolve_asset_graph().get_all_asset_keys()


def test_only_the_command_creates_the_tables(shell: Loop, platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_STATE_URL", f"sqlite:///{shell.settings.data / 'state.sqlite'}")
    code, output = npf("run", "stock")
    assert code == 1
    assert "lacks parts of the contract" in output
    assert "npf platform init" in output
    assert tables(platform_url) == set()
    assert npf("platform", "init")[0] == 0
    assert tables(platform_url) == {*metadata.tables, *optional_metadata.tables}
    engine = create_platform(platform_url)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(orders)) == 0
    engine.dispose()
    assert npf("platform", "init")[0] == 0
