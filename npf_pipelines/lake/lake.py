"""The lake: one Parquet file for each partition of each table, and DuckDB over all of them.

A file is written whole under another name, brought to the disk and then moved into place: a reader sees the old one or
the new one, also after a power cut. Not here: what the tables hold (tables.py), the views (lake_connection.py), what
is said of a file that can't be read (broken_files.py).
"""

import contextlib
import glob
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import duckdb
import fsspec
import pandas as pd
import pyarrow as arrow
from fsspec.implementations.local import LocalFileSystem
from pyarrow import parquet

from npf_pipelines.lake.broken_files import CACHES, LEDGERS, BrokenFile, is_broken, is_no_parquet
from npf_pipelines.lake.connection import LakeConnection, View, for_duckdb
from npf_pipelines.lake.tables import STOCK_SNAPSHOTS, TABLES, Table

_SNAPSHOT_HISTORY = "stock_snapshots_history"
"""Every stock snapshot ever taken, by its time."""

_TAKEN, _TAKEN_EXACTLY = "%Y-%m-%dT%H-%M-%SZ", "%Y-%m-%dT%H-%M-%S-%fZ"
"""That time, in the path: without and with microseconds."""

_FILE = "part.parquet"
_UNFINISHED = ".unfinished"
"""How the name of a file ends that is still being written."""
_PATH = re.compile(
    r"/(?P<table>[^/]+)/client=(?P<client>[^/]+)(?:/day=(?P<day>\d{4}-\d\d-\d\d)|/taken=[^/]+)?/part[.]parquet$"
)

_WITHOUT_PERSONAL = {b"personal_data": b"dropped"}
"""What a file's foot says whose personal columns were emptied."""

_EXCEPTIONS = """
CREATE VIEW order_exceptions AS
SELECT client, day, order_number, order_id, reason AS differs, differs_since AS since
FROM platform_orders WHERE outcome = 'differs'
UNION ALL
SELECT client, NULL, name, NULL, reason, since FROM status_questions
"""
"""The orders on which store and platform differ and a person has to act; a row leaves when the two agree again.

Without day and order_id: a status of the store that the master setup doesn't explain, one row for all its orders.
"""


class NotWritten(Exception):
    """A partition that is to be read has not been written yet; the text names it and what to run first."""


