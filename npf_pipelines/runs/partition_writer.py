"""Writes one client's partitions to the lake and reports their status to Dagster.

A partition that is materialized and unchanged needs no new event and no write. A dry run writes nothing and shows what
it would write. In trial the partitions are written, and show what is only planned.
Not here: how a status is reported (partition_status.py), what is shown of a partition (metadata.py, attention.py).
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.table import Table
from npf_pipelines.runs.attention import attention_metadata
from npf_pipelines.runs.lineage import column_lineage
from npf_pipelines.runs.metadata import partition_metadata, planned_metadata, trial_metadata
from npf_pipelines.runs.open_items import Recounts
from npf_pipelines.runs.partition_status import PartitionStatus
from npf_pipelines.runs.services import Services

Notes = Callable[[], Mapping[str, dg.MetadataValue]]
"""Makes further metadata of a partition; called only if the partition is reported."""


class PartitionWriter:
    """Writes and reports one client's partitions."""

    def __init__(
        self,
        services: Services,
        setup: MasterSetup,
        status: PartitionStatus,
        recounts: Recounts,
        lake: Lake,
        *,
        dry_run: bool = False,
        in_trial: bool = False,
    ) -> None:
        self._lake, self._platform, self._cell = lake, services.platform, services.cell
        self._setup, self._status, self._recounts = setup, status, recounts
        self._dry_run, self._in_trial = dry_run, in_trial

    def materialize(
        self, table: Table, rows: list[dict[str, Any]], day: date | None = None, notes: Notes = dict
    ) -> None:
        """Write a partition and report it as materialized, unless it is already so; a dry run shows what it would be.

        Args:
            table: the partition's table.
            rows: all rows of the partition.
            day: for a table with days.
            notes: makes further metadata.
        """
        lake, client = self._lake, self._setup.id
        if self._dry_run:
            frame = lake.frame(table, rows, client=client, day=day)
            metadata = planned_metadata(table, frame) | self._metadata(table, frame, notes)
            self._status.observed(table.name, metadata, day, "Dry run: nothing was written.")
            return
        is_unchanged = self._status.skips_unchanged and lake.is_unchanged(table, rows, client=client, day=day)
        if is_unchanged and self._status.is_current(table.name, day):
            self._status.unchanged(table.name, day)
            return
        if is_unchanged:
            self.mark_started(day)
            frame = lake.frame(table, rows, client=client, day=day)
        else:
            frame = self._write(table, rows, day)
        metadata = self._metadata(table, frame, notes)
        self.report(table.name, metadata | column_lineage(table, self._cell.key), day)

    def write_incomplete(self, table: Table, rows: list[dict[str, Any]], day: date | None = None) -> None:
        """Write a partition of which something waits: the client's part of the run will fail with the reason."""
        if self._dry_run:
            self.materialize(table, rows, day)
            return
        frame = self._write(table, rows, day)
        self._status.incomplete(table.name, self._metadata(table, frame), day)

    def write_intent(self, table: Table, rows: list[dict[str, Any]], day: date | None) -> None:
        """Write what the run is about to do, before it does it."""
        if not self._dry_run:
            self._write(table, rows, day)

    def mark_started(self, day: date | None = None) -> None:
        """Show the day's partitions as in progress: if the run dies here, they show as failed."""
        if not self._dry_run:
            self._status.started(day)

    def report(self, asset: str, metadata: Mapping[str, Any], day: date | None = None) -> None:
        """Report a partition as materialized."""
        self._status.materialized(asset, metadata, day)

    def observe(self, table: Table, metadata: Mapping[str, dg.MetadataValue], description: str) -> None:
        """Show metadata on a partition without days; its table and its status stay as they are."""
        self._status.observed(table.name, metadata, None, description)

    def add_days(self, days: Collection[date]) -> None:
        """Include further days in the client's part of the run."""
        self._status.add_days(days)

    def _write(self, table: Table, rows: list[dict[str, Any]], day: date | None) -> pd.DataFrame:
        self.mark_started(day)
        self._recounts.queue([day])
        frame = self._lake.write(table, rows, client=self._setup.id, day=day)
        self._recounts.note(table, rows, day)
        return frame

    def _metadata(self, table: Table, frame: pd.DataFrame, notes: Notes = dict) -> dict[str, dg.MetadataValue]:
        attention = attention_metadata(table, frame, self._setup.store.url, self._order_ids)
        planned = trial_metadata(table, frame) if self._in_trial and not self._dry_run else {}
        return dict(notes()) | planned | attention | partition_metadata(table, frame)

    def _order_ids(self, order_numbers: Collection[str]) -> Mapping[str, str]:
        """The store's order ids of orders on the platform, by order number."""
        states = self._platform.order_states(self._setup.id, order_numbers)
        return {number: state.store_order_id for number, state in states.items()}
