"""The calls of Dagster that are not public, and no others: the only module that another release of Dagster can break.

A run takes many partitions, and some of them may fail. Dagster has no public way to fail one partition of such a run
(dagster-io/dagster issues 17836 and 15666): an output marks every partition of the run as materialized, and a failed
step none. So the steps yield no output and report each partition themselves (partition_status.py):
`AssetMaterialization` events, which are public, and planned events, which are not. Dagster shows a partition as failed
if its newest planned event is newer than its newest materialization and of a run that has failed. A public "this
partition failed" event, or a public way to plan partitions from inside a run, would replace `plan_partition` and
`materialized_partitions`.

Public calls that were tried and are not used:

- `DagsterInstance.get_status_by_partition` takes 0.14 to 0.3 s for 100 keys, where the two queries of
  `materialized_partitions` take 0.05 s (measured), and writes Dagster's status cache: runs of several processes would
  compete for the one writer of an SQLite database. The contract test reads the status with it.
- `DagsterInstance.fetch_materializations` reads every event of an asset to find the newest of each partition.

`npf_pipelines_tests/runs/test_dagster_internals.py` is the contract: it fails with a sentence when another release of
Dagster behaves differently. `make test-newest-dagster` runs it against the newest release.

Not here: what a run reports of its partitions (partition_status.py), which old runs are deleted
(automation/old_runs.py).
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from dagster._core.events import AssetMaterializationPlannedData, EngineEventData
from dagster._core.storage.event_log import SqliteEventLogStorage

from npf_pipelines.domain.chunking import chunked

Materialized = Collection[tuple[str, str]]
"""Partitions, by the asset's name and the partition key."""

Asset = dg.AssetKey | str
"""An asset by its key, or by its name where no cell is before it."""

