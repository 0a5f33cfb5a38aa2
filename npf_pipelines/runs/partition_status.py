"""The status that Dagster shows of each partition of a run: in progress, materialized, failed.

The only module that uses calls of Dagster that are not public. A run takes many partitions, and some of them may fail.
Dagster has no public way to fail one partition of such a run (dagster-io/dagster issues 17836 and 15666): an output
marks every partition of the run as materialized, and a failed step none. So the steps yield no output and report each
partition here: `AssetMaterialization` events, which are public, and planned events, which are not. Dagster shows a
partition as failed if its newest planned event is newer than its newest materialization and of a run that has failed.
A public "this partition failed" event, or a public way to plan partitions from inside a run, would replace
`started`, `close` and `materialized_partitions`.

Public calls that were tried and are not used:

- `DagsterInstance.get_status_by_partition` takes 0.14 to 0.3 s for 100 keys, where the two queries of
  `materialized_partitions` take 0.05 s (measured), and writes Dagster's status cache: runs of several processes would
  compete for the one writer of an SQLite database. The contract test reads the status with it.
- `DagsterInstance.fetch_materializations` reads every event of an asset to find the newest of each partition.

`npf_pipelines_tests/runs/test_partition_status.py` is the contract: it fails with a sentence when another release of
Dagster behaves differently. `make test-newest-dagster` runs it against the newest release.

Not here: what is shown of a partition (metadata.py, attention.py), what is written to the lake (partition_writer.py),
which old runs are deleted (automation/old_runs.py), the databases of an instance (cli/instance.py).
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData
from dagster._core.storage.event_log import SqliteEventLogStorage

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.progress import note_progress
from npf_pipelines.runs.partitions import day_key

Materialized = Collection[tuple[str, str]]
"""Partitions, by asset and partition key."""

_Partition = tuple[str, date | None]
_AUTOMATION_TAGS = frozenset({"dagster/schedule_name", "dagster/sensor_name"})
"""The tags that Dagster gives to a run that a schedule or a sensor requested (documented)."""
_STATUS_EVENTS = (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
_KEYS_PER_QUERY = 5000
_EVENTS_PER_QUERY = 1000


@dataclass(frozen=True)
class RunFacts:
    """The facts of a run that its clients need.

    Attributes:
        run_id: the run's id.
        flow: the name of the flow, which is the name of its op.
        assets: the selected assets, sorted.
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
        assets=sorted(key.to_user_string() for key in context.selected_asset_keys),
        # In a run of a subset, `keys` holds the selected ones only.
        is_whole=context.selected_asset_keys == set(definition.node_keys_by_output_name.values()),
        is_automated=not _AUTOMATION_TAGS.isdisjoint(context.run.tags),
    )


