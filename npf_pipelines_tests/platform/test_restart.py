"""PostgreSQL is restarted in the middle of a run: the run fails or goes on, and nothing is there twice."""

import os
import subprocess
import threading
import time
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from npf_pipelines.platform.database import create_platform
from npf_pipelines.platform.tables import orders
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.state.health import read_health
from npf_pipelines_tests.databases import new_database
from npf_pipelines_tests.leases import expire_leases
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.machine import POSTGRESQL, demand

pytestmark = pytest.mark.postgresql

_numbers = count(1)


def _restart(folder: Path, mode: str) -> None:
    user = "nobody" if os.geteuid() == 0 else None
    words = [
        str(demand(POSTGRESQL) / "pg_ctl"),
        "-D",
        str(folder / "data"),
        "restart",
        "--wait",
        f"--mode={mode}",
        "-l",
        str(folder / "log"),
    ]
    subprocess.run(words, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


@pytest.fixture
def on_postgresql(loop: Loop, postgresql: Path) -> Loop:
    """The world with its platform and its state on the server."""
    urls = {name: SecretStr(new_database(postgresql)) for name in ("platform_url", "state_url")}
    create_platform(urls["platform_url"].get_secret_value()).dispose()
    return Loop(loop.settings.model_copy(update=urls), loop.instance, loop.stores, loop.url)


@pytest.mark.parametrize(
    ("flow", "mode"), [pytest.param("orders", "immediate", marks=pytest.mark.long), ("shipments", "fast")]
)
def test_a_restart_in_the_middle_of_a_run_doubles_nothing(
    on_postgresql: Loop, postgresql: Path, flow: str, mode: str
) -> None:
    world = on_postgresql
    if flow == "shipments":
        assert [run.failure for run in world.run("orders")] == [""]
        world.work()
    failures: list[str] = []
    before = {client: store.requests for client, store in world.stores.items()}
    with SandboxServer(world.stores, latency_ms=150) as slow:
        for client in world.stores:
            write_setup(world.settings.clients, client, slow.url)
        run = threading.Thread(target=lambda: failures.extend(run.failure for run in world.run(flow)))
        run.start()
        until = time.monotonic() + 60
        while time.monotonic() < until and all(
            store.requests < before[client] + 3 for client, store in world.stores.items()
        ):
            time.sleep(0.01)
        _restart(postgresql, mode)
        run.join()
    world.services.close_databases()
    for client in world.stores:
        write_setup(world.settings.clients, client, world.url)
    (failure,) = failures
    assert "fault of the program" not in failure
    assert "Traceback" not in failure
    assert all(health.reason.count("\n") == 0 for health in read_health(world.services.state).values())
    expire_leases(world.services.state)  # Leases that couldn't be released.
    # A parcel that the run had made when it was cut off is noted by the next run, and dealt with by the one after.
    world.run_all()
    assert world.run_all() == []
    assert world.disagreements() == []
    with world.services.platform_engine.connect() as connection:
        twice = sa.select(orders.c.store_order_id).group_by(orders.c.client, orders.c.store_order_id)
        assert connection.execute(twice.having(sa.func.count() > 1)).all() == []
    world.services.close_databases()
