"""The views of the lake: which files each of them reads, and the views over other views.

Not here: DuckDB itself, and files that a query finds broken (connection.py).
"""

import glob
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as arrow

from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.lake.connection import DerivedView, LakeConnection, View, for_duckdb
from npf_pipelines.lake.files import FILE, SNAPSHOT_HISTORY, LakeFiles
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


def connect(
    files: LakeFiles, days: Sequence[Sequence[str]], whole: Sequence[Sequence[str]], taken: Sequence[Sequence[str]]
) -> LakeConnection:
    """DuckDB with a view for each table.

    Args:
        files: the lake's files.
        days: the folders, or patterns of folders, of tables that are partitioned by day, level by level.
        whole: the folders of the other tables.
        taken: the folders of the history of the stock snapshots.
    """
    views = [
        _view(files, table.name, table, table.partition_columns, days if table.by_day else whole)
        for table in TABLES.values()
    ]
    views.append(_view(files, SNAPSHOT_HISTORY, STOCK_SNAPSHOTS, ("client", "taken"), taken))
    return LakeConnection(files.system, views, [_EXCEPTIONS])


def _view(
    files: LakeFiles, name: str, table: Table, partition: Sequence[str], folders: Sequence[Sequence[str]]
) -> View:
    there = [folder for folder in folders if any(files.glob(name, *folder, FILE))]
    patterns = ["/".join([glob.escape(files.root), name, *folder, FILE]) for folder in there]

    def paths() -> Iterator[str]:
        for folder in there:
            yield from files.glob(name, *folder, FILE)

    return View(name, table, partition, [for_duckdb(files.system, pattern) for pattern in patterns], paths)
