"""Tests of npf_pipelines.runs.cell_queue."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from npf_pipelines.runs.cell import CELL_TAG, Cell
from npf_pipelines.runs.cell_queue import QUEUE_TAG
from npf_pipelines_tests.docs.pages import PROJECT

SOUTH = Cell("south")


def asset_of(cell: Cell) -> dg.AssetsDefinition:
    @dg.asset(key=cell.key("raw_orders"))
    def raw_orders() -> None: ...

    return raw_orders


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on SQLite with the run coordinator of the dagster.yaml for several machines."""
    config = yaml.safe_load((PROJECT / "deploy" / "cluster" / "dagster.yaml").read_text(encoding="utf-8"))
    kept = {name: config[name] for name in ("run_coordinator", "concurrency")}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=kept) as opened:
        yield opened


def test_a_run_is_queued_for_the_workers_of_its_cell(instance: dg.DagsterInstance) -> None:
    workspace: Any = SimpleNamespace(instance=instance)
    location = RegisteredCodeLocationOrigin("a location")
    for cell, tags, queue in (
        (SOUTH, dict(SOUTH.tags), "south"),
        (SOUTH, {}, "south"),  # As the UI launches a run over assets.
        (SOUTH, {QUEUE_TAG: "north"}, "south"),
        (Cell(), {}, None),
    ):
        job = dg.Definitions([asset_of(cell)]).resolve_implicit_global_asset_job_def()
        run = instance.create_run_for_job(
            job,
            tags=tags,
            asset_selection=None if CELL_TAG in tags else frozenset({cell.key("raw_orders")}),
            remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job.name),
        )
        queued = instance.run_coordinator.submit_run(dg.SubmitRunContext(run, workspace))
        assert queued.tags.get(QUEUE_TAG) == queue
        assert queued.status == dg.DagsterRunStatus.QUEUED
