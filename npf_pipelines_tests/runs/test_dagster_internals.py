"""The contract with Dagster: the calls that are not public do what runs/dagster_internals.py needs of them.

`make test-newest-dagster` runs this file against the newest release. Each failure is one sentence that names what the
module needs and the release's own error.
"""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext
from dagster._core.definitions.reconstruct import (
    initialize_repository_def_from_pointer,
    reconstruct_repository_def_from_pointer,
)
from dagster._core.definitions.repository_definition import RepositoryLoadData

from npf_pipelines.runs import dagster_internals
from npf_pipelines.runs.partition_status import PartitionStatus

DAY, NEXT_DAY, LAST_DAY = (date(2026, 11, day) for day in (24, 25, 26))
PARTITIONS = dg.MultiPartitionsDefinition(
    {
        "client": dg.DynamicPartitionsDefinition(name="clients"),
        "day": dg.DailyPartitionsDefinition("2026-11-24", end_date="2026-11-27"),
    }
)
ASSETS = ("pulled", "decided")


@contextlib.contextmanager
def contract(expectation: str) -> Iterator[None]:
    """Fail with a sentence, whatever the release of Dagster raises instead."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever the release raises
        said = str(error).strip().split("\n")[0]
        pytest.fail(
            f"Dagster {dg.__version__} breaks runs/dagster_internals.py: {expectation}"
            f" ({type(error).__name__}: {said}). Stay on the pinned release, or adapt that module.",
            pytrace=False,
        )


class World:
    """An instance, and runs of a flow of two assets over named partitions of two clients."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance) -> None:
        self.folder, self.instance = folder, instance
        instance.add_dynamic_partitions("clients", ["acme", "bolt"])

    def run(
        self,
        steps: Any,
        *,
        materialized: Any = frozenset(),
        selection: Sequence[str] = ASSETS,
        fails: bool = False,
    ) -> str:
        """Run the steps, a function of a client's `PartitionStatus` for three days; the run's id."""

        @dg.multi_asset(
            name="flow",
            specs=[dg.AssetSpec(name, skippable=True) for name in ASSETS],
            partitions_def=PARTITIONS,
            can_subset=True,
        )
        def flow(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
            self.facts = dagster_internals.run_facts(context)
            steps(PartitionStatus(context, "acme", [DAY, NEXT_DAY, LAST_DAY], materialized))
            dagster_internals.note_step(context, "flow of 1 client", {"clients": dg.MetadataValue.int(1)})
            dagster_internals.tag_run(context, {"npf/clients": "acme"})
            if fails:
                raise dagster_internals.RunFailed("failed for 1 of the run's clients")
            yield from ()

        job = dg.define_asset_job("flow_job", selection=dg.AssetSelection.assets(*selection))
        defs = dg.Definitions(assets=[flow], jobs=[job], executor=dg.in_process_executor)
        result = defs.resolve_job_def("flow_job").execute_in_process(
            instance=self.instance, raise_on_error=False, tags={"dagster/sensor_name": "new_orders"}
        )
        return result.run_id

    def status(self, asset: str) -> dict[str, str]:
        """The status of the client's days by Dagster's public call."""
        keys = [f"acme|{day}" for day in (DAY, NEXT_DAY, LAST_DAY)]
        found = self.instance.get_status_by_partition(dg.AssetKey(asset), keys, PARTITIONS)
        return {key[-2:]: status.value if status else "missing" for key, status in (found or {}).items()}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield World(tmp_path, instance)


def _one_good_one_failed(status: PartitionStatus) -> None:
    status.started(DAY)
    status.started(NEXT_DAY)
    for asset in ASSETS:
        status.materialized(asset, {"rows": 3}, DAY)
        status.unchanged(asset, LAST_DAY)
    status.incomplete("decided", {"waiting": dg.MetadataValue.int(2)}, NEXT_DAY)
    status.close("the store is off")


def test_one_run_materializes_one_partition_and_fails_another(world: World) -> None:
    with contract("one partition of a run must become materialized, another one failed, and a third stay as it is"):
        world.run(_one_good_one_failed, fails=True)
        for asset in ASSETS:
            assert world.status(asset) == {"24": "MATERIALIZED", "25": "FAILED", "26": "missing"}


def test_the_reason_and_the_metadata_are_shown_on_the_failed_partition(world: World) -> None:
    with contract("an observation must show the reason on the partition that was not materialized"):
        world.run(_one_good_one_failed, fails=True)
        records = world.instance.fetch_observations(dg.AssetKey("decided"), limit=10).records
        (observed,) = [record.event_log_entry.asset_observation for record in records]
        assert observed is not None
        assert (observed.partition, observed.description) == (f"acme|{NEXT_DAY}", "Not made: the store is off")
        assert observed.metadata["waiting"].value == 2


def test_a_failed_partition_that_succeeds_is_materialized_again(world: World) -> None:
    def succeed(status: PartitionStatus) -> None:
        status.started(NEXT_DAY)
        for asset in ASSETS:
            status.materialized(asset, {}, NEXT_DAY)

    with contract("a materialization must replace the failed status"):
        world.run(_one_good_one_failed, fails=True)
        world.run(succeed)
        assert world.status("pulled")["25"] == "MATERIALIZED"


def test_a_materialized_partition_that_a_run_starts_and_leaves_is_failed(world: World) -> None:
    with contract("a partition that a failed run started and never materialized must be failed"):
        world.run(_one_good_one_failed, fails=True)
        world.run(lambda status: status.started(DAY), fails=True)
        assert world.status("pulled")["24"] == "FAILED"


def test_the_two_queries_agree_with_the_status_that_dagster_shows(world: World) -> None:
    keys = [f"acme|{day}" for day in (DAY, NEXT_DAY, LAST_DAY)]
    with contract("get_latest_storage_id_by_partition must return the materialized partitions"):
        world.run(_one_good_one_failed, fails=True)
        found = dagster_internals.materialized_partitions(world.instance, ASSETS, keys)
        assert found == {(asset, f"acme|{DAY}") for asset in ASSETS}
        world.run(lambda status: status.started(DAY))
        assert dagster_internals.materialized_partitions(world.instance, ASSETS, keys) == set()
        assert dagster_internals.ever_materialized(world.instance, "pulled") == {f"acme|{DAY}"}


def test_what_was_materialized_before_is_current_until_the_run_changes_the_day(world: World) -> None:
    seen: list[bool] = []

    def steps(status: PartitionStatus) -> None:
        seen.append(status.is_current("pulled", DAY))
        seen.append(status.is_current("pulled", NEXT_DAY))
        status.started(DAY)
        seen.append(status.is_current("decided", DAY))

    world.run(steps, materialized={(asset, f"acme|{DAY}") for asset in ASSETS})
    assert seen == [True, False, False]


def test_what_was_materialized_before_a_run_was_planned_over_it_is_known(world: World) -> None:
    def materialize(status: PartitionStatus) -> None:
        for day in (DAY, NEXT_DAY):
            status.started(day)
            status.materialized("pulled", {"rows": 3}, day)

    found: dict[date, dg.AssetMaterialization | None] = {}

    def ask(status: PartitionStatus) -> None:
        for day in (DAY, NEXT_DAY):
            status.started(day)
            found[day] = dagster_internals.materialized_before_launch(status._context, "pulled", f"acme|{day}")

    world.run(materialize)
    world.run(lambda status: status.started(NEXT_DAY), fails=True)
    with contract("of the events of a partition, the newest are found, with their runs"):
        world.run(ask)
        before = found[DAY]
        assert before
        assert before.metadata["rows"].value == 3
        assert found[NEXT_DAY] is None


def test_a_run_names_its_flow_and_who_requested_it(world: World) -> None:
    with contract("the context must name the run, the op, the selected assets and all assets of the step"):
        run_id = world.run(lambda _: None)
        facts = world.facts
        assert (facts.run_id, facts.flow, list(facts.assets)) == (run_id, "flow", ["decided", "pulled"])
        assert (facts.is_whole, facts.is_automated) == (True, True)
        world.run(lambda _: None, selection=["pulled"])
        assert (list(world.facts.assets), world.facts.is_whole) == (["pulled"], False)


def test_a_deleted_run_leaves_no_events_and_no_files(world: World) -> None:
    with contract("a run's events, logs and SQLite file must be found and deleted"):
        run_id = world.run(_one_good_one_failed, fails=True)
        assert [path for path in world.folder.rglob("*") if run_id in path.name]
        dagster_internals.delete_run(world.instance, run_id)
        assert [path for path in world.folder.rglob("*") if run_id in path.name] == []
        assert world.status("pulled")["24"] == "missing"


def test_the_runs_behind_a_status_are_the_last_of_each_partition(world: World) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    with contract("the newest event of each partition must name its run"):
        first = world.run(_one_good_one_failed, fails=True)
        second = world.run(lambda status: status.started(DAY))
        third = world.run(lambda status: status.started(DAY))
        needed = set(dagster_internals.runs_behind_status(world.instance, later, lambda _: True))
        # The first has the only materializations and the failure of the next day.
        assert needed == {first, third}
        assert second not in needed


def test_a_run_without_a_process_is_ended_as_failed(world: World) -> None:
    with contract("report_run_failed must end a run"):
        run = world.instance.get_run_by_id(world.run(lambda _: None))
        assert run is not None
        dagster_internals.fail_run(world.instance, run, "the run's process is gone")
        ended = world.instance.get_run_by_id(run.run_id)
        assert ended is not None
        assert ended.status is dg.DagsterRunStatus.FAILURE


def test_an_expected_failure_shows_its_sentence_and_no_stack(world: World) -> None:
    with contract("a failure's description must be read after its traceback was taken"):
        entries = world.instance.all_logs(world.run(lambda _: None, fails=True))
        events = [entry.dagster_event for entry in entries if entry.dagster_event]
        (failed,) = [event for event in events if event.is_step_failure]
        data = failed.step_failure_data
        assert data.user_failure_data is not None
        assert data.user_failure_data.description == "failed for 1 of the run's clients"
        assert data.error is not None
        assert len(data.error.stack) == 1


def test_a_run_is_tagged_and_its_step_noted_while_it_runs(world: World) -> None:
    with contract("add_run_tags and report_engine_event must work inside a run"):
        run = world.instance.get_run_by_id(world.run(lambda _: None))
        assert run is not None
        assert run.tags["npf/clients"] == "acme"
        entries = [entry.dagster_event for entry in world.instance.all_logs(run.run_id) if entry.dagster_event]
        (noted,) = [event for event in entries if event.message == "flow of 1 client"]
        assert (noted.step_key, noted.engine_event_data.metadata["clients"].value) == ("flow", 1)


def test_a_note_of_the_code_server_reaches_the_process_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "noted.py").write_text(
        "import os, dagster as dg\n"
        "from npf_pipelines.runs.dagster_internals import from_code_server\n"
        "@dg.definitions\n"
        "def defs(): return dg.Definitions(metadata={'note': from_code_server('npf/note', os.environ['NOTE'])})\n",
        encoding="utf-8",
    )
    with contract("a code server's note must reach the processes of its runs"):
        monkeypatch.setattr(DefinitionsLoadContext, "_instance", None)
        pointer = ModuleCodePointer("noted", "defs", str(tmp_path))
        monkeypatch.setenv("NOTE", "the server's")
        launched = initialize_repository_def_from_pointer(pointer).repository_load_data
        monkeypatch.setenv("NOTE", "the process's")
        for load_data, expected in ((launched, "the server's"), (RepositoryLoadData({}), "the process's")):
            loaded = reconstruct_repository_def_from_pointer(pointer, load_data)
            assert dict(loaded.metadata or {})["note"].value == expected


def test_the_ticks_of_a_process_have_one_open_instance(world: World) -> None:
    ref = world.instance.get_ref()
    first, second = (
        dagster_internals.instance_of_tick(dg.SensorEvaluationContext(ref, None, None, None, None)) for _ in range(2)
    )
    assert first is second
    assert first.get_ref() == ref
    with dg.build_sensor_context(world.instance) as context:
        assert dagster_internals.instance_of_tick(context) is world.instance


def test_the_databases_of_this_release_need_no_upgrade(world: World) -> None:
    with contract("the storages must say the version of their databases"):
        dagster_internals.upgrade_databases(world.instance)
