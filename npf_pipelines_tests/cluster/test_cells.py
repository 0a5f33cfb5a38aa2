"""Cells with Celery workers: a run of each cell is executed by its own worker, and refused by that of another.

One Redis, and one PostgreSQL for Dagster; automation is stopped, so that only these runs are launched.
Not here: a process that loads the definitions for a run of another cell (npf_pipelines_tests/test_cells.py).
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import dagster as dg
import fsspec
import pytest
import sqlalchemy as sa
from upath import UPath

from npf_pipelines.database import connect_engine
from npf_pipelines.platform.database import create_platform
from npf_pipelines.platform.tables import metadata as platform_tables
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.cell_queue import QUEUE_TAG
from npf_pipelines.runs.dagster_internals import instance_in
from npf_pipelines.runs.run_scope import scope_config
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.tables import metadata as state_tables
from npf_pipelines_tests.cluster.campaign import TASK
from npf_pipelines_tests.cluster.machines import Worker, centre, prepared
from npf_pipelines_tests.cluster.servers import BUCKET, running_redis, running_s3
from npf_pipelines_tests.cluster.webserver import EndedRun, Webserver
from npf_pipelines_tests.cluster.world import init
from npf_pipelines_tests.daemon import environment_of
from npf_pipelines_tests.databases import new_database
from npf_pipelines_tests.loop import generated_store, write_setup
from npf_pipelines_tests.machine import REDIS, demand

CLIENTS = {"north": "acme", "south": "bolt"}


@dataclass
class World:
    """Two cells at work in one Dagster.

    Attributes:
        folder: of all machines.
        environment: of every process.
        own: the further variables of each cell's processes.
        instance: Dagster's.
        webserver: Dagster's.
        stores: by client.
    """

    folder: Path
    environment: dict[str, str]
    own: dict[str, dict[str, str]]
    instance: dg.DagsterInstance
    webserver: Webserver
    stores: dict[str, SandboxStore]

    @contextlib.contextmanager
    def worker(self, *, queue: str, cell: str) -> Iterator[Worker]:
        """A worker of a queue, with the settings of a cell."""
        worker = Worker(self.folder / f"{queue}-{cell}", self.environment | self.own[cell], queue)
        try:
            yield worker
        finally:
            worker.end()

    def runs(self, cell: str) -> Iterator[EndedRun]:
        """A run of a job and one over an asset, as the UI launches both."""
        client = CLIENTS[cell]
        yield self.webserver.run(cell, "stock_job", config=scope_config("stock", [client], None))
        asset, tags = (cell, "stock_snapshots"), {"dagster/partition": client}
        yield self.webserver.run(cell, "__ASSET_JOB", assets=[asset], tags=tags)

    def log_of(self, run: EndedRun) -> str:
        """All that the run's page shows of it."""
        return "\n".join(
            str(record.event_log_entry) for record in self.instance.get_records_for_run(run.run_id).records
        )

    def content(self) -> dict[str, object]:
        """Everything that the cells keep: setups, tables, state, platform."""
        bucket = fsspec.filesystem("s3", use_listings_cache=False)
        kept: dict[str, object] = {path: bucket.cat_file(path) for path in bucket.find(BUCKET)}
        databases = {own["NPF_STATE_URL"]: state_tables for own in self.own.values()}
        for url, tables in {self.environment["NPF_PLATFORM_URL"]: platform_tables, **databases}.items():
            engine = connect_engine(sa.make_url(url))
            with engine.connect() as connection:
                for table in tables.sorted_tables:
                    kept[f"{url} {table.name}"] = sorted(connection.execute(sa.select(table)).all(), key=str)
            engine.dispose()
        return kept


def own_of(cell: str, state: str) -> dict[str, str]:
    """The variables of a cell that it does not share with the other."""
    places = {f"NPF_{name.upper()}": f"s3://{BUCKET}/{cell}/{name}" for name in ("clients", "lake", "reports")}
    return {"NPF_CELL": cell, "NPF_STATE_URL": state} | places


@pytest.fixture
def world(tmp_path: Path, postgresql: Path) -> Iterator[World]:
    demand(REDIS)
    stores = {
        client: generated_store(client, number, orders=5, products=5, days=2)
        for number, client in enumerate(CLIENTS.values(), 1)
    }
    with contextlib.ExitStack() as opened:
        environment = environment_of(prepared(tmp_path)) | opened.enter_context(running_s3())
        environment |= {
            "DAGSTER_POSTGRES_URL": new_database(postgresql).replace("+psycopg", "+psycopg2"),
            "REDIS_URL": opened.enter_context(running_redis()),
            "NPF_PLATFORM_URL": new_database(postgresql),
            "NPF_AUTOMATION": "stopped",
        }
        own = {cell: own_of(cell, new_database(postgresql)) for cell in CLIENTS}
        opened.enter_context(mock.patch.dict(os.environ, environment))
        create_platform(environment["NPF_PLATFORM_URL"]).dispose()
        server = opened.enter_context(SandboxServer(stores))
        for cell, client in CLIENTS.items():
            write_setup(UPath(own[cell]["NPF_CLIENTS"]), client, server.url)
            init(tmp_path, **own[cell])
        instance = opened.enter_context(instance_in(tmp_path / "dagster"))
        for cell, client in CLIENTS.items():
            Cell(cell).register(instance, [client])
        automation = centre(tmp_path, environment, own)
        opened.callback(automation.end)
        yield World(tmp_path, environment, own, instance, Webserver(automation.start_webserver()), stores)


@pytest.mark.long
@pytest.mark.postgresql
def test_a_run_goes_to_the_worker_of_its_cell_and_the_worker_of_another_refuses_it(world: World) -> None:
    with world.worker(queue="north", cell="north") as north:
        with world.worker(queue="south", cell="south") as south:
            workers = {"north": north, "south": south}
            for cell, client in CLIENTS.items():
                for run in world.runs(cell):
                    assert run.is_success, world.log_of(run)
                    assert run.tags[QUEUE_TAG] == cell
                    takers = [name for name, worker in workers.items() if run.tags[TASK] in worker.received()]
                    assert takers == [cell]
                assert world.instance.get_materialized_partitions(Cell(cell).key("stock_snapshots")) == {client}

        # The queue of one cell with the settings of another: an operator mixed up two files.
        with world.worker(queue="south", cell="north") as wrong:
            before, requests = world.content(), world.stores["bolt"].requests
            for run in world.runs("south"):
                assert run.tags[TASK] in wrong.received()
                assert not run.is_success
                record = world.instance.get_run_record_by_id(run.run_id)
                assert record is not None
                assert record.start_time is None  # As for the alert of runs that do not start.
                assert "the run is of the cell south and this process is of the cell north" in world.log_of(run)
            assert world.content() == before
            assert world.stores["bolt"].requests == requests
