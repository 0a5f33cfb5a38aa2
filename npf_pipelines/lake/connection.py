"""DuckDB over the lake: a view for each table. No file is opened before a query needs it; broken files are left out.

Making a view costs more than a query over a few files, so a view is made when a query first names it.

Not here: which files a view reads (views.py), the message about a broken file (broken_files.py).
"""

import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Self

import duckdb
import fsspec
import pyarrow as arrow
from fsspec.implementations.local import LocalFileSystem

from npf_pipelines.lake.broken_files import is_broken
from npf_pipelines.lake.listed_files import ListedFiles
from npf_pipelines.lake.partition_file import month_schema
from npf_pipelines.lake.table import Table

_PARTITION = {"client": "VARCHAR", "day": "DATE", "taken": "VARCHAR"}
"""The columns that are in the path, with their types."""
_WRONG_QUERY = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
"""The errors that no broken file causes. A broken file causes errors of many kinds."""
_READERS = 8
"""Files read at once in search of broken files."""


@dataclass(frozen=True)
class Sources:
    """The files of a view.

    Attributes:
        files: the files with a partition each, or glob patterns of them.
        months: the files with a client's month, as patterns that fit nothing else.
        hidden: the days of a month's file that don't count, by file.
    """

    files: Sequence[str] = ()
    months: Sequence[str] = ()
    hidden: Mapping[str, Collection[date]] = field(default_factory=dict)

    def lost(self, now: Self) -> bool:
        """Whether any of the files is there no longer."""
        return not {*self.files, *self.months} <= {*now.files, *now.months}


@dataclass(frozen=True)
class View:
    """A view of the lake.

    Attributes:
        name: the view's name.
        table: the columns, without the path's.
        partition: the columns in the path, in their order.
        sources: the files as DuckDB names them.
        paths: lists the same files for the file system.
        rows: the view's rows where it has no files; None if it has none.
    """

    name: str
    table: Table
    partition: Sequence[str]
    sources: Callable[[], Sources] = Sources
    paths: Callable[[], Iterator[str]] = lambda: iter(())
    rows: arrow.Table | None = None


@dataclass(frozen=True)
class DerivedView:
    """A view over other views.

    Attributes:
        name: the view's name.
        query: its SELECT.
    """

    name: str
    query: str


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, and the names of its columns."""

    rows: list[tuple[Any, ...]]
    columns: Sequence[str]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row; None if there is none."""
        return next(iter(self.rows), None)


