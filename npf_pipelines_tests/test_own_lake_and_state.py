"""A lake and a state belong to one cell: another cell's processes are refused before they do anything there."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.definitions import build_defs
from npf_pipelines.lake import cell_mark as lake_mark
from npf_pipelines.lake.lake import Lake
from npf_pipelines.loopback import LoopbackServer
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.reports.live import LivePages
from npf_pipelines.reports.metrics import Metrics
from npf_pipelines.reports.server import reports_app
from npf_pipelines.runs.cell import OfAnotherCell
from npf_pipelines.runs.services import Services
from npf_pipelines.state import cell_mark as state_mark
from npf_pipelines_tests.automation.ticks import look
from npf_pipelines_tests.cells import beside
from npf_pipelines_tests.loop import Loop, settings_of

OF_NORTH = "names belongs to the code location without a cell, and these settings are of the cell south"
"""A part of each refusal."""


def marks(loop: Loop) -> tuple[str | None, str | None]:
    return lake_mark.read_mark(Lake(loop.settings.lake).files), state_mark.read_mark(loop.services.state)


def test_a_run_marks_both_and_runs_ticks_and_pages_of_another_cell_are_refused(loop: Loop) -> None:
    loop.run("stock", "acme", dry_run=True)
    look(loop, "alerts")
    assert marks(loop) == (None, None)
    for _ in range(2):
        assert [run.failure for run in loop.run("stock", "acme")] == [""]
        assert marks(loop) == ("", "")
    south = beside(loop, "south", "bolt")
    of_loop = {"lake": loop.settings.lake, "state_url": loop.settings.state_url}
    for setting, sensor in {"lake": "clients_sensor", "state_url": "alerts"}.items():
        settings = south.settings.model_copy(update={setting: of_loop[setting]})
        other = Loop(settings, south.instance, south.stores, south.url)
        loop.stores["bolt"].requests = 0
        (run,) = other.run("stock", "bolt")
        assert f"that NPF_{setting.upper()} {OF_NORTH}" in run.failure
        assert "docs/deployment.md" in run.failure
        assert "\n" not in run.failure.strip()
        assert loop.stores["bolt"].requests == 0
        with pytest.raises(OfAnotherCell, match=OF_NORTH):
            look(other, sensor)
        assert_pages_are_refused(other)
        other.services.close_databases()
    job = build_defs(settings.model_copy(update=of_loop)).resolve_job_def("retention_job")
    assert not job.execute_in_process(instance=loop.instance, raise_on_error=False).success
    assert marks(loop) == ("", "")


def assert_pages_are_refused(other: Loop) -> None:
    pages = LivePages(other.services, ReportFolder(other.settings.reports, ""))
    with LoopbackServer(reports_app(pages.page, lambda _: None, Metrics(other.services))) as server:
        answer = httpx.get(f"{server.url}/bolt.html")
        assert answer.status_code == 503
        assert OF_NORTH in answer.text
        assert len(answer.text.splitlines()) == 1
        if other.settings.lake.endswith("south/lake"):
            assert OF_NORTH in httpx.get(f"{server.url}/metrics").text


def test_npf_init_marks_both_and_refuses_another_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setattr("npf_pipelines.cli.init.prepare_home", lambda _: tmp_path)  # Dagster's part takes seconds.

    def init(cell: str, **environment: object) -> Any:
        named = {"NPF_DATA": str(tmp_path), "NPF_CELL": cell} | {
            name: str(value) for name, value in environment.items()
        }
        return CliRunner().invoke(app, ["init"], env=named)

    for _ in range(2):
        assert init("").exit_code == 0
        assert init("north").exit_code == 0
    for lake, state, owner in (("lake", "state.sqlite", ""), ("cells/north/lake", "cells/north/state.sqlite", "north")):
        for setting in ({"NPF_LAKE": tmp_path / lake}, {"NPF_STATE_URL": f"sqlite:///{tmp_path / state}"}):
            refused = init("south", **setting)
            assert refused.exit_code == 1
            (sentence,) = refused.output.splitlines()
            assert sentence.startswith(f"the {'lake' if 'NPF_LAKE' in setting else 'state'} that {next(iter(setting))}")
            assert f"belongs to {f'the cell {owner}' if owner else 'the code location without a cell'}" in sentence
    assert init("south").exit_code == 0


def test_two_cells_that_mark_at_once_do_not_both_succeed(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    both = [Services(settings.model_copy(update={"cell": name})) for name in ("north", "south")]
    for services in both:  # Both have opened them before either has marked them.
        assert services.lake.clients() == []
        assert services.state
    both[0].mark()
    with pytest.raises(OfAnotherCell, match="the state that NPF_STATE_URL names belongs to the cell north"):
        both[1].mark()
    with both[0].state.begin() as connection:
        connection.execute(sa.text("DELETE FROM cell"))
    with pytest.raises(OfAnotherCell, match="the lake that NPF_LAKE names belongs to the cell north"):
        both[1].mark()
