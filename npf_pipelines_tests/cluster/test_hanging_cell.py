"""A cell whose code server hangs keeps no other cell's sensors waiting.

Not here: runs of cells on workers (test_cells.py).
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorState, SensorInstigatorData

from npf_pipelines.runs.dagster_internals import instance_in
from npf_pipelines_tests.daemon import Automation
from npf_pipelines_tests.dagster_speed import make_usual_home

CELLS = ("north", "south")
_PATIENCE = 300.0
"""Seconds that the processes have to start, on a busy machine."""
_WHILE_IT_HANGS = 10.0
"""Seconds after which the daemon certainly waits for the code server."""
_LESS_THAN_DAGSTERS_PATIENCE = 42.0
"""Seconds: two intervals of `lost_runs`. Evaluated one after another, its next tick comes after 48 to 60."""


@pytest.fixture
def automation(tmp_path: Path) -> Iterator[Automation]:
    """Two cells without clients, under one daemon."""
    make_usual_home(tmp_path / "dagster")
    automation = Automation(tmp_path, cells=CELLS, NPF_SENSOR_SECONDS="5")
    try:
        yield automation
    finally:
        automation.code_server.send_signal(signal.SIGCONT)
        automation.end()


def last_tick(instance: dg.DagsterInstance, cell: str) -> float:
    """When `lost_runs` of a cell was last evaluated."""

    def moment(state: InstigatorState) -> float:
        data = state.instigator_data
        return data.last_tick_timestamp or 0.0 if isinstance(data, SensorInstigatorData) else 0.0

    of_cell = [
        state
        for state in instance.all_instigator_state()
        if state.instigator_name == "lost_runs"
        and state.origin.repository_origin.code_location_origin.location_name == cell
    ]
    return max(map(moment, of_cell), default=0.0)


@pytest.mark.long
def test_the_other_cells_sensors_go_on(automation: Automation, tmp_path: Path) -> None:
    with instance_in(tmp_path / "dagster") as instance:
        begun = time.time()
        while not all(last_tick(instance, cell) for cell in CELLS):
            assert time.time() - begun < _PATIENCE
            time.sleep(1)
        os.kill(automation.code_server.pid, signal.SIGSTOP)
        stopped = time.time()
        while last_tick(instance, "south") < stopped + _WHILE_IT_HANGS:
            assert time.time() - stopped < _LESS_THAN_DAGSTERS_PATIENCE
            time.sleep(1)
        assert last_tick(instance, "north") < stopped + _WHILE_IT_HANGS