class Lake:
    """A folder, or a bucket by URL, of Parquet files with the partition in the path."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)
        self._is_local = isinstance(self._files, LocalFileSystem)

    def write(self, table: Table, rows: list[dict[str, Any]], *, client: str, day: date | None = None) -> pd.DataFrame:
        """Replace one partition by these rows, in the order of the table's key, and give them back as a frame.

        Args:
            table: the table.
            rows: values by column, without client and day.
            client: the client's id.
            day: the day, for a table that is partitioned by day.

        Raises:
            pandera.errors.SchemaErrors: a row breaks a rule of the table; nothing was written.
            pyarrow.lib.ArrowInvalid: a value has the wrong type; nothing was written.
            OSError: the file can't be written; its name is in the error, and what was there before is still there.
        """
        frame = self.frame(table, rows, client=client, day=day)
        if table is STOCK_SNAPSHOTS and rows:
            taken_at: datetime = rows[0]["taken_at"]
            self._put(frame, table, f"{self._snapshot_folder(client, taken_at)}/part.parquet")
        self._put(frame, table, self._path(table.name, client=client, day=day))
        return frame

    def write_cache(self, table: Table, rows: list[dict[str, Any]], *, client: str) -> None:
        """Replace what is only remembered of a client: the types hold, the table's rules aren't looked at.

        Raises:
            pyarrow.lib.ArrowInvalid: a value has the wrong type; nothing was written.
        """
        content = arrow.Table.from_pylist(rows, schema=table.arrow_schema)
        self._put_file(content, self._path(table.name, client=client, day=None))

    @staticmethod
    def frame(table: Table, rows: list[dict[str, Any]], *, client: str, day: date | None = None) -> pd.DataFrame:
        """What `write` would write, nothing written. Arguments and errors as there."""
        partition = {"client": client} | ({"day": day} if table.by_day else {})
        frame = table.frame(rows, partition)
        return frame.sort_values([name for name in table.key if name != "client"], ignore_index=True)

    def is_unchanged(self, table: Table, rows: list[dict[str, Any]], *, client: str, day: date | None = None) -> bool:
        """Whether `write` would change nothing but the time of the look.

        Of stock one snapshot a day is new in any case, so that its history has every day on which it was counted.
        A file that can't be read is written again, but for a ledger's.

        Raises:
            BrokenFile: the file of a ledger can't be read.
        """
        try:
            with self._opened(table, client=client, day=day) as file:
                if file.metadata.num_rows != len(rows) or _lacks_personal(file.metadata.metadata):
                    return False
                if not rows:
                    return True
                there = _rows(table, file)
        except FileNotFoundError:
            return False
        except BrokenFile:
            if table.name in LEDGERS:
                raise
            return False
        if table is STOCK_SNAPSHOTS and there[table.looked_at][0].as_py().date() != rows[0]["taken_at"].date():
            return False
        order = [(name, "ascending") for name in table.key if name != "client"]
        found, known = (
            content.drop_columns([table.looked_at] if table.looked_at else []).sort_by(order)
            for content in (arrow.Table.from_pylist(rows, schema=table.arrow_schema), there)
        )
        return bool(found.equals(known))

    def read(self, table: Table, *, client: str, day: date | None = None) -> list[dict[str, Any]]:
        """One partition's rows, as they were written, without client and day.

        Raises:
            NotWritten: the partition has not been written yet; or it can't be read, and nothing is lost by that.
            BrokenFile: the partition can't be read.
        """
        try:
            rows: list[dict[str, Any]] = self._read(table, client=client, day=day).to_pylist()
        except BrokenFile as error:
            if table.name in CACHES:
                raise NotWritten(str(error)) from error
            raise
        except FileNotFoundError:
            when = f" for {day}" if day else ""
            raise NotWritten(f"{table.name} of {client}{when} has not been made yet: run it first") from None
        return rows

    def columns(self, table: Table, names: Sequence[str], *, client: str, day: date | None = None) -> arrow.Table:
        """Some columns of a partition, for one with very many rows; no rows if it has not been written yet.

        Raises:
            BrokenFile: the file of a ledger can't be read; any other one counts as not written.
        """
        try:
            with self._opened(table, client=client, day=day) as file:
                return _rows(table, file, names)
        except FileNotFoundError:
            pass
        except BrokenFile:
            if table.name in LEDGERS:
                raise
        return table.arrow_schema.empty_table().select(names)

    def has_rows(self, table: Table, *, client: str, day: date | None = None) -> bool:
        """Whether the partition has been written with any row; a file that can't be read may have had some."""
        try:
            with self._opened(table, client=client, day=day) as file:
                return bool(file.metadata.num_rows)
        except FileNotFoundError:
            return False
        except BrokenFile:
            return True

    def read_if_written(self, table: Table, *, client: str, day: date | None = None) -> list[dict[str, Any]]:
        """As `read`; nothing for a partition that has not been written yet.

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
        found = map(_PATH.search, self._glob(table.name, f"client={client}", "day=*", _FILE))
        return sorted(date.fromisoformat(path["day"]) for path in found if path and path["day"])

    def first_day(self) -> date | None:
        """The first day that has tables and is before every order start date, as kept last; None if none was kept.

        Raises:
            OSError: the lake can't be read.
        """
        try:
            with self._files.open(self._first_day_path, "r") as file:
                return date.fromisoformat(file.read().strip())
        except (FileNotFoundError, ValueError):
            return None

    def keep_first_day(self, day: date) -> None:
        """Keep a first day, for readers that must not list the whole lake.

        Raises:
            OSError: the lake can't be written.
        """
        self._files.makedirs(self._root, exist_ok=True)
        unfinished = f"{self._root}/.{uuid.uuid4().hex}{_UNFINISHED}"
        with self._files.open(unfinished, "w") as file:
            file.write(day.isoformat())
            self._sync(file)
        self._put_in_place(unfinished, self._first_day_path)

    def clients(self) -> list[str]:
        """The clients that have any table, those without a master setup included."""
        return sorted({path.rpartition("/client=")[2] for path in self._glob("*", "client=*")})

    def snapshots(self, client: str) -> list[datetime]:
        """When the client's stock snapshots were taken that are still there, oldest first."""
        found = self._glob(_SNAPSHOT_HISTORY, f"client={client}", "taken=*")
        return sorted(_moment(path.rpartition("/taken=")[2]) for path in found)

    def drop_snapshot(self, client: str, taken: datetime) -> None:
        """Delete a snapshot from the history."""
        self._files.rm(self._snapshot_folder(client, taken), recursive=True)

    def rename_client(self, old: str, new: str) -> None:
        """Move all files of a client to another id, and overwrite that id's own. The id appears in paths only.

        Made again after it broke off, it moves what is left.
        """
        for folder in list(self._glob("*", f"client={old}")):
            below = folder.replace(f"/client={old}", f"/client={new}")
            for steps in ((_FILE,), ("*=*", _FILE)):
                for file in sorted(self._below(folder, *steps)):
                    target = f"{below}{file.removeprefix(folder)}"
                    self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
                    self._put_in_place(file, target)
            self._remove_folder(folder)

    def _remove_folder(self, folder: str) -> None:
        if self._is_local and Path(folder).is_symlink():
            # What it leads to is somebody's own folder: only its content goes.
            for path in Path(folder).iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            Path(folder).unlink()
        else:
            self._files.rm(folder, recursive=True)

    def drop_leftovers(self, before: datetime) -> int:
        """Delete what killed runs have left half written, which may hold personal data; how many files it was.

        Args:
            before: files changed since then may still be being written.
        """
        left = f".*{_UNFINISHED}"
        levels = ([left], ["*", "client=*", left], ["*", "client=*", "*=*", left])
        dropped = 0
        for path in [path for steps in levels for path in self._glob(*steps)]:
            with contextlib.suppress(FileNotFoundError):
                if self._files.modified(path) < before:
                    self._files.rm_file(path)
                    dropped += 1
        return dropped

    def drop_broken(self, table: Table, *, client: str, day: date | None = None) -> None:
        """Delete a partition's file that can't be read and whose personal data is therefore out of reach."""
        self._files.rm_file(self._path(table.name, client=client, day=day))

    def lacks_personal(self, table: Table, *, client: str, day: date | None = None) -> bool:
        """Whether the partition's personal data was dropped; only the file's foot is read.

        Raises:
            BrokenFile: the partition can't be read.
        """
        with self._opened(table, client=client, day=day) as file:
            return _lacks_personal(file.metadata.metadata)

    def drop_personal(self, table: Table, *, client: str, day: date | None = None) -> int:
        """Empty the personal columns of a partition, everything else kept; how many rows it has.

        Raises:
            BrokenFile: the partition can't be read.
        """
        content = self._read(table, client=client, day=day)
        for place, column in enumerate(table.arrow_schema):
            if column.name in table.personal:
                content = content.set_column(place, column, arrow.nulls(len(content), column.type))
        path = self._path(table.name, client=client, day=day)
        self._put_file(content.replace_schema_metadata(_WITHOUT_PERSONAL), path)
        return len(content)

    def query(self, sql: str) -> duckdb.DuckDBPyRelation:
        """The answer to an SQL query over a view for each table.

        Raises:
            duckdb.Error: the query is wrong.
        """
        return self.connect().sql(sql)

    def connect(self, client: str | None = None) -> LakeConnection:
        """DuckDB in memory with a view for each table, empty ones included.

        Args:
            client: the views hold this client's rows alone, and no other client's file is touched.
        """
        of_client = f"client={client or '*'}"
        return self._connect([[of_client, "day=*"]], [[of_client]], [[of_client, "taken=*"]])

    def connect_to(self, partitions: Iterable[tuple[str, date | None]]) -> LakeConnection:
        """The same with these partitions' rows alone, by client and day; the history of the snapshots is empty.

        Args:
            partitions: those without a day stand for the client's tables that have none.
        """
        days: list[list[str]] = []
        whole: list[list[str]] = []
        for client, day in partitions:
            (days if day else whole).append([f"client={client}", f"day={day}"] if day else [f"client={client}"])
        return self._connect(days, whole, [])

    def connect_to_stock(self, client: str) -> LakeConnection:
        """The same with one client's tables without days and the history of its snapshots alone."""
        return self._connect([], [[f"client={client}"]], [[f"client={client}", "taken=*"]])

    def _connect(
        self, days: Sequence[Sequence[str]], whole: Sequence[Sequence[str]], taken: Sequence[Sequence[str]]
    ) -> LakeConnection:
        views = [
            self._view(table.name, table, table.partition_columns, days if table.by_day else whole)
            for table in TABLES.values()
        ]
        views.append(self._view(_SNAPSHOT_HISTORY, STOCK_SNAPSHOTS, ("client", "taken"), taken))
        return LakeConnection(self._files, views, _EXCEPTIONS)

    def _view(self, name: str, table: Table, partition: Sequence[str], folders: Sequence[Sequence[str]]) -> View:
        there = [folder for folder in folders if any(self._glob(name, *folder, _FILE))]
        patterns = ["/".join([glob.escape(self._root), name, *folder, _FILE]) for folder in there]

        def paths() -> Iterator[str]:
            for folder in there:
                yield from self._glob(name, *folder, _FILE)

        return View(name, table, partition, [for_duckdb(self._files, pattern) for pattern in patterns], paths)

    def broken_files(self) -> Iterator[BrokenFile]:
        """The files of all tables that can't be read. It reads every file.

        Raises:
            OSError: the lake can't be read.
        """
        for table in TABLES.values():
            for path in self._glob(table.name, "client=*", *(["day=*"] if table.by_day else []), _FILE):
                if is_broken(self._files, path):
                    yield self.broken_file(path)
        for path in self._glob(_SNAPSHOT_HISTORY, "client=*", "taken=*", _FILE):
            if is_broken(self._files, path):
                yield self.broken_file(path)

    @staticmethod
    def broken_file(path: str) -> BrokenFile:
        """The error about a file that can't be read, from the file's path."""
        found = _PATH.search(path)
        if found is None:
            raise ValueError(f"{path} is no file of a table")
        day = date.fromisoformat(found["day"]) if found["day"] else None
        return BrokenFile(path, found["table"], found["client"], day)

    def _glob(self, *steps: str) -> Iterator[str]:
        """The files or folders below the lake's folder; folders that are links are followed.

        Args:
            steps: a name, or a pattern, for each level.
        """
        return self._below(self._root, *steps)

    def _below(self, folder: str, *steps: str) -> Iterator[str]:
        # One level at a time: a pattern over several doesn't follow links.
        found: Iterable[str] = [folder]
        for step in steps:
            found = self._next_level(found, step)
        return (path for path in found if "*" in steps[-1] or self._files.exists(path))

    def _next_level(self, folders: Iterable[str], step: str) -> Iterator[str]:
        for folder in folders:
            if "*" in step:
                yield from self._files.glob(f"{glob.escape(folder)}/{step}")
            else:
                yield f"{folder}/{step}"

    def _read(self, table: Table, *, client: str, day: date | None) -> arrow.Table:
        with self._opened(table, client=client, day=day) as file:
            return _rows(table, file)

    @contextlib.contextmanager
    def _opened(self, table: Table, *, client: str, day: date | None) -> Iterator[parquet.ParquetFile]:
        path = self._path(table.name, client=client, day=day)
        with self._files.open(path, "rb") as file:
            try:
                # Most files are small: reading ahead, and threads, would cost more than they save.
                yield parquet.ParquetFile(file, pre_buffer=False)
            except (arrow.ArrowException, OSError) as error:
                if not is_no_parquet(error):
                    raise
                raise BrokenFile(path, table.name, client, day) from error

    def _put(self, frame: pd.DataFrame, table: Table, path: str) -> None:
        data = arrow.Table.from_pandas(frame[table.arrow_schema.names], schema=table.arrow_schema, preserve_index=False)
        self._put_file(data, path)

    def _put_file(self, data: arrow.Table, path: str) -> None:
        folder = path.rpartition("/")[0]
        unfinished = f"{folder}/.{uuid.uuid4().hex}{_UNFINISHED}"
        try:
            self._files.makedirs(folder, exist_ok=True)
            with self._files.open(unfinished, "wb") as file:
                parquet.write_table(data, file, compression="zstd")
                self._sync(file)
            self._put_in_place(unfinished, path)
        except BaseException as error:
            with contextlib.suppress(OSError):  # A full disk is not to stay full because of it.
                self._files.rm_file(unfinished)
            if isinstance(error, OSError) and error.errno:
                # A full disk doesn't say where.
                raise OSError(error.errno, os.strerror(error.errno), path) from error
            raise

    def _sync(self, file: IO[Any]) -> None:
        """Bring a file's content to the disk: without it, the name may lead to an empty file after a power cut."""
        if self._is_local:
            file.flush()
            os.fsync(file.fileno())

    def _put_in_place(self, unfinished: str, path: str) -> None:
        if not self._is_local:
            self._files.mv(unfinished, path)
            return
        Path(unfinished).replace(path)
        folder = os.open(path.rpartition("/")[0], os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _snapshot_folder(self, client: str, taken: datetime) -> str:
        form = _TAKEN_EXACTLY if taken.microsecond else _TAKEN
        return f"{self._root}/{_SNAPSHOT_HISTORY}/client={client}/taken={taken:{form}}"

    @property
    def _first_day_path(self) -> str:
        return f"{self._root}/first_day.txt"

    def _path(self, name: str, *, client: str, day: date | None) -> str:
        by_day = f"/day={day.isoformat()}" if day else ""
        return f"{self._root}/{name}/client={client}{by_day}/{_FILE}"


def _rows(table: Table, file: parquet.ParquetFile, names: Sequence[str] | None = None) -> arrow.Table:
    """The file's rows, all columns if none are named."""
    names = names or table.arrow_schema.names
    content = file.read(columns=names, use_threads=False)
    for name in names:
        if name not in content.column_names:  # An older file.
            column = table.arrow_schema.field(name)
            content = content.append_column(column, arrow.nulls(len(content), column.type))
    return content.select(names)


def _lacks_personal(metadata: Mapping[bytes, bytes] | None) -> bool:
    return _WITHOUT_PERSONAL.items() <= (metadata or {}).items()


def _moment(taken: str) -> datetime:
    """When a snapshot was taken, from its path."""
    return datetime.strptime(taken, _TAKEN_EXACTLY if taken.count("-") > 4 else _TAKEN).replace(tzinfo=UTC)  # noqa: PLR2004
