"""One client's tables of the lake: the same calls as the lake's, without the client's id in each.

Not here: the lake itself (lake/lake.py), how a partition is written and reported (partition_writer.py).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as arrow

from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.table import Table


class ClientTables:
    """One client's tables. Each call raises the lake's errors.

    Attributes:
        lake: the lake. A run's keeps a bucket's files, so that none is requested twice.
    """

    def __init__(self, lake: Lake, client: str, *, dry_run: bool = False) -> None:
        """In a dry run caches are not written."""
        self.lake, self._client, self._dry_run = lake, client, dry_run

    def forget(self, table: Table | None = None) -> None:
        """Read a table without days, or everything, again: another run may have written it meanwhile."""
        self.lake.forget(table, client=self._client)

    def read(self, table: Table, day: date | None = None) -> list[dict[str, Any]]:
        """One partition's rows."""
        return self.lake.read(table, client=self._client, day=day)

    def read_if_written(self, table: Table, day: date | None = None) -> list[dict[str, Any]]:
        """One partition's rows; empty if it was never written."""
        return self.lake.read_if_written(table, client=self._client, day=day)

    def columns(self, table: Table, names: list[str], day: date | None = None) -> arrow.Table:
        """Some columns of a partition; empty if it was never written."""
        return self.lake.columns(table, names, client=self._client, day=day)

    def has_rows(self, table: Table, day: date | None = None) -> bool:
        """Whether the partition was written with any row."""
        return self.lake.has_rows(table, client=self._client, day=day)

    def is_broken(self, table: Table, read: Sequence[object]) -> bool:
        """Whether the table, read as these rows, is broken: it counts as not written, and yet has rows."""
        return not read and self.has_rows(table)

    def lacks_personal(self, table: Table, day: date | None = None) -> bool:
        """Whether the partition's personal data was dropped."""
        return self.lake.lacks_personal(table, client=self._client, day=day)

    def days(self, table: Table) -> list[date]:
        """The days that were written, oldest first."""
        return self.lake.days(table, client=self._client)

    def connect(self) -> LakeConnection:
        """DuckDB over the client's tables."""
        return self.lake.connect(self._client)

    def daily_units(self, since: date) -> list[tuple[int, int]]:
        """The units on hand, and available, at the last stock snapshot of each day since then, oldest first."""
        return [units for day, units in self.lake.daily_units(self._client).items() if day >= since]

    def is_unchanged(self, table: Table, rows: list[dict[str, Any]]) -> bool:
        """Whether a table without days has these rows, but for the time at which they were found."""
        return self.lake.is_unchanged(table, rows, client=self._client)

    def write_cache(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Write a table that no asset shows, unless this is a dry run."""
        if not self._dry_run:
            self.lake.write_cache(table, rows, client=self._client)
