"""The definitions: complete, clean, and the graph that the design draws."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from npf_pipelines.automation.flows import FLOWS
from npf_pipelines.config.settings import Settings
from npf_pipelines.definitions import build_defs
from npf_pipelines.lake.tables import TABLES
from npf_pipelines_tests.docs.pages import PROJECT

GRAPH = {
    "raw_orders": {"store_orders"},
    "filtered_orders": {"raw_orders"},
    "platform_orders": {"filtered_orders"},
    "npf_platform": {"platform_orders"},
    "shipment_records": {"npf_platform"},
    "tracking_push": {"shipment_records"},
    "store_shipments": {"tracking_push"},
    "stock_snapshots": {"npf_platform", "store_orders"},
    "stock_push": {"stock_snapshots"},
    "store_amounts": {"stock_push"},
    "store_orders": set(),
    "client_report": {"filtered_orders", "platform_orders", "tracking_push", "stock_push"},
    "overview": {"filtered_orders", "platform_orders", "tracking_push", "stock_push"},
}


@pytest.fixture
def defs(tmp_path: Path) -> dg.Definitions:
    """The definitions over a folder in which nothing is."""
    return build_defs(
        Settings(data=tmp_path, clients=tmp_path / "clients", platform_url=SecretStr(f"sqlite:///{tmp_path}/p.sqlite"))
    )


def test_the_graph_is_the_one_that_the_design_draws(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    drawn = {
        key.to_user_string(): {up.to_user_string() for up in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert drawn == GRAPH


@pytest.mark.parametrize("table", [name for name in TABLES if name in GRAPH])
def test_every_asset_presents_itself(defs: dg.Definitions, table: str) -> None:
    node = defs.resolve_asset_graph().get(dg.AssetKey(table))
    assert node.description
    assert node.group_name in {"orders", "shipments", "stock"}
    assert node.kinds
    assert node.owners == ["team:npf-data"]
    schema = node.metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns] == list(TABLES[table].schema.columns)
    assert all(column.description for column in schema.columns)
    assert node.partitions_def is not None
    assert node.backfill_policy == dg.BackfillPolicy.single_run()


def test_a_columns_description_says_where_it_comes_from(defs: dg.Definitions) -> None:
    schema = defs.resolve_asset_graph().get(dg.AssetKey("filtered_orders")).metadata["dagster/column_schema"]
    described = {column.name: column.description for column in schema.columns}
    assert described["is_test"] == "whether it is made of test items only (from raw_orders: lines)"
    assert described["decided_at"] == "when the decision was made"


def test_loading_opens_nothing(defs: dg.Definitions, tmp_path: Path) -> None:
    defs.resolve_all_job_defs()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_can_not_be_a_backfill_ends_by_itself(defs: dg.Definitions) -> None:
    backfilled = {flow.job for flow in FLOWS}
    for job in defs.resolve_all_job_defs():
        if not job.name.startswith("__"):
            assert (job.name in backfilled) != ("dagster/max_runtime" in job.tags), job.name


def test_every_run_holds_the_lease_that_lost_runs_looks_for(defs: dg.Definitions) -> None:
    for job in defs.resolve_all_job_defs():
        steps = [node.definition for node in job.nodes]
        assert steps
        assert all(isinstance(step, dg.OpDefinition) and "services" in step.required_resource_keys for step in steps)


def test_no_tick_has_dagster_open_an_instance_for_its_resources(defs: dg.Definitions) -> None:
    ticking = [*(defs.sensors or ()), *(defs.schedules or ())]
    names = {one.name: one.required_resource_keys for one in ticking if isinstance(one, _OF_OURS)}
    assert len(names) == len(ticking)
    assert {name: keys for name, keys in names.items() if keys} == {}


_OF_OURS = (dg.SensorDefinition, dg.ScheduleDefinition)


def test_the_jobs_are_there(defs: dg.Definitions) -> None:
    names = {job.name for job in defs.resolve_all_job_defs()}
    assert names >= {"orders_job", "shipments_job", "stock_job", "audit_job", "reports_job"}


def test_no_check_runs_along_with_an_asset_or_is_forgotten_when_one_is_made(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    assert graph.asset_check_keys
    assert [key for key in graph.asset_check_keys if graph.get(key.asset_key).is_materializable] == []


@pytest.mark.parametrize(
    ("modules", "not_needed"),
    [
        ("npf_pipelines.definitions", "matplotlib"),
        ("npf_pipelines.cli", "pandas"),
        (
            ", ".join(f"npf_pipelines.cli.{name}" for name in ("sql", "trace", "orders", "hold", "client.pause")),
            "dagster",
        ),
    ],
)
def test_loading_imports_nothing_slow_that_only_some_need(modules: str, not_needed: str) -> None:
    loading = f"import sys, {modules}; sys.exit('{not_needed}' in sys.modules)"
    subprocess.run([sys.executable, "-c", loading], cwd=PROJECT, check=True)  # noqa: S603 - our own environment's Python


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["dg", "check", "defs"], "All definitions loaded successfully"),
        pytest.param(["dg", "list", "defs"], "platform_orders", marks=pytest.mark.long),
        pytest.param(
            ["dagster", "definitions", "validate"], "All code locations passed validation", marks=pytest.mark.long
        ),
    ],
    ids=" ".join,
)
def test_dagsters_own_commands_find_the_definitions(command: list[str], said: str) -> None:
    program, *words = command
    done = subprocess.run(  # noqa: S603 - our own environment's programs
        [str(Path(sys.executable).with_name(program)), *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stdout + done.stderr
