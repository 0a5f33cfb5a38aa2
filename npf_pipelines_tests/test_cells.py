"""Cells: code locations with clients of their own, which share one Dagster and the platform's database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import time_machine
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext
from dagster._core.definitions.reconstruct import (
    initialize_repository_def_from_pointer,
    reconstruct_repository_def_from_pointer,
)

from npf_pipelines.automation.flows import ORDERS
from npf_pipelines.automation.launch import evaluate_checks
from npf_pipelines.automation.old_runs import delete_old_runs
from npf_pipelines.definitions import build_defs
from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.runs.cell import MOST_CLIENTS, Cell, InTwoCells, OfAnotherCell
from npf_pipelines.runs.run_scope import scope_config
from npf_pipelines.state.alerts import read_alerts
from npf_pipelines_tests.automation.test_retention import LATER
from npf_pipelines_tests.automation.ticks import clients, execute, look, tick
from npf_pipelines_tests.cells import beside
from npf_pipelines_tests.loop import Loop, settings_of, write_setup

SOUTH = Cell("south")
ACME_ONLY, BOLT_ONLY = ["acme"], ["bolt"]


def done(loop: Loop, asset: dg.AssetKey) -> set[str]:
    return {key.partition("|")[0] for key in loop.instance.get_materialized_partitions(asset)}


def test_two_cells_in_one_dagster_read_and_write_their_own(loop: Loop) -> None:
    south = beside(loop, "south", "bolt")
    loop.stores = {"acme": loop.stores["acme"]}
    for cell in (loop, south):
        look(cell, "clients_sensor")
        assert cell.run_all() == []
        assert cell.disagreements() == []
    for table in ("raw_orders", "platform_orders", "stock_push"):
        assert done(loop, dg.AssetKey(table)) == {"acme"}
        assert done(loop, SOUTH.key(table)) == {"bolt"}
    assert loop.services.lake.clients() == ACME_ONLY
    assert south.services.lake.clients() == BOLT_ONLY

    # A run of one cell keeps no client of the other from being requested, whatever its job and config say.
    waiting = loop.instance.create_run_for_job(
        south.defs.resolve_job_def("orders_job"),
        run_config=scope_config("orders", ["bolt"], None),
        tags=dict(SOUTH.tags),
    )
    assert ORDERS.unfinished(loop.instance, Cell()) == []
    assert [record.dagster_run.run_id for record in ORDERS.unfinished(loop.instance, SOUTH)] == [waiting.run_id]
    loop.instance.report_run_failed(waiting)
    for cell, own in ((loop, ACME_ONLY), (south, BOLT_ONLY)):
        night = tick(cell, "nightly_stock")
        assert isinstance(night, list)
        assert clients(night) == [own]
        assert clients(look(cell, "platform_changes")[0]) == [own, own]

    # The platform has an order of bolt with a SKU that the warehouse doesn't know: a finding of its own cell alone.
    with south.services.platform_engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM stock WHERE client = 'bolt'")
    for cell, named_there in ((loop, {"acme"}), (south, {"bolt"})):
        evaluations, failure = evaluate_checks(cell.defs, cell.instance)
        assert failure == ""
        named = {client for found in evaluations for client in ("acme", "bolt") if f"'{client}'" in str(found.metadata)}
        assert named <= named_there
        assert {tuple(found.asset_key.path[:-1]) for found in evaluations} == {("south",) if cell is south else ()}


def test_runs_that_fail_before_they_begin_open_an_alert_in_their_cell_alone(loop: Loop) -> None:
    south = beside(loop, "south", "bolt")

    def fail(has_begun: bool, queued: timedelta = timedelta()) -> None:
        """A run as another cell's worker refuses it, or one that fails at its work."""
        job = south.defs.resolve_job_def("stock_job")
        with time_machine.travel(datetime.now(UTC) - queued):
            run = loop.instance.create_run_for_job(job, tags=dict(SOUTH.tags))
        if has_begun:
            loop.instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", job.name), run.run_id)
        loop.instance.report_run_failed(run)

    def kinds(cell: Loop) -> set[str]:
        look(cell, "alerts")
        return {alert.kind for alert in read_alerts(cell.services.state).values() if alert.over_at is None}

    for has_begun in (False, True, False):
        fail(has_begun)
    assert AlertKind.NOT_STARTING not in kinds(south)
    fail(False, queued=timedelta(hours=5))
    assert AlertKind.NOT_STARTING in kinds(south)
    assert AlertKind.NOT_STARTING not in kinds(loop)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16)):
        assert AlertKind.NOT_STARTING not in kinds(south)


def test_retention_deletes_only_the_runs_of_its_cell(loop: Loop) -> None:
    south = beside(loop, "south", "bolt")
    for cell, client in ((loop, "acme"), (south, "bolt")):
        for _ in range(2):
            cell.run("orders", client, days=(loop.days[0],) * 2)
    assert delete_old_runs(loop.instance, LATER, timedelta(days=90), south.services.cell) == (1, 1)
    left = [SOUTH.has_run(record.dagster_run) for record in loop.instance.get_run_records()]
    assert left == [True, False, False]


