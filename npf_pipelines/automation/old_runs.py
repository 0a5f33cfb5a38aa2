"""Dagster's old runs, and which of them are needed still.

With a run Dagster 1.13 deletes its events, the materializations among them: they are all that it knows of a partition,
so the partition would turn from green or red to "missing" and lose its metadata. Hence a run stays for as long as it is
the last one that made, or tried to make, some partition: about one run of a flow for each night.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster import RunsFilter
from dagster._core.storage.event_log import SqliteEventLogStorage

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.rules.retention import old_runs

_OVER = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_OF_PARTITIONS = (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
_AT_ONCE = 1000


def delete_old_runs(instance: dg.DagsterInstance, now: datetime, age: timedelta) -> tuple[int, int]:
    """Delete the runs that are over and older than that, with their events and logs.

    Returns:
        How many were deleted, and how many stay because the state of a partition hangs on them.
    """
    records = instance.get_run_records(RunsFilter(statuses=_OVER, created_before=now - age))
    created = {record.dagster_run.run_id: record.create_timestamp.replace(tzinfo=UTC) for record in records}
    if not created:
        return 0, 0
    holding = created.keys() & set(_holding(instance, now - age))
    going = old_runs(created, holding, now, age)
    for run_id in going:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        if isinstance(instance.event_log_storage, SqliteEventLogStorage):
            # Each run's events are a file of their own, which stays as large as it was.
            path = instance.event_log_storage.path_for_shard(run_id)
            for end in ("", "-wal", "-shm"):
                Path(f"{path}{end}").unlink(missing_ok=True)
    return len(going), len(holding)


def _holding(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """The runs from before then that are the last ones of some partition, or of an asset without any."""
    for record in instance.get_asset_records():
        key, last = record.asset_entry.asset_key, record.asset_entry.last_materialization_record
        if last:
            yield last.run_id
        for kind in _OF_PARTITIONS:
            ids = sorted(instance.get_latest_storage_id_by_partition(key, kind).values())
            for some in chunked(ids, _AT_ONCE):
                wanted = dg.EventRecordsFilter(
                    kind, asset_key=key, storage_ids=some, before_timestamp=before.timestamp()
                )
                yield from (one.run_id for one in instance.event_log_storage.get_event_records(wanted))
