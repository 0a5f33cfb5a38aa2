"""The lake: one Parquet file for each partition of each table, and DuckDB over all of them.

A file is written whole under another name and then moved into place: a reader sees the old one or the new one.
Not here: what the tables hold (tables.py).
"""

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import fsspec
import pandas as pd
import pyarrow as arrow
from pyarrow import parquet

from npf_pipelines.tables import STOCK_SNAPSHOTS, TABLES, Table

_SNAPSHOT_HISTORY = "stock_snapshots_history"
"""Every stock snapshot ever taken, by its time."""

_TAKEN = "%Y-%m-%dT%H-%M-%SZ"
"""That time, in the path."""

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
        """
        frame = self.frame(table, rows, client=client, day=day)
        if table is STOCK_SNAPSHOTS and rows:
            taken_at: datetime = rows[0]["taken_at"]
            self._put(frame, table, f"{self._snapshot_folder(client, taken_at)}/part.parquet")
        self._put(frame, table, self._path(table.name, client=client, day=day))
        return frame

    def keep(self, table: Table, rows: list[dict[str, Any]], *, client: str) -> None:
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

    def holds(self, table: Table, rows: list[dict[str, Any]], *, client: str, day: date | None = None) -> bool:
        """Whether `write` would change nothing but the time of the look.

        Of stock one snapshot a day is new in any case, so that its history has every day on which it was counted.
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
            NotWritten: the partition has not been written yet.
        """
        try:
            rows: list[dict[str, Any]] = self._read(table, client=client, day=day).to_pylist()
        except FileNotFoundError:
            when = f" for {day}" if day else ""
            raise NotWritten(f"{table.name} of {client}{when} has not been made yet: run it first") from None
        return rows

    def columns(self, table: Table, names: Sequence[str], *, client: str, day: date | None = None) -> arrow.Table:
        """Some columns of a partition, for one with very many rows; no rows if it has not been written yet."""
        try:
            with self._opened(table, client=client, day=day) as file:
                return _rows(table, file, names)
        except FileNotFoundError:
            return table.arrow_schema.empty_table().select(names)

    def read_if_written(self, table: Table, *, client: str, day: date | None = None) -> list[dict[str, Any]]:
        """As `read`; nothing for a partition that has not been written yet."""
        try:
            return self.read(table, client=client, day=day)
        except NotWritten:
            return []

    def days(self, table: Table, *, client: str) -> list[date]:
        """The days of the client that have been written, oldest first."""
        found = self._files.glob(f"{self._root}/{table.name}/client={client}/day=*/part.parquet")
        return sorted(date.fromisoformat(path.split("/day=")[1].partition("/")[0]) for path in found)

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
        unfinished = f"{self._root}/.{uuid.uuid4().hex}.unfinished"
        with self._files.open(unfinished, "w") as file:
            file.write(day.isoformat())
        self._files.mv(unfinished, self._first_day_path)

    def clients(self) -> list[str]:
        """The clients that have any table, those without a master setup included."""
        found = self._files.glob(f"{self._root}/*/client=*")
        return sorted({path.rpartition("/client=")[2] for path in found})

    def snapshots(self, client: str) -> list[datetime]:
        """When the client's stock snapshots were taken that are still there, oldest first."""
        found = self._files.glob(f"{self._root}/{_SNAPSHOT_HISTORY}/client={client}/taken=*")
        taken = (path.rpartition("/taken=")[2] for path in found)
        return sorted(datetime.strptime(text, _TAKEN).replace(tzinfo=UTC) for text in taken)

    def drop_snapshot(self, client: str, taken: datetime) -> None:
        """Delete a snapshot from the history."""
        self._files.rm(self._snapshot_folder(client, taken), recursive=True)

    def rename_client(self, old: str, new: str) -> None:
        """Move all files of a client to another id, over those that the other one has; the client stands in paths only.

        Made again after it broke off, it moves what is left.
        """
        for file in sorted(self._files.glob(f"{self._root}/*/client={old}/**/part.parquet")):
            target = file.replace(f"/client={old}/", f"/client={new}/", 1)
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._files.mv(file, target)
        for folder in self._files.glob(f"{self._root}/*/client={old}"):
            self._files.rm(folder, recursive=True)

    def lacks_personal(self, table: Table, *, client: str, day: date | None = None) -> bool:
        """Whether the partition's personal data was dropped; only the file's foot is read."""
        with self._files.open(self._path(table.name, client=client, day=day), "rb") as file:
            return _lacks_personal(parquet.read_schema(file).metadata)

    def drop_personal(self, table: Table, *, client: str, day: date | None = None) -> int:
        """Empty the personal columns of a partition, everything else kept; how many rows it has."""
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

    def connect(self, client: str | None = None) -> duckdb.DuckDBPyConnection:
        """DuckDB in memory with a view for each table, empty ones included.

        Args:
            client: the views hold this client's rows alone, and no other client's file is touched.
        """
        of_client = f"client={client or '*'}"
        return self._connect([f"{of_client}/day=*"], [of_client], [f"{of_client}/taken=*"])

    def connect_to(self, partitions: Iterable[tuple[str, date | None]]) -> duckdb.DuckDBPyConnection:
        """The same with these partitions' rows alone, by client and day; the history of the snapshots is empty.

        Args:
            partitions: those without a day stand for the client's tables that have none.
        """
        days: list[str] = []
        whole: list[str] = []
        for client, day in partitions:
            (days if day else whole).append(f"client={client}/day={day}" if day else f"client={client}")
        return self._connect(days, whole, [])

    def connect_to_stock(self, client: str) -> duckdb.DuckDBPyConnection:
        """The same with one client's tables without days and the history of its snapshots alone."""
        return self._connect([], [f"client={client}"], [f"client={client}/taken=*"])

    def _connect(self, days: Sequence[str], whole: Sequence[str], taken: Sequence[str]) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.register_filesystem(self._files)
        connection.sql("SET TimeZone = 'UTC'")
        for table in TABLES.values():
            folders = days if table.by_day else whole
            self._create_view(connection, table.name, table, table.partition_columns, folders)
        connection.sql(_EXCEPTIONS)
        self._create_view(connection, _SNAPSHOT_HISTORY, STOCK_SNAPSHOTS, ("client", "taken"), taken)
        return connection

    def _create_view(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        table: Table,
        partition: tuple[str, ...],
        folders: Sequence[str],
    ) -> None:
        columns = [*partition, *table.arrow_schema.names]
        patterns = [f"{self._root}/{name}/{folder}/part.parquet" for folder in folders]
        there = [self._for_duckdb(pattern) for pattern in patterns if self._files.glob(pattern)]
        empty = arrow.schema(
            [(column, arrow.date32() if column == "day" else arrow.string()) for column in partition]
            + list(table.arrow_schema)
        ).empty_table()
        connection.register(f"{name}_when_empty", empty)
        source = f"FROM {name}_when_empty"
        if there:
            types = ", ".join(f"{column}: {'DATE' if column == 'day' else 'VARCHAR'}" for column in partition)
            # By name, for older files may lack a column.
            source += (
                f" UNION ALL BY NAME FROM read_parquet([{', '.join(map(_quoted, there))}], "
                f"hive_partitioning = true, hive_types = {{{types}}}, union_by_name = true)"
            )
        connection.sql(f"CREATE VIEW {name} AS SELECT {', '.join(columns)} FROM ({source})")  # noqa: S608

    def _for_duckdb(self, pattern: str) -> str:
        protocol = self._files.protocol if isinstance(self._files.protocol, str) else self._files.protocol[0]
        return pattern if protocol in {"file", "local"} else f"{protocol}://{pattern}"

    def _read(self, table: Table, *, client: str, day: date | None) -> arrow.Table:
        with self._opened(table, client=client, day=day) as file:
            return _rows(table, file)

    @contextlib.contextmanager
    def _opened(self, table: Table, *, client: str, day: date | None) -> Iterator[parquet.ParquetFile]:
        with self._files.open(self._path(table.name, client=client, day=day), "rb") as file:
            # Most files are small: reading ahead, and threads, would cost more than they save.
            yield parquet.ParquetFile(file, pre_buffer=False)

    def _put(self, frame: pd.DataFrame, table: Table, path: str) -> None:
        data = arrow.Table.from_pandas(frame[table.arrow_schema.names], schema=table.arrow_schema, preserve_index=False)
        self._put_file(data, path)

    def _put_file(self, data: arrow.Table, path: str) -> None:
        folder = path.rpartition("/")[0]
        self._files.makedirs(folder, exist_ok=True)
        unfinished = f"{folder}/.{uuid.uuid4().hex}.unfinished"
        with self._files.open(unfinished, "wb") as file:
            parquet.write_table(data, file, compression="zstd")
        self._files.mv(unfinished, path)

    def _snapshot_folder(self, client: str, taken: datetime) -> str:
        return f"{self._root}/{_SNAPSHOT_HISTORY}/client={client}/taken={taken:{_TAKEN}}"

    @property
    def _first_day_path(self) -> str:
        return f"{self._root}/first_day.txt"

    def _path(self, name: str, *, client: str, day: date | None) -> str:
        by_day = f"/day={day.isoformat()}" if day else ""
        return f"{self._root}/{name}/client={client}{by_day}/part.parquet"


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


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
