"""What changed, or would change, as tables for the terminal, after a run.

Not here: what is in the lake (tables.py).
"""

from collections.abc import Sequence
from datetime import date

from rich.table import Table

from npf_pipelines.automation.launch import Launched
from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.plain import plain
from npf_pipelines.lake.lake import Lake

_COUNTED = {
    "orders": ("filtered_orders.decision", "filtered_orders.rule", "platform_orders.outcome"),
    "shipments": ("tracking_push.outcome", "tracking_push.status_outcome"),
    "stock": ("stock_push.outcome",),
}
"""By flow: the columns whose values are counted."""


def run_summary(lake: Lake, flow: str, clients: Sequence[str], days: tuple[date, date] | None) -> Table:
    """The outcomes of a flow by client, over the days."""
    shown = Table("client", "table", "column", "value", "rows", title=f"{flow}: what the tables say now")
    for name in _COUNTED[flow]:
        table, column = name.split(".")
        for client, value, rows in counts(lake, table, column, clients, days):
            shown.add_row(*map(plain, (client, table, column, value, rows)))
    return shown


def changes_tables(launched: Sequence[Launched]) -> list[Table | str]:
    """What dry runs would change, a table for each partition."""
    tables: list[Table | str] = []
    for change in (change for one in launched for change in one.changes):
        more = "" if len(change.shown) == change.rows else f", the first {len(change.shown)} of them"
        columns = list(dict.fromkeys(name for record in change.shown for name in record))
        title = f"{change.table} of {change.partition}: {change.rows} would change{more}"
        shown = Table(*columns, title=title, title_justify="left")
        for record in change.shown:
            shown.add_row(*(plain(record.get(name, "")) for name in columns))
        tables.append(shown)
    has_failed = any(one.failure for one in launched)
    return tables or ([] if has_failed else ["Nothing would change."])


def counts(
    lake: Lake, table: str, column: str, clients: Sequence[str], days: tuple[date, date] | None
) -> list[tuple[str, str, int]]:
    """`(client, value, rows)` of a column, by client and falling count."""
    between = "AND day BETWEEN $first AND $last" if days else ""
    query = (
        f"SELECT client, {column}, count(*) FROM {table} "  # noqa: S608 - names of ours
        f"WHERE list_contains($clients, client) {between} GROUP BY ALL ORDER BY 1, 3 DESC, 2"
    )
    values = {"clients": list(clients)} | ({"first": days[0], "last": days[1]} if days else {})
    connection = lake.connect(clients[0] if len(clients) == 1 else None)
    rows = connection.execute(query, values).fetchall()
    name_broken(connection)
    return rows
