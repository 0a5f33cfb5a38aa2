"""Dagster's own storage on PostgreSQL, with the dagster.yaml for several machines.

Not here: the workers that it leads to (cluster/).
"""

import shutil
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster_celery.launcher import CeleryRunLauncher

from npf_pipelines.automation.run_requests import RETRY, SHARD
from npf_pipelines.cli.instance import open_instance, prepare_home
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import defs
from npf_pipelines.runs.cell_queue import QUEUE_TAG
from npf_pipelines.runs.dagster_internals import instance_in, materialized_partitions
from npf_pipelines.runs.dagster_storage import WrongStorage
from npf_pipelines_tests.databases import new_database
from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.loop import Loop

pytestmark = pytest.mark.postgresql


@pytest.fixture
def home(postgresql: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DAGSTER_HOME as on one of several machines."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(PROJECT / "deploy/cluster/dagster.yaml", folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", new_database(postgresql).replace("+psycopg", "+psycopg2"))
    return folder


def test_a_run_is_kept_there_and_runs_go_to_the_workers(home: Path, loop: Loop) -> None:
    before = (home / "dagster.yaml").read_bytes()
    prepare_home(loop.settings)
    with open_instance(loop.settings) as instance:
        world = Loop(loop.settings, instance, loop.stores, loop.url)
        assert [run.failure for run in world.run("stock", "acme", override_change_limit=True)] == [""]
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]
        assert materialized_partitions(instance, ["stock_push"], ["acme", "bolt"]) == {("stock_push", "acme")}
        assert isinstance(instance.run_launcher, CeleryRunLauncher)
        limits = instance.get_concurrency_config().run_queue_config
        assert limits is not None
        limited = [limit["key"] for limit in limits.tag_concurrency_limits]
        assert limited == [RETRY, SHARD, QUEUE_TAG]
    assert (home / "dagster.yaml").read_bytes() == before


def test_another_driver_fails_at_the_first_event_and_is_refused_before(
    home: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    right = Settings(data=loop.settings.data)
    prepare_home(right)
    url = new_database(request.getfixturevalue("postgresql"))
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
    with pytest.raises(WrongStorage, match=r"write postgres_url: postgresql\+psycopg2://"):
        open_instance(right)
    with pytest.raises(WrongStorage):
        defs()
    # Dagster itself accepts it, until a run writes.
    with instance_in(home) as instance, pytest.raises(sa.exc.ProgrammingError, match=r"\$1"):
        Loop(loop.settings, instance, loop.stores, loop.url).run("stock", "acme")