class LakeConnection:
    """DuckDB in memory with the views.

    Attributes:
        broken: the paths of the broken files that a query met; they are left out since.
    """

    def __init__(
        self,
        files: fsspec.AbstractFileSystem | None,
        views: Sequence[View],
        derived: Sequence[DerivedView] = (),
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        """Open it.

        Args:
            files: the lake's file system; None where no view has files.
            views: the views over files or rows.
            derived: the views over these views.
            forget: has the views list their files again, where a listing is kept.
        """
        self.broken: Collection[str] = ()
        self._files, self._views, self._derived = files, {view.name: view for view in views}, derived
        self._forget = forget
        self._made: dict[str, Sources] = {}
        self._made_derived: set[str] = set()
        self._connection = duckdb.connect()
        self._listed = ListedFiles(files) if files and not _is_local(files) else None
        if files:
            self._connection.register_filesystem(self._listed or files)
        self._connection.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._connection.close()

    def execute(self, query: str, values: Sequence[object] | Mapping[str, object] | None = None) -> Answer:
        """The whole answer to a query.

        Raises:
            duckdb.Error: the query is wrong, or the files can't be reached.
        """

        def answer(connection: duckdb.DuckDBPyConnection) -> Answer:
            made = connection.execute(query, values) if values is not None else connection.execute(query)
            return Answer(made.fetchall(), [str(column[0]) for column in made.description or []])

        return self._run(answer, re.findall(r"\w+", query))

    def _run(self, action: Callable[[duckdb.DuckDBPyConnection], Answer], names: Iterable[str]) -> Answer:
        """Run an action with DuckDB's own connection, again if a file was moved meanwhile, or without broken files.

        Args:
            action: what to do.
            names: of the views that it may need, other words among them.
        """
        self._make_views(names)
        while True:
            if self._listed:
                self._listed.forget()
            try:
                return action(self._connection)
            except _WRONG_QUERY:
                raise
            except (duckdb.Error, FileNotFoundError) as error:
                try:
                    has_changed = self._list_again() or self._leave_out_broken()
                except OSError as unreached:
                    raise error from unreached
                if not has_changed:
                    raise

    def _list_again(self) -> bool:
        """Make the views again if one of their files was deleted, as by a compaction that is done with it."""
        self._forget()
        now = {name: self._views[name].sources() for name in self._made}
        has_lost = any(sources.lost(now[name]) for name, sources in self._made.items())
        if has_lost:
            for name, sources in now.items():
                self._make_view(self._views[name], sources)
        return has_lost

    def _leave_out_broken(self) -> bool:
        """Make the views again without broken files; whether there are more than those left out before."""
        paths = [path for view in self._views.values() for path in view.paths()]
        with ThreadPoolExecutor(_READERS) as threads:
            are_broken = threads.map(functools.partial(is_broken, self._files), paths)
            found = {path for path, broken in zip(paths, are_broken, strict=True) if broken}
        if found <= set(self.broken):
            return False
        self.broken = sorted(found)
        for name, sources in self._made.items():
            self._make_view(self._views[name], sources)
        return True

    def _make_views(self, names: Iterable[str]) -> None:
        missing = {*names} - self._made.keys() - self._made_derived
        for derived in self._derived:
            if derived.name in missing:
                self._make_views(re.findall(r"\w+", derived.query))
                self._connection.execute(f"CREATE VIEW {derived.name} AS {derived.query}")
                self._made_derived.add(derived.name)
        for name in missing & self._views.keys() - self._made.keys():
            view = self._views[name]
            self._make_view(view, view.sources())

    def _make_view(self, view: View, sources: Sources) -> None:
        columns = ", ".join([*view.partition, *view.table.arrow_schema.names])
        parts = []
        if sources.files:
            in_path = [f"{_from_path(view.partition, column)} AS {column}" for column in view.partition]
            parts.append(self._select(f"{view.name}_files", sources.files, in_path, view.table.arrow_schema))
        if sources.months:
            client = ["regexp_extract(filename, '/client=([^/]*)/month=[^/]*/[^/]*$', 1) AS client"]
            months = self._select(f"{view.name}_months", sources.months, client, month_schema(view.table))
            if sources.hidden:
                hidden = f"{view.name}_hidden"
                pairs = [(path, day) for path, days in sources.hidden.items() for day in days]
                named, of_day = (list(column) for column in zip(*pairs, strict=True))
                self._connection.register(hidden, arrow.table({"filename": named, "day": of_day}))
                months = f"{months} ANTI JOIN {hidden} USING (filename, day)"
            parts.append(months)
        if not parts:
            in_memory = f"{view.name}_in_memory"
            self._connection.register(in_memory, _empty(view) if view.rows is None else view.rows)
            parts.append(f"FROM {in_memory}")
        query = " UNION ALL ".join(f"SELECT {columns} {part}" for part in parts)
        self._connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS {query}")
        self._made[view.name] = sources

    def _select(self, name: str, paths: Sequence[str], in_path: Sequence[str], schema: arrow.Schema) -> str:
        """The FROM clause for files, whose names a variable holds: a year of days would be a query of megabytes."""
        self._connection.execute(f"SET VARIABLE {name} = $paths", {"paths": list(paths)})
        left_out = ", ".join(_quoted(for_duckdb(self._files, path)) for path in self.broken)
        # Without the schema DuckDB would open all files to find their columns. Older files may lack a column.
        return (
            f"FROM (SELECT *, {', '.join(in_path)} FROM read_parquet(getvariable('{name}'), "  # noqa: S608
            f"filename = true, schema = {_schema(schema)})"
            f"{f' WHERE filename NOT IN ({left_out})' if left_out else ''})"
        )


def for_duckdb(files: fsspec.AbstractFileSystem, path: str) -> str:
    """A path, or pattern, of the file system as DuckDB names it."""
    protocol = files.protocol if isinstance(files.protocol, str) else files.protocol[0]
    return path if _is_local(files) else f"{protocol}://{path}"


def _is_local(files: fsspec.AbstractFileSystem) -> bool:
    return isinstance(files, LocalFileSystem)


def _from_path(partition: Sequence[str], column: str) -> str:
    """The expression for a column that is in the file's path; DuckDB opens no file that a condition on it excludes."""
    ends = "".join(f"/{name}={'([^/]*)' if name == column else '[^/]*'}" for name in partition)
    return f"TRY_CAST(regexp_extract(filename, '{ends}/part[.]parquet$', 1) AS {_PARTITION[column]})"


def _empty(view: View) -> arrow.Table:
    in_path = [(column, arrow.date32() if column == "day" else arrow.string()) for column in view.partition]
    return arrow.schema([*in_path, *view.table.arrow_schema]).empty_table()


@functools.cache
def _types(schema: arrow.Schema) -> Sequence[tuple[str, str]]:
    """The columns with DuckDB's names of their types."""
    with duckdb.connect() as connection:
        connection.register("columns", schema.empty_table())
        return [(row[0], row[1]) for row in connection.execute("DESCRIBE columns").fetchall()]


def _schema(schema: arrow.Schema) -> str:
    fields = ", ".join(
        f"{_quoted(name)}: {{name: {_quoted(name)}, type: {_quoted(kind)}, default_value: NULL}}"
        for name, kind in _types(schema)
    )
    return f"MAP {{{fields}}}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
