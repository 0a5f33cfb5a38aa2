"""The status of partitions of which a run changes only some rows: it stays as it was.

A materialized day is reported again, with its new figures. A day that is failed, or that was never made, keeps its
status and gets an observation: its other rows are not this run's. Dagster has planned the days that a person selected
in the UI, and would show each as failed if the run fails.
Not here: how a status is reported (partition_status.py), which rows a run changes (assets/).
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import dagster as dg

from npf_pipelines.runs.dagster_internals import (
    launched_partitions,
    materialized_before_launch,
    materialized_partitions,
)
from npf_pipelines.runs.partition_status import PartitionStatus
from npf_pipelines.runs.partitions import days_by_client

_SOME_ROWS = "Only the orders that the run names were done again. The other rows, and the status, are as they were."


class PartialStatus(PartitionStatus):
    """The status of the days of one client's named orders."""

    def __init__(self, context: dg.AssetExecutionContext, client: str) -> None:
        """Report nothing yet: the days are added when the orders are found."""
        super().__init__(context, client, [], materialized_before=())
        self._days = []
        self._launched = {
            (asset, day): before
            for day in days_by_client(launched_partitions(context)).get(client, ())
            for asset in self._assets
            if (before := materialized_before_launch(context, self._asset_keys[asset], self._key(day)))
        }

    def add_days(self, days: Collection[date]) -> None:
        """Include days, and ask Dagster which of them are materialized."""
        super().add_days(days)
        keys = [self._key(day) for day in self._days]
        self._materialized_before = {
            *materialized_partitions(self._context.instance, self._asset_keys.values(), keys),
            *((asset, self._key(day)) for asset, day in self._launched),
        }

    def started(self, day: date | None) -> None:
        """Show the day as in progress if it was materialized."""
        if self._was_materialized(day):
            super().started(day)

    def materialized(self, asset: str, metadata: Mapping[str, Any], day: date | None) -> None:
        """Show the partition as materialized if the whole day was so before."""
        if self._was_materialized(day):
            super().materialized(asset, metadata, day)
        else:
            self.observed(asset, metadata, day, _SOME_ROWS)

    def close(self, failure_reason: str, notes: Mapping[str, dg.MetadataValue] | None = None) -> None:
        """Show the reason on the partitions that have rows that wait, and the others as they were."""
        if not failure_reason:
            return
        for (asset, day), metadata in self._incomplete.items():
            self.observed(asset, {**(notes or {}), **metadata}, day, f"Not made: {failure_reason}")
        for (asset, day), before in self._launched.items():
            if (asset, day) not in self._started and (asset, day) not in self._materialized:
                self.materialized(asset, before.metadata, day)

    def _was_materialized(self, day: date | None) -> bool:
        before = self._materialized_before or ()
        return all((asset, self._key(day)) in before for asset in self._assets)
