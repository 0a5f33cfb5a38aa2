"""The status that Dagster shows of each partition of a run: in progress, materialized, failed.

Not here: the calls of Dagster that are not public, and why they are needed (dagster_internals.py), what is shown of a
partition (metadata.py, attention.py), what is written to the lake (partition_writer.py).
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from npf_pipelines.domain.progress import note_progress
from npf_pipelines.runs.dagster_internals import Materialized, plan_partition
from npf_pipelines.runs.partitions import day_key

_Partition = tuple[str, date | None]


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
        self._asset_keys = {key.path[-1]: key for key in context.selected_asset_keys}
        self._assets = sorted(self._asset_keys)
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
        for asset in self._assets:
            if (asset, day) not in self._started and (asset, day) not in self._unchanged:
                self._started.add((asset, day))
                plan_partition(self._context, self._asset_keys[asset], self._key(day))

    def materialized(self, asset: str, metadata: Mapping[str, Any], day: date | None) -> None:
        """Show the partition as materialized."""
        note_progress()
        self._materialized.add((asset, day))
        self._context.log_event(
            dg.AssetMaterialization(self._asset_keys[asset], partition=self._key(day), metadata=metadata)
        )

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
            dg.AssetObservation(
                self._asset_keys[asset], partition=self._key(day), description=description, metadata=metadata
            )
        )

    @property
    def days(self) -> Sequence[date]:
        """The days, oldest first; empty for a flow without days."""
        return sorted(day for day in self._days if day)

    @property
    def materialized_days(self) -> Mapping[str, int]:
        """How many partitions of each asset were materialized."""
        return Counter(asset for asset, _ in sorted(self._materialized, key=str))

    @property
    def unchanged_days(self) -> int:
        """How many partitions were left as they are."""
        return len(self._unchanged)

    def close(self, failure_reason: str, notes: Mapping[str, dg.MetadataValue] | None = None) -> None:
        """Show the reason on each partition that was neither materialized nor unchanged.

        The run's own failure names all its clients; a person who opens one partition needs the reason of that one.

        Args:
            failure_reason: empty if the client's part of the run succeeded; then nothing is shown.
            notes: further metadata, which says what to do.
        """
        if not failure_reason:
            return
        for asset in self._assets:
            for day in self._days:
                if (asset, day) not in self._materialized and (asset, day) not in self._unchanged:
                    self.started(day)
                    metadata = {**(notes or {}), **self._incomplete.get((asset, day), {})}
                    self.observed(asset, metadata, day, f"Not made: {failure_reason}")

    def _key(self, day: date | None) -> str:
        return str(day_key(self._client, day)) if day else self._client
