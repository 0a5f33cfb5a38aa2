"""Tests of npf_pipelines.runs.cell_queue."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
import yaml

from npf_pipelines.runs.cell import CELL_TAG, Cell
from npf_pipelines.runs.cell_queue import QUEUE_TAG, CellQueue
from npf_pipelines_tests.docs.pages import PROJECT

SOUTH = Cell("south")


def asset_of(cell: Cell) -> dg.AssetsDefinition:
    @dg.asset(key=cell.key("raw_orders"))
    def raw_orders() -> None: ...

    return raw_orders


@pytest.fixture
def coordinator(tmp_path: Path) -> CellQueue:
    """The run coordinator of the dagster.yaml for several machines, in an instance on SQLite."""
    config = yaml.safe_load((PROJECT / "deploy" / "cluster" / "dagster.yaml").read_text(encoding="utf-8"))
    kept = {name: config[name] for name in ("run_coordinator", "concurrency")}
    instance = dg.DagsterInstance.local_temp(str(tmp_path), overrides=kept)
    coordinator: Any = instance.run_coordinator
    return coordinator


@pytest.mark.parametrize(
    ("cell", "tags", "queue"),
    [
        (SOUTH, dict(SOUTH.tags), "south"),
        (SOUTH, {}, "south"),  # As the UI launches a run over assets.
        (SOUTH, {QUEUE_TAG: "north"}, "south"),
        (Cell(), {}, None),
    ],
)
def test_a_run_is_queued_for_the_workers_of_its_cell(
    coordinator: CellQueue, cell: Cell, tags: dict[str, str], queue: str | None
) -> None:
    instance: dg.DagsterInstance = coordinator._instance
    defs = dg.Definitions([asset_of(cell)])
    run = instance.create_run_for_job(
        defs.resolve_implicit_global_asset_job_def(),
        tags=tags,
        asset_selection=None if CELL_TAG in tags else frozenset({cell.key("raw_orders")}),
    )
    workspace: Any = SimpleNamespace(instance=instance)
    queued = coordinator.submit_run(dg.SubmitRunContext(run, workspace))
    assert queued.tags.get(QUEUE_TAG) == queue
    assert queued.status == dg.DagsterRunStatus.QUEUED
    instance.dispose()