_AUTOMATION_TAGS = frozenset({"dagster/schedule_name", "dagster/sensor_name"})
"""The tags that Dagster gives to a run that a schedule or a sensor requested (documented)."""
_STATUS_EVENTS = (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
_KEYS_PER_QUERY = 5000
_EVENTS_PER_QUERY = 1000


class RunFailed(dg.Failure):
    """The expected failure of a run, in sentences: its event shows no stack trace.

    Dagster keeps a failure's traceback with its event, and the UI shows all of it. It reads the description after it
    has taken the traceback: at that moment all but the first frame is cut off.
    """

    def __init__(
        self,
        description: str,
        *,
        metadata: Mapping[str, dg.MetadataValue] | None = None,
        allow_retries: bool | None = None,
    ) -> None:
        self._description = description
        super().__init__(description, metadata=metadata, allow_retries=allow_retries)

    @property
    def description(self) -> str:
        """The sentences."""
        if self.__traceback__ is not None:
            self.__traceback__.tb_next = None
        return self._description

    @description.setter
    def description(self, value: str) -> None:
        self._description = value


@dataclass(frozen=True)
class RunFacts:
    """The facts of a run that its clients need.

    Attributes:
        run_id: the run's id.
        flow: the name of the flow, which is the name of its op.
        assets: the names of the selected assets, sorted.
        is_whole: whether all assets of the flow are selected.
        is_automated: whether a schedule or a sensor requested the run.
    """

    run_id: str
    flow: str
    assets: Sequence[str]
    is_whole: bool
    is_automated: bool


def run_facts(context: dg.AssetExecutionContext) -> RunFacts:
    """The facts of the run that the context belongs to."""
    definition = context.assets_def
    return RunFacts(
        run_id=context.run.run_id,
        flow=definition.op.name,
        assets=sorted(key.path[-1] for key in context.selected_asset_keys),
        # In a run of a subset, `keys` holds the selected ones only.
        is_whole=context.selected_asset_keys == set(definition.node_keys_by_output_name.values()),
        is_automated=not _AUTOMATION_TAGS.isdisjoint(context.run.tags),
    )


def with_keys(
    assets: dg.AssetsDefinition, key_of: Callable[[str], dg.AssetKey], known: Iterable[str]
) -> dg.AssetsDefinition:
    """The assets, or checks, under other keys, and depending on other keys.

    Args:
        assets: a definition whose keys are plain names.
        key_of: the new key of a name.
        known: the names to replace, wherever they appear.
    """
    return assets.with_attributes(asset_key_replacements={dg.AssetKey(name): key_of(name) for name in known})


def from_code_server(key: str, own: str) -> str:
    """A value of the code server that launched the run for which this process loads the definitions.

    Dagster hands a note of the code server on to the process of each of its runs, also of a run that the UI launches
    over assets. The run itself is not known there, and a run over assets that the process lacks fails inside Dagster.

    Args:
        key: the note's name.
        own: this process's value, which is the answer where the definitions are loaded for no such run.
    """
    context = DefinitionsLoadContext.get()
    if context.load_type == DefinitionsLoadType.RECONSTRUCTION:
        return str(context.reconstruction_metadata.get(key, own))
    context.add_to_pending_reconstruction_metadata(key, own)
    return own


def tag_run(context: dg.AssetExecutionContext, tags: Mapping[str, str]) -> None:
    """Add tags to the run, unless it has them already."""
    if missing := {key: value for key, value in tags.items() if key not in context.run.tags}:
        context.instance.add_run_tags(context.run.run_id, missing)


def note_step(context: dg.AssetExecutionContext, text: str, metadata: Mapping[str, dg.MetadataValue]) -> None:
    """Show metadata at the step in the run's log, whether the step succeeds or fails."""
    step = context.assets_def.op.name
    context.instance.report_engine_event(text, context.run, EngineEventData(metadata), step_key=step)


def plan_partition(context: dg.AssetExecutionContext, asset: Asset, key: str) -> None:
    """Show a partition as in progress. It shows as failed if the run fails without materializing it."""
    event = dg.DagsterEvent.build_asset_materialization_planned_event(
        context.run.job_name,
        context.assets_def.op.name,
        AssetMaterializationPlannedData(dg.AssetKey.from_coercible(asset), key),
    )
    context.instance.report_dagster_event(event, context.run.run_id, logging.DEBUG)


def materialized_partitions(instance: dg.DagsterInstance, assets: Iterable[Asset], keys: Sequence[str]) -> Materialized:
    """The partitions that are materialized and that no run has started again since.

    Args:
        instance: queried twice for each asset.
        assets: the assets.
        keys: the partitions' keys.
    """
    asset_keys = [dg.AssetKey.from_coercible(asset) for asset in assets]
    return {
        (asset.path[-1], key)
        for chunk in chunked(keys, _KEYS_PER_QUERY)
        for asset in asset_keys
        for key in _materialized_keys(instance, asset, set(chunk))
    }


def _materialized_keys(instance: dg.DagsterInstance, asset: dg.AssetKey, keys: set[str]) -> Iterator[str]:
    materialized, planned = (
        instance.get_latest_storage_id_by_partition(asset, event_type, keys) for event_type in _STATUS_EVENTS
    )
    return (key for key, storage_id in materialized.items() if storage_id > planned.get(key, 0))


def launched_partitions(context: dg.AssetExecutionContext) -> Sequence[str]:
    """The keys of the partitions that a person has selected for the run; none for a run that names its clients."""
    is_over_partitions = context.has_partition_key or context.has_partition_key_range
    return context.partition_keys if is_over_partitions else ()


def materialized_before_launch(
    context: dg.AssetExecutionContext, asset: Asset, key: str
) -> dg.AssetMaterialization | None:
    """The newest materialization of a partition that was materialized before this run was planned over it."""

    def newest(event_type: dg.DagsterEventType, most: int) -> Sequence[dg.EventLogRecord]:
        asset_key = dg.AssetKey.from_coercible(asset)
        records = dg.EventRecordsFilter(event_type, asset_key=asset_key, asset_partitions=[key])
        return list(context.instance.event_log_storage.get_event_records(records, limit=most))

    made, planned = _STATUS_EVENTS
    last = next(iter(newest(made, 1)), None)
    earlier = [event.storage_id for event in newest(planned, 2) if event.run_id != context.run.run_id]
    return last.asset_materialization if last and last.storage_id > max(earlier, default=0) else None


def ever_materialized(instance: dg.DagsterInstance, asset: Asset) -> Collection[str]:
    """The keys of the asset's partitions that were ever materialized."""
    return instance.get_materialized_partitions(dg.AssetKey.from_coercible(asset))


def runs_behind_status(
    instance: dg.DagsterInstance, before: datetime, has_key: Callable[[dg.AssetKey], bool]
) -> Iterator[str]:
    """The ids of runs that Dagster needs to show the status of a partition, or of an asset without partitions.

    Args:
        instance: queried a few times for each asset.
        before: only runs whose events are older.
        has_key: which assets count.
    """
    for record in instance.get_asset_records():
        key, last = record.asset_entry.asset_key, record.asset_entry.last_materialization_record
        if not has_key(key):
            continue
        if last:
            yield last.run_id
        for event_type in _STATUS_EVENTS:
            newest = sorted(instance.get_latest_storage_id_by_partition(key, event_type).values())
            for chunk in chunked(newest, _EVENTS_PER_QUERY):
                records = dg.EventRecordsFilter(
                    event_type, asset_key=key, storage_ids=chunk, before_timestamp=before.timestamp()
                )
                yield from (event.run_id for event in instance.event_log_storage.get_event_records(records))


def delete_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run with its events and logs; `DagsterInstance.delete_run` leaves files behind."""
    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    if isinstance(instance.event_log_storage, SqliteEventLogStorage):
        # SQLite keeps each run's events in a file of its own, which does not shrink.
        path = instance.event_log_storage.path_for_shard(run_id)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def fail_run(instance: dg.DagsterInstance, run: dg.DagsterRun, reason: str) -> None:
    """End a run whose process no longer exists, as failed."""
    instance.report_run_failed(run, reason)


def instance_in(home: Path) -> dg.DagsterInstance:
    """The instance of a folder with a dagster.yaml, to be used as a context manager."""
    return dg.DagsterInstance.from_config(str(home))


def instance_of_tick(context: dg.SensorEvaluationContext | dg.ScheduleEvaluationContext) -> dg.DagsterInstance:
    """The instance of a sensor's or a schedule's tick, which the process opens once.

    Dagster opens one for each tick that asks for it, or for a resource, and reads the versions of three databases:
    more than half of the time of a tick in which nothing has happened (measured).
    """
    ref = context.instance_ref
    if ref is None:  # The context was made with an instance.
        return context.instance
    with _opening:
        if ref not in (known for known, _ in _opened):
            _opened[:] = [(ref, dg.DagsterInstance.from_ref(ref))]
        return _opened[0][1]


_opening = threading.Lock()
_opened: list[tuple[object, dg.DagsterInstance]] = []
"""The instance of the last tick; a process has one."""


def upgrade_databases(instance: dg.DagsterInstance) -> None:
    """Create the instance's databases, or upgrade the databases of an earlier release of Dagster.

    Raises:
        alembic.util.CommandError: a database has two versions.
    """
    storages = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
    versions = [storage.alembic_version() for storage in storages if storage is not None]
    if any(found is not None and found[0] != found[1] for found in versions):
        instance.upgrade()
