"""The views of the lake: which files each of them reads, and the views over other views.

Not here: DuckDB itself, and files that a query finds broken (connection.py).
"""

import glob
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

import pyarrow as arrow

from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.lake.connection import DerivedView, LakeConnection, Sources, View, for_duckdb
from npf_pipelines.lake.files import FILE, SNAPSHOT_HISTORY, LakeFiles
from npf_pipelines.lake.partitions import list_clients
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import STOCK_SNAPSHOTS, TABLES

_EXCEPTIONS = DerivedView(
    "order_exceptions",
    f"""
SELECT client, day, order_number, order_id, reason AS differs, differs_since AS since
FROM platform_orders WHERE outcome = '{OrderOutcome.DIFFERS}'
UNION ALL
SELECT client, NULL, name, NULL, reason, since FROM status_questions
""",  # noqa: S608 - made of constants
)
"""The orders on which store and platform differ and a person has to act; a row goes when the two agree again.

Without day and order_id: a status of the store that the master setup doesn't explain, one row for all its orders.
"""


def connect_rows(rows: Mapping[str, arrow.Table]) -> LakeConnection:
    """The same views over rows in memory, by table and with the partition's columns; other tables are empty."""
    views = [View(table.name, table, table.partition_columns, rows=rows.get(table.name)) for table in TABLES.values()]
    return LakeConnection(None, views, [_EXCEPTIONS])


def connect(files: LakeFiles, client: str) -> LakeConnection:
    """DuckDB with a view for each table. Arguments as for `views_of`."""
    return LakeConnection(files.system, views_of(files, client), [_EXCEPTIONS], files.forget)


def views_of(files: LakeFiles, client: str) -> list[View]:
    """A view for each table.

    Args:
        files: the lake's files.
        client: the id of the only client, or `*` for all.
    """
    views = [
        _of_days(files, table, client) if table.by_day else _whole(files, table.name, table, ("client",), client)
        for table in TABLES.values()
    ]
    return [*views, _whole(files, SNAPSHOT_HISTORY, STOCK_SNAPSHOTS, ("client", "taken"), client)]


def _whole(files: LakeFiles, name: str, table: Table, partition: Sequence[str], client: str) -> View:
    below = [f"client={client}", *(f"{column}=*" for column in partition[1:]), FILE]

    def paths() -> Iterator[str]:
        return files.glob(name, *below)

    def sources() -> Sources:
        pattern = for_duckdb(files.system, "/".join([glob.escape(files.root), name, *below]))
        return Sources([pattern] if any(paths()) else [])

    return View(name, table, partition, sources, paths)


def _of_days(files: LakeFiles, table: Table, client: str) -> View:
    def sources() -> Sources:
        own: list[str] = []
        months: list[str] = []
        hidden: dict[str, Collection[date]] = {}
        for found in list_clients(files, table, client).values():
            own += [glob.escape(for_duckdb(files.system, path)) for path in found.days.values()]
            for month in found.newest:
                if shown := found.shown(month):
                    name = for_duckdb(files.system, month.path)
                    months.append(glob.escape(name))
                    hidden |= {name: month.days - shown} if shown < month.days else {}
        return Sources(own, months, hidden)

    def paths() -> Iterator[str]:
        for found in list_clients(files, table, client).values():
            yield from found.days.values()
            yield from (month.path for month in found.newest)

    return View(table.name, table, table.partition_columns, sources, paths)
