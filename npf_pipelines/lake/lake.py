"""The lake: the tables' partitions as rows, and SQL over all of them.

Not here: the files (files.py), the tables' columns (tables.py), the views (views.py), which tables a broken file costs
more than a request (broken_files.py).
"""

import contextlib
import copy
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Self

import pandas as pd
import pyarrow as arrow

from npf_pipelines.errors import NpfError
from npf_pipelines.lake import views
from npf_pipelines.lake.broken_files import CACHES, LEDGERS, BrokenFile, is_broken
from npf_pipelines.lake.compaction import Compaction
from npf_pipelines.lake.connection import LakeConnection
from npf_pipelines.lake.daily_units import DailyUnits, daily_units, units_of, with_daily_units
from npf_pipelines.lake.files import FILE, LakeFiles, broken_file
from npf_pipelines.lake.months import month_of
from npf_pipelines.lake.partition_file import WITHOUT_PERSONAL, PartitionFile
from npf_pipelines.lake.partitions import days_with_personal, list_client, opened
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import STOCK_SNAPSHOTS, TABLES

_FIRST_DAY, _NEXT_AUDITED = "first_day.txt", "next_audited.txt"


class NotWritten(NpfError):
    """A partition that is to be read has not been written yet; the text names it and what to run first."""


class Lake:
    """A folder, or a bucket by URL, of Parquet files with the partition in the path.

    Attributes:
        files: the files.
    """

    def __init__(self, url: str) -> None:
        self.files = LakeFiles(url)

    def remembering(self) -> Self:
        """The same lake for one client's part of a run: a bucket's files are kept once they were read or written."""
        lake = copy.copy(self)
        lake.files = self.files.remembering()
        return lake

    def forget(self, table: Table | None = None, *, client: str) -> None:
        """Forget the kept files, or a table's: another process may have written them meanwhile."""
        self.files.forget(self.files.path(table.name, client=client, day=None) if table else None)

    def write(self, table: Table, rows: list[dict[str, Any]], *, client: str, day: date | None = None) -> pd.DataFrame:
        """Replace one partition by these rows, in the order of the table's key, and return them as a frame.

        Args:
            table: the table.
            rows: values by column, without client and day.
            client: the client's id.
            day: the day, for a table that is partitioned by day.

        Raises:
            pandera.errors.SchemaErrors: a row breaks a rule of the table; nothing was written.
            pyarrow.lib.ArrowInvalid: a value has the wrong type; nothing was written.
            OSError: the file can't be written; its name is in the error, and the old file is still there.
        """
        frame = self.frame(table, rows, client=client, day=day)
        data = arrow.Table.from_pandas(frame[table.arrow_schema.names], schema=table.arrow_schema, preserve_index=False)
        if table is STOCK_SNAPSHOTS and rows:
            taken_at: datetime = rows[0]["taken_at"]
            data = with_daily_units(data, self.daily_units(client), taken_at.date())
            self.files.put(data, f"{self.files.snapshot_folder(client, taken_at)}/{FILE}")
        self.files.put(data, self.files.path(table.name, client=client, day=day))
        return frame

    def write_cache(self, table: Table, rows: list[dict[str, Any]], *, client: str) -> None:
        """Replace a client's cache: the types hold, the table's rules aren't checked.

        Raises:
            pyarrow.lib.ArrowInvalid: a value has the wrong type; nothing was written.
        """
        content = arrow.Table.from_pylist(rows, schema=table.arrow_schema)
        self.files.put(content, self.files.path(table.name, client=client, day=None))

    @staticmethod
    def frame(table: Table, rows: list[dict[str, Any]], *, client: str, day: date | None = None) -> pd.DataFrame:
        """The frame that `write` would write, without writing it. Arguments and errors as there."""
        partition = {"client": client} | ({"day": day} if table.by_day else {})
        frame = table.frame(rows, partition)
        return frame.sort_values([name for name in table.key if name != "client"], ignore_index=True)

    def is_unchanged(self, table: Table, rows: list[dict[str, Any]], *, client: str, day: date | None = None) -> bool:
        """Whether `write` would change nothing but the time at which the rows were found.

        The first stock snapshot of a day counts as changed, so that the history has every day.
        A file that can't be read is written again, unless it is a ledger's.

        Raises:
            BrokenFile: the file of a ledger can't be read.
        """
        try:
            with opened(self.files, table, client, day) as file:
                if file.row_count != len(rows) or file.lacks_personal:
                    return False
                if not rows:
                    return True
                there = file.read()
        except FileNotFoundError:
            return False
        except BrokenFile:
            if table.name in LEDGERS:
                raise
            return False
        if table is STOCK_SNAPSHOTS and there[table.looked_at][0].as_py().date() != rows[0]["taken_at"].date():
            return False
        found, known = (
            content.drop_columns([table.looked_at] if table.looked_at else [])
            for content in (arrow.Table.from_pylist(rows, schema=table.arrow_schema), there)
        )
        order = [(name, "ascending") for name in table.key if name != "client"]
        # Rows mostly come in the order in which they are kept.
        return bool(found.equals(known) or found.sort_by(order).equals(known.sort_by(order)))

    def read(self, table: Table, *, client: str, day: date | None = None) -> list[dict[str, Any]]:
        """One partition's rows, as they were written, without client and day.

        Raises:
            NotWritten: the partition has not been written yet; or it is a cache's and can't be read.
            BrokenFile: the partition can't be read.
        """
        rows: list[dict[str, Any]] = self.rows(table, client=client, day=day).to_pylist()
        return rows

    def rows(self, table: Table, *, client: str, day: date | None = None) -> arrow.Table:
        """The same as an Arrow table."""
        try:
            with opened(self.files, table, client, day) as file:
                return file.read()
        except BrokenFile as error:
            if table.name in CACHES:
                raise NotWritten(str(error)) from error
            raise
        except FileNotFoundError:
            when = f" for {day}" if day else ""
            raise NotWritten(f"{table.name} of {client}{when} has not been made yet: run it first") from None

    def columns(self, table: Table, names: Sequence[str], *, client: str, day: date | None = None) -> arrow.Table:
        """Some columns of a partition with very many rows; no rows if it has not been written yet.

        Raises:
            BrokenFile: the file of a ledger can't be read; any other one counts as not written.
        """
        try:
            with opened(self.files, table, client, day) as file:
                return file.read(names)
        except FileNotFoundError:
            pass
        except BrokenFile:
            if table.name in LEDGERS:
                raise
        return table.arrow_schema.empty_table().select(names)

    def has_rows(self, table: Table, *, client: str, day: date | None = None) -> bool:
        """Whether the partition has been written with any row; a file that can't be read may have had some."""
        try:
            with opened(self.files, table, client, day) as file:
                return bool(file.row_count)
        except FileNotFoundError:
            return False
        except BrokenFile:
            return True

    def read_if_written(self, table: Table, *, client: str, day: date | None = None) -> list[dict[str, Any]]:
        """As `read`; no rows for a partition that has not been written yet.

        Raises:
            BrokenFile: the file of a ledger can't be read; any other one counts as not written.
        """
        try:
            return self.read(table, client=client, day=day)
        except NotWritten:
            return []
        except BrokenFile:
            if table.name in LEDGERS:
                raise
            return []

    def days(self, table: Table, *, client: str) -> list[date]:
        """The days of the client that have been written, oldest first."""
        return sorted(list_client(self.files, table, client).written)

    def clients(self) -> list[str]:
        """The clients that have any table, clients without a master setup included."""
        return self.files.clients()

    def first_day(self) -> date | None:
        """The first day that has tables and is before every order start date, as kept last; None if none was kept.

        Raises:
            OSError: the lake can't be read.
        """
        try:
            return date.fromisoformat(self.files.text(_FIRST_DAY).strip())
        except (FileNotFoundError, ValueError):
            return None

    def keep_first_day(self, day: date) -> None:
        """Keep a first day, for readers that must not list the whole lake.

        Raises:
            OSError: the lake can't be written.
        """
        self.files.put_text(day.isoformat(), _FIRST_DAY)

    def next_audited(self) -> str:
        """The client with which the next audit begins, as kept last; empty for the first one.

        Raises:
            OSError: the lake can't be read.
        """
        try:
            return self.files.text(_NEXT_AUDITED).strip()
        except (FileNotFoundError, ValueError):
            return ""

    def keep_next_audited(self, client: str) -> None:
        """Keep the client with which the next audit begins.

        Raises:
            OSError: the lake can't be written.
        """
        self.files.put_text(client, _NEXT_AUDITED)

    def snapshots(self, client: str) -> list[datetime]:
        """The times of the client's stock snapshots in the history, oldest first."""
        return self.files.snapshots(client)

    def daily_units(self, client: str) -> DailyUnits:
        """The client's units at the last stock snapshot of each of the last days on which there was one, oldest first.

        The history is read only for a snapshot of an earlier release. Snapshots that can't be read are left out.
        """
        with contextlib.suppress(FileNotFoundError, BrokenFile):
            newest = self.files.path(STOCK_SNAPSHOTS.name, client=client, day=None)
            with self.files.opened(newest, STOCK_SNAPSHOTS.name, client=client, day=None) as file:
                found = daily_units(file.metadata.metadata)
            if found is not None:
                return found
        units = {}
        for taken in {taken.date(): taken for taken in self.snapshots(client)}.values():
            path = f"{self.files.snapshot_folder(client, taken)}/{FILE}"
            with (
                contextlib.suppress(FileNotFoundError, BrokenFile),
                self.files.opened(path, STOCK_SNAPSHOTS.name, client=client, day=None) as file,
            ):
                units[taken.date()] = units_of(PartitionFile(STOCK_SNAPSHOTS, file).read(["on_hand", "available"]))
        return units

    def drop_snapshot(self, client: str, taken: datetime) -> None:
        """Delete a snapshot from the history."""
        self.files.remove_folder(self.files.snapshot_folder(client, taken))

    def rename_client(self, old: str, new: str) -> None:
        """Move all files of a client to another id, over that id's own. The id appears in paths only.

        A repeated call after an interrupted one moves the rest.
        """
        for table in TABLES.values():
            if table.by_day:
                Compaction(self.files, table, old).split()  # The new id's own days must not come before them.
        self.files.rename_client(old, new)

    def copy_client(self, client: str, other: "Lake") -> None:
        """Copy all files of a client into another lake."""
        self.files.copy_client(client, other.files)

    def drop_client(self, client: str) -> None:
        """Delete all files of a client."""
        self.files.drop_client(client)

    def drop_leftovers(self, before: datetime) -> int:
        """Delete the half-written files of killed runs, which may hold personal data; returns how many there were.

        Args:
            before: files changed since then may still be being written.
        """
        return self.files.drop_leftovers(before)

    def drop_broken(self, table: Table, *, client: str, day: date | None = None) -> None:
        """Delete a partition's file that can't be read and whose personal data is therefore out of reach.

        If it is the file of a month, all days of that month are lost.
        """
        path = self.files.path(table.name, client=client, day=day)
        if day and not self.files.exists(path):
            Compaction(self.files, table, client).delete(month_of(day))
        else:
            self.files.delete(path)

    def lacks_personal(self, table: Table, *, client: str, day: date | None = None) -> bool:
        """Whether the partition's personal data was dropped; only the file's footer is read.

        Raises:
            BrokenFile: the partition can't be read.
        """
        with opened(self.files, table, client, day) as file:
            return file.lacks_personal

    def days_with_personal(self, table: Table, *, client: str) -> list[date]:
        """The days of the client whose personal data was not dropped; a file that can't be read may hold some."""
        return days_with_personal(self.files, table, client)

    def drop_personal(self, table: Table, *, client: str, day: date | None = None) -> int:
        """Empty the personal columns of a partition, everything else kept; returns how many rows it has.

        Raises:
            BrokenFile: the partition can't be read.
        """
        with opened(self.files, table, client, day) as file:
            content = file.read()
        for place, column in enumerate(table.arrow_schema):
            if column.name in table.personal:
                content = content.set_column(place, column, arrow.nulls(len(content), column.type))
        path = self.files.path(table.name, client=client, day=day)
        self.files.put(content.replace_schema_metadata(WITHOUT_PERSONAL), path)
        return len(content)

    def connect(self, client: str | None = None) -> LakeConnection:
        """DuckDB in memory with a view for each table, empty ones included.

        Args:
            client: the views hold this client's rows alone, and no other client's file is touched.
        """
        return views.connect(self.files, client or "*")

    def broken_files(self) -> Iterator[BrokenFile]:
        """The files of all tables that can't be read. It reads every file.

        Raises:
            OSError: the lake can't be read.
        """
        for view in views.views_of(self.files, "*"):
            for path in view.paths():
                if is_broken(self.files.system, path):
                    yield broken_file(path)

    @staticmethod
    def broken_file(path: str) -> BrokenFile:
        """The error about a file that can't be read, from the file's path."""
        return broken_file(path)