def test_a_client_in_two_cells_is_refused(loop: Loop) -> None:
    south = beside(loop, "south", "bolt")
    look(loop, "clients_sensor")
    look(south, "clients_sensor")
    write_setup(south.settings.clients, "acme", loop.url)
    sentence = "acme is in the code location without a cell, too: nothing runs for it in the cell south"
    assert sentence in look(south, "clients_sensor")[2]
    assert south.services.cell.registered(loop.instance) == BOLT_ONLY
    with pytest.raises(InTwoCells, match="acme is in the code location without a cell"):
        south.run("orders", "acme")
    assert loop.stores["acme"].requests == 0
    look(south, "alerts")
    (alert,) = [alert for alert in read_alerts(south.services.state).values() if "acme" in alert.text]
    assert (alert.about, alert.text) == ("master setups", sentence)
    assert alert.what_to_do == (
        "If npf client move was cut off, run it again. Otherwise, in the cell in which the client is a mistake: npf "
        "client remove acme."
    )

    # Both have registered it at the same moment: neither works on it.
    loop.instance.add_dynamic_partitions("clients_south", ["acme"])
    for cell, other in ((loop, "the cell south"), (south, "the code location without a cell")):
        (run,) = cell.run("stock", "acme")
        assert f"acme is in {other}, too" in run.failure
    assert loop.stores["acme"].requests == 0


def test_a_run_of_the_ui_belongs_to_the_cell_of_its_assets() -> None:
    def run(**fields: object) -> dg.DagsterRun:
        return dg.DagsterRun("__ASSET_JOB", **fields)  # type: ignore[arg-type]

    own, other = SOUTH.key("raw_orders"), dg.AssetKey("raw_orders")
    assert [cell.has_run(run(asset_selection={own})) for cell in (SOUTH, Cell(), Cell("north"))] == [True, False, False]
    assert [cell.has_run(run(asset_selection={other})) for cell in (SOUTH, Cell())] == [False, True]
    check = dg.AssetCheckKey(own, "gap_audit")
    assert [cell.has_run(run(asset_check_selection={check})) for cell in (SOUTH, Cell())] == [True, False]
    assert [cell.has_run(run(tags={"npf/cell": "south"})) for cell in (SOUTH, Cell())] == [True, False]
    assert [cell.has_run(run()) for cell in (SOUTH, Cell())] == [False, True]


@pytest.mark.parametrize(
    ("launched_by", "process_of", "named"),
    [
        ("south", "north", ("the cell south", "the cell north")),
        ("south", "", ("the cell south", "the code location without a cell")),
        ("", "south", ("the code location without a cell", "the cell south")),
    ],
)
def test_a_process_refuses_a_run_of_another_cell_before_it_touches_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launched_by: str, process_of: str, named: tuple[str, str]
) -> None:
    for name, value in {"NPF_DATA": str(tmp_path), "NPF_CELL": launched_by, "DAGSTER_HOME": ""}.items():
        monkeypatch.setenv(name, value)
    # As Dagster does it: the code server loads the definitions, and so does the process of each of its runs.
    monkeypatch.setattr(DefinitionsLoadContext, "_instance", None)
    pointer = ModuleCodePointer("npf_pipelines.definitions", "defs")
    launched = initialize_repository_def_from_pointer(pointer).repository_load_data
    before = sorted(tmp_path.rglob("*"))
    assert reconstruct_repository_def_from_pointer(pointer, launched).get_all_jobs()
    monkeypatch.setenv("NPF_CELL", process_of)
    monkeypatch.setattr("npf_pipelines.definitions.build_defs", None)
    with pytest.raises(OfAnotherCell) as refused:
        reconstruct_repository_def_from_pointer(pointer, launched)
    assert str(refused.value).startswith(f"the run is of {named[0]} and this process is of {named[1]}, so nothing")
    assert f"give the workers of {named[0]} its settings and its queue" in str(refused.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_more_clients_than_a_cell_bears_are_warned_of() -> None:
    assert SOUTH.too_many(MOST_CLIENTS) == ""
    assert "251 clients are more than the 250 of a cell" in SOUTH.too_many(MOST_CLIENTS + 1)


def test_a_cell_has_the_same_graph_under_its_own_keys(tmp_path: Path) -> None:
    plain, south = (build_defs(settings_of(tmp_path).model_copy(update={"cell": name})) for name in ("", "south"))

    def edges(defs: dg.Definitions, cell: Cell) -> set[tuple[dg.AssetKey, dg.AssetKey]]:
        graph = defs.resolve_asset_graph()
        return {
            (cell.key(key.path[0]) if cell.name else key, cell.key(parent.path[0]) if cell.name else parent)
            for key in graph.get_all_asset_keys()
            for parent in graph.get(key).parent_keys
        }

    assert edges(plain, SOUTH) == edges(south, Cell())
    graphs = [defs.resolve_asset_graph() for defs in (plain, south)]
    assert len(graphs[0].asset_check_keys) == len(graphs[1].asset_check_keys) > 10
    described = graphs[1].get(SOUTH.key("stock_push")).description or ""
    assert "(/assets/south/store_amounts?view=checks)" in described


def test_sensors_and_schedules_of_a_cell_ask_for_runs_of_its_jobs(loop: Loop) -> None:
    south = beside(loop, "south", "bolt")
    look(south, "clients_sensor")
    asked, _, _ = look(south, "new_orders")
    (run,) = execute(south, "orders_job", asked)
    assert run.success
    assert SOUTH.has_run(run.dagster_run)
    assert done(south, SOUTH.key("raw_orders")) == {"bolt"}
