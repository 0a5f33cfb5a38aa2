"""What Dagster is told of one client's partitions in a run: planned, made, seen, or why not made.

Not here: what is shown of them (metadata.py, attention.py), the walk itself (walk.py).
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData

from npf_pipelines.partitions import day_key


class PartitionEvents:
    """One client's partitions of a run, each told of once."""

    def __init__(self, context: dg.AssetExecutionContext, client: str, days: Sequence[date]) -> None:
        self._context = context
        self._client = client
        self._days: Sequence[date | None] = days or [None]
        self._assets = sorted(context.selected_asset_keys)
        self._made: set[tuple[str, date | None]] = set()
        self._open: dict[tuple[str, date | None], Mapping[str, dg.MetadataValue]] = {}

    def planned(self) -> None:
        """All partitions are about to be made: in progress, and red where the run fails without having made them.

        Dagster says so itself of a run over partitions, but knows nothing of the clients that a run's config names.
        """
        run, step = self._context.run, self._context.op_execution_context.op.name
        for asset in self._assets:
            for day in self._days:
                event = dg.DagsterEvent.build_asset_materialization_planned_event(
                    run.job_name, step, AssetMaterializationPlannedData(asset, str(self._partition(day)))
                )
                self._context.instance.report_dagster_event(event, run.run_id, logging.DEBUG)

    def made(self, asset: str, metadata: Mapping[str, Any], day: date | None) -> None:
        """The partition is made: green."""
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
        unmade = [
            (asset, day)
            for asset in (key.to_user_string() for key in self._assets)
            for day in self._days
            if (asset, day) not in self._made
        ]
        for asset, day in unmade if reason else []:
            self.seen(asset, self._open.get((asset, day), {}), day, f"Not made: {reason}")

    def _partition(self, day: date | None) -> str:
        return day_key(self._client, day) if day else self._client