class PartitionStatus:
    """The status of one client's partitions in a run."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        client: str,
        days: Sequence[date],
        materialized_before: Materialized | None = None,
    ) -> None:
        """Report nothing yet.

        Args:
            context: the run's.
            client: the client's id.
            days: the run's; empty for a flow without days.
            materialized_before: for a run that names its clients, the partitions that were materialized when it began.
                None for a run launched over partitions: Dagster has planned all of them, and a person waits for them.
        """
        self._context = context
        self._client = client
        self._days: Sequence[date | None] = days or [None]
        self._assets = sorted(key.to_user_string() for key in context.selected_asset_keys)
        self._materialized_before = materialized_before
        self._started: set[_Partition] = set()
        self._materialized: set[_Partition] = set()
        self._unchanged: set[_Partition] = set()
        self._incomplete: dict[_Partition, Mapping[str, dg.MetadataValue]] = {}

    def add_days(self, days: Collection[date]) -> None:
        """Include further days in the client's part of the run."""
        self._days = [*self._days, *(day for day in sorted(days) if day not in self._days)]

    @property
    def skips_unchanged(self) -> bool:
        """Whether partitions that are materialized and unchanged need no new event."""
        return self._materialized_before is not None

    def is_current(self, asset: str, day: date | None) -> bool:
        """Whether the partition is materialized, and this run has changed nothing that it is made from."""
        if self._materialized_before is None or (asset, self._key(day)) not in self._materialized_before:
            return False
        return not any((other, day) in self._started for other in self._assets)

    def started(self, day: date | None) -> None:
        """Show the day's partitions as in progress, except those reported as unchanged.

        A partition that the run doesn't materialize after this is shown as failed when the run has failed.
        """
        if self._materialized_before is None:
            return
        run = self._context.run
        for asset in self._assets:
            if (asset, day) not in self._started and (asset, day) not in self._unchanged:
                self._started.add((asset, day))
                event = dg.DagsterEvent.build_asset_materialization_planned_event(
                    run.job_name,
                    self._context.assets_def.op.name,
                    AssetMaterializationPlannedData(dg.AssetKey(asset), self._key(day)),
                )
                self._context.instance.report_dagster_event(event, run.run_id, logging.DEBUG)

    def materialized(self, asset: str, metadata: Mapping[str, Any], day: date | None) -> None:
        """Show the partition as materialized."""
        note_progress()
        self._materialized.add((asset, day))
        self._context.log_event(dg.AssetMaterialization(asset, partition=self._key(day), metadata=metadata))

    def unchanged(self, asset: str, day: date | None) -> None:
        """Leave the partition's status as it is, without an event."""
        note_progress()
        self._unchanged.add((asset, day))

    def incomplete(self, asset: str, metadata: Mapping[str, dg.MetadataValue], day: date | None) -> None:
        """Keep the metadata of a partition that will not be materialized; `close` shows it with the reason."""
        self._incomplete[asset, day] = metadata

    def observed(
        self, asset: str, metadata: Mapping[str, dg.MetadataValue], day: date | None, description: str
    ) -> None:
        """Show metadata on the partition without changing its status."""
        self._context.log_event(
            dg.AssetObservation(asset, partition=self._key(day), description=description, metadata=metadata)
        )

    def close(self, failure_reason: str) -> None:
        """Show the reason on each partition that was neither materialized nor unchanged.

        The run's own failure names all its clients; a person who opens one partition needs the reason of that one.

        Args:
            failure_reason: empty if the client's part of the run succeeded; then nothing is shown.
        """
        if not failure_reason:
            return
        for asset in self._assets:
            for day in self._days:
                if (asset, day) not in self._materialized and (asset, day) not in self._unchanged:
                    self.started(day)
                    metadata = self._incomplete.get((asset, day), {})
                    self.observed(asset, metadata, day, f"Not made: {failure_reason}")

    def _key(self, day: date | None) -> str:
        return str(day_key(self._client, day)) if day else self._client


def materialized_partitions(instance: dg.DagsterInstance, assets: Sequence[str], keys: Sequence[str]) -> Materialized:
    """The partitions that are materialized and that no run has started again since.

    Args:
        instance: queried twice for each asset.
        assets: their names.
        keys: the partitions' keys.
    """
    return {
        (asset, key)
        for chunk in chunked(keys, _KEYS_PER_QUERY)
        for asset in assets
        for key in _materialized_keys(instance, asset, set(chunk))
    }


def _materialized_keys(instance: dg.DagsterInstance, asset: str, keys: set[str]) -> Iterator[str]:
    materialized, planned = (
        instance.get_latest_storage_id_by_partition(dg.AssetKey(asset), event_type, keys)
        for event_type in _STATUS_EVENTS
    )
    return (key for key, storage_id in materialized.items() if storage_id > planned.get(key, 0))


def ever_materialized(instance: dg.DagsterInstance, asset: str) -> Collection[str]:
    """The keys of the asset's partitions that were ever materialized."""
    return instance.get_materialized_partitions(dg.AssetKey(asset))


def runs_behind_status(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """The ids of runs that Dagster needs to show the status of a partition, or of an asset without partitions.

    Args:
        instance: queried a few times for each asset.
        before: only runs whose events are older.
    """
    for record in instance.get_asset_records():
        key, last = record.asset_entry.asset_key, record.asset_entry.last_materialization_record
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
