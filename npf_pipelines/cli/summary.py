"""The outcomes of a run, or of a dry run, as tables for the terminal.

Not here: the lake's tables (lake/tables.py).
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
    shown = Table("client", "table", "column", "value", "rows", title=f"{flow}: outcomes in the tables now")
    for name in _COUNTED[flow]:
        table, column = name.split(".")
        for client, value, rows in counts(lake, table, column, clients, days):
            shown.add_row(*map(plain, (client, table, column, value, rows)))
    return shown


def changes_tables(launched: Sequence[Launched]) -> list[Table | str]:
    """The changes that dry runs would make, a table for each partition."""
    tables: list[Table | str] = []
    for change in (change for run in launched for change in run.changes):
        more = "" if len(change.shown) == change.rows else f", the first {len(change.shown)} of them"
        columns = list(dict.fromkeys(name for record in change.shown for name in record))
        title = f"{change.table} of {change.partition}: {change.rows} would change{more}"
        shown = Table(*columns, title=title, title_justify="left")
        for record in change.shown:
            shown.add_row(*(plain(record.get(name, "")) for name in columns))
        tables.append(shown)
    has_failed = any(run.failure for run in launched)
    return tables or ([] if has_failed else ["Nothing would change."])


def counts(
    lake: Lake, table: str, column: str, clients: Sequence[str], days: tuple[date, date] | None
) -> list[tuple[str, str, int]]:
    """`(client, value, rows)` of a column, by client and descending count."""
    between = "AND day BETWEEN $first AND $last" if days else ""
    query = (
        f"SELECT client, {column}, count(*) FROM {table} "  # noqa: S608 - names from this module
        f"WHERE list_contains($clients, client) {between} GROUP BY ALL ORDER BY 1, 3 DESC, 2"
    )
    values = {"clients": list(clients)} | ({"first": days[0], "last": days[1]} if days else {})
    connection = lake.connect(clients[0] if len(clients) == 1 else None)
    rows = connection.execute(query, values).fetchall()
    name_broken(connection)
    return rows


def decisions(lake: Lake, client: str) -> dict[str, str]:
    """The decisions on a client's orders, by the store's order id."""
    query = "SELECT order_id, decision FROM filtered_orders WHERE client = $1"
    return dict(lake.connect(client).execute(query, [client]).fetchall())
