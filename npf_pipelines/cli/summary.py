"""The outcomes of a run, or of a dry run, as printed by `npf run`.

Not here: the lake's tables (lake/tables.py), the forms of output (output.py).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from npf_pipelines.automation.launch import Launched
from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.output import OutputFormat, print_rows, stdout
from npf_pipelines.lake.lake import Lake

_COUNTED = {
    "orders": ("filtered_orders.decision", "filtered_orders.rule", "platform_orders.outcome"),
    "shipments": ("tracking_push.outcome", "tracking_push.status_outcome"),
    "stock": ("stock_push.outcome",),
}
"""By flow: the columns whose values are counted."""
_Days = tuple[date, date] | None


def print_summary(
    lake: Lake, flow: str, ranges: Sequence[tuple[Sequence[str], _Days]], form: OutputFormat = OutputFormat.TABLE
) -> None:
    """Print the outcomes of a flow by client: of each list of clients over its days."""
    rows = []
    for clients, days in ranges:
        for name in _COUNTED[flow]:
            table, column = name.split(".")
            rows += [
                {"client": client, "table": table, "column": column, "value": value, "rows": count}
                for client, value, count in counts(lake, table, column, clients, days)
            ]
    columns = ("client", "table", "column", "value", "rows")
    if rows or form is not OutputFormat.TABLE:
        print_rows(rows, columns, form, title=f"{flow}: outcomes in the tables now")


def print_changes(launched: Sequence[Launched], form: OutputFormat = OutputFormat.TABLE) -> None:
    """Print the changes that dry runs would make: a table for each partition, or a list of all rows."""
    changes = [change for run in launched for change in run.changes]
    if form is not OutputFormat.TABLE:
        rows = [
            {"table": change.table, "partition": change.partition, **record}
            for change in changes
            for record in change.shown
        ]
        print_rows(rows, ["table", "partition", *_columns(rows, but=("table", "partition"))], form)
        return
    for change in changes:
        more = "" if len(change.shown) == change.rows else f", the first {len(change.shown)} of them"
        title = f"{change.table} of {change.partition}: {change.rows} would change{more}"
        print_rows(change.shown, _columns(change.shown), title=title)
    if not changes and not any(run.failure for run in launched):
        stdout().print("Nothing would change.")


def _columns(rows: Sequence[Mapping[str, object]], but: Collection[str] = ()) -> list[str]:
    return [name for name in dict.fromkeys(name for row in rows for name in row) if name not in but]


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
    rows = connection.execute(query, values).rows
    name_broken(connection)
    return rows


def decisions(lake: Lake, client: str) -> dict[str, str]:
    """The decisions on a client's orders, by the store's order id."""
    query = "SELECT order_id, decision FROM filtered_orders WHERE client = $1"
    return dict(lake.connect(client).execute(query, [client]).rows)
