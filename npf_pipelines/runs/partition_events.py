"""What Dagster is told of one client's partitions in a run: planned, made, seen, or why not made.

Not here: what is shown of them (metadata.py, attention.py), the walk itself (walk.py).
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData

from npf_pipelines.domain.progress import note_progress
from npf_pipelines.runs.materialized_partitions import Materialized
from npf_pipelines.runs.partitions import day_key

_Partition = tuple[str, date | None]


class PartitionEvents:
    """One client's partitions of a run, each told of once."""

    def __init__(
        self, context: dg.AssetExecutionContext, client: str, days: Sequence[date], green: Materialized | None = None
    ) -> None:
        """Tell nothing yet.

        Args:
            context: the run's.
            client: the client's id.
            days: the run's; none for a flow without days.
            green: what was green when a run began that names its clients. Without, Dagster itself has told what the
                run is about to make, and a person waits for all of it.
        """
        self._context = context
        self._client = client
        self._days: Sequence[date | None] = days or [None]
        self._assets = sorted(key.to_user_string() for key in context.selected_asset_keys)
        self._green = green
        self._planned: set[_Partition] = set()
        self._made: set[_Partition] = set()
        self._left: set[_Partition] = set()
        self._open: dict[_Partition, Mapping[str, dg.MetadataValue]] = {}

    def add_days(self, days: Collection[date]) -> None:
        """The walk works on further days, too."""
        self._days = [*self._days, *(day for day in sorted(days) if day not in self._days)]

    @property
    def tells_changes(self) -> bool:
        """Whether only what changed is told."""
        return self._green is not None

    def is_shown(self, asset: str, day: date | None) -> bool:
        """Whether the partition is green, and nothing that it is made from was made anew by this run."""
        is_green = self._green is not None and (asset, self._partition(day)) in self._green
        return is_green and day not in {planned for _, planned in self._planned}

    def left(self, asset: str, day: date | None) -> None:
        """The partition stays as it is: nothing is told of it."""
        note_progress()
        self._left.add((asset, day))

    def planned(self, day: date | None) -> None:
        """The day's partitions are about to be made, but for those that stay as they are.

        They are in progress, and red where the run ends without having made them.
        """
        if self._green is None:
            return
        run, step = self._context.run, self._context.op_execution_context.op.name
        for one in self._assets:
            if (one, day) not in self._planned | self._left:
                self._planned.add((one, day))
                event = dg.DagsterEvent.build_asset_materialization_planned_event(
                    run.job_name, step, AssetMaterializationPlannedData(dg.AssetKey(one), self._partition(day))
                )
                self._context.instance.report_dagster_event(event, run.run_id, logging.DEBUG)

    def made(self, asset: str, metadata: Mapping[str, Any], day: date | None) -> None:
        """The partition is made: green."""
        note_progress()
        self._made.add((asset, day))
        self._context.log_event(dg.AssetMaterialization(asset, partition=self._partition(day), metadata=metadata))

    def left_open(self, asset: str, metadata: Mapping[str, dg.MetadataValue], day: date | None) -> None:
        """The partition is not made; `end` will say why, beside this."""
        self._open[asset, day] = metadata

    def seen(self, asset: str, metadata: Mapping[str, dg.MetadataValue], day: date | None, description: str) -> None:
        """Something of the partition that is worth showing; its colour stays."""
        self._context.log_event(
            dg.AssetObservation(asset, partition=self._partition(day), description=description, metadata=metadata)
        )

    def end(self, reason: str) -> None:
        """Say on each partition that is not made why not: the run's failure speaks of all its clients.

        Args:
            reason: empty if the client's walk went well; then there is nothing to say.
        """
        if not reason:
            return
        for asset in self._assets:
            for day in self._days:
                if (asset, day) not in self._made | self._left:
                    self.planned(day)
                    self.seen(asset, self._open.get((asset, day), {}), day, f"Not made: {reason}")

    def _partition(self, day: date | None) -> str:
        return str(day_key(self._client, day)) if day else self._client
