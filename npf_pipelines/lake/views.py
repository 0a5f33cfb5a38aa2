"""The views of the lake: which files each of them reads, and the views over other views.

Not here: DuckDB itself, and files that a query finds broken (connection.py).
"""

import glob
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from npf_pipelines.domain.outcomes import OrderOutcome
from npf_pipelines.lake.connection import DerivedView, LakeConnection, Sources, View, for_duckdb
from npf_pipelines.lake.files import FILE, SNAPSHOT_HISTORY, LakeFiles
from npf_pipelines.lake.months import PartitionFiles
from npf_pipelines.lake.partitions import list_clients, list_days
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


Days = Mapping[str, Collection[date]] | str
"""Days by client; or the id of a client, or `*` for all, whose every day is meant."""


def connect(files: LakeFiles, days: Days, whole: Sequence[str], taken: Sequence[str]) -> LakeConnection:
    """DuckDB with a view for each table. Arguments as for `views_of`."""
    return LakeConnection(files.system, views_of(files, days, whole, taken), [_EXCEPTIONS])


def views_of(files: LakeFiles, days: Days, whole: Sequence[str], taken: Sequence[str]) -> list[View]:
    """A view for each table.

    Args:
        files: the lake's files.
        days: which partitions of the tables with days.
        whole: the clients, or `*`, of the other tables.
        taken: the clients of the history of the stock snapshots.
    """
    views = [
        _of_days(files, table, days) if table.by_day else _of_clients(files, table.name, table, ("client",), whole)
        for table in TABLES.values()
    ]
    views.append(_of_clients(files, SNAPSHOT_HISTORY, STOCK_SNAPSHOTS, ("client", "taken"), taken))
    return views


def _of_clients(files: LakeFiles, name: str, table: Table, partition: Sequence[str], clients: Sequence[str]) -> View:
    below = [f"{column}=*" for column in partition[1:]]

    def paths(client: str) -> Iterator[str]:
        return files.glob(name, f"client={client}", *below, FILE)

    def sources() -> Sources:
        there = [client for client in clients if any(paths(client))]
        patterns = ["/".join([glob.escape(files.root), name, f"client={client}", *below, FILE]) for client in there]
        return Sources([for_duckdb(files.system, pattern) for pattern in patterns])

    return View(name, table, partition, sources, lambda: (path for client in clients for path in paths(client)))


def _of_days(files: LakeFiles, table: Table, days: Days) -> View:
    def there() -> Iterable[PartitionFiles]:
        if isinstance(days, str):
            return list_clients(files, table, days).values()
        return [list_days(files, table, client, of_client) for client, of_client in days.items()]

    def sources() -> Sources:
        own: list[str] = []
        months: list[str] = []
        hidden: dict[str, Collection[date]] = {}
        for found in there():
            own += [glob.escape(for_duckdb(files.system, path)) for path in found.days.values()]
            for month in found.newest:
                if shown := found.shown(month):
                    name = for_duckdb(files.system, month.path)
                    months.append(glob.escape(name))
                    hidden |= {name: month.days - shown} if shown < month.days else {}
        return Sources(own, months, hidden)

    def paths() -> Iterator[str]:
        for found in there():
            yield from found.days.values()
            yield from (month.path for month in found.newest)

    return View(table.name, table, table.partition_columns, sources, paths)
