"""One client's tables of the lake: the same calls as the lake's, without the client's id in each.

Not here: the lake itself (lake/lake.py), how a partition is written and reported (partition_writer.py).
"""

from datetime import date
from typing import Any

import pyarrow as arrow

from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.table import Table


class ClientTables:
    """One client's tables. Each call raises the lake's errors."""

    def __init__(self, lake: Lake, client: str, *, dry_run: bool = False) -> None:
        """In a dry run caches are not written."""
        self._lake, self._client, self._dry_run = lake, client, dry_run

    def read(self, table: Table, day: date | None = None) -> list[dict[str, Any]]:
        """One partition's rows."""
        return self._lake.read(table, client=self._client, day=day)

    def read_if_written(self, table: Table, day: date | None = None) -> list[dict[str, Any]]:
        """One partition's rows; empty if it was never written."""
        return self._lake.read_if_written(table, client=self._client, day=day)

    def columns(self, table: Table, names: list[str], day: date | None = None) -> arrow.Table:
        """Some columns of a partition; empty if it was never written."""
        return self._lake.columns(table, names, client=self._client, day=day)

    def has_rows(self, table: Table, day: date | None = None) -> bool:
        """Whether the partition was written with any row."""
        return self._lake.has_rows(table, client=self._client, day=day)

    def lacks_personal(self, table: Table, day: date | None = None) -> bool:
        """Whether the partition's personal data was dropped."""
        return self._lake.lacks_personal(table, client=self._client, day=day)

    def days(self, table: Table) -> list[date]:
        """The days that were written, oldest first."""
        return self._lake.days(table, client=self._client)

    def connect(self) -> LakeConnection:
        """DuckDB over the client's tables."""
        return self._lake.connect(self._client)

    def connect_to_stock(self) -> LakeConnection:
        """DuckDB over the client's tables without days and the history of its snapshots."""
        return self._lake.connect_to_stock(self._client)

    def write_cache(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Write a table that no asset shows, unless this is a dry run."""
        if not self._dry_run:
            self._lake.write_cache(table, rows, client=self._client)
