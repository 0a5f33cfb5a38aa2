"""The options that the lists of orders, shipments and stock share, and how a list is printed.

Not here: the rows (lake/listings.py), the commands (orders.py, shipments.py, stock.py).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import typer

from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.output import OutputFormat, output_format, print_rows, stderr
from npf_pipelines.config.settings import Settings
from npf_pipelines.lake.listings import Listing, RowFilter, list_rows
from npf_pipelines.runs.services import Services

DEFAULT_LIMIT = 100

OfClients = Annotated[list[str] | None, typer.Option("--client", help="A client's id; may be repeated. All if none.")]
OfOrders = Annotated[
    list[str] | None,
    typer.Option("--order", help="An order's number, with or without the order prefix; may be repeated."),
]
Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day, in the client's time zone.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day, in the client's time zone.")]
Limit = Annotated[int, typer.Option(min=1, help="The most rows to print.")]


def print_list(
    listing: Listing,
    thing: str,
    clients: Sequence[str] | None,
    criteria: RowFilter,
    *,
    limit: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print the newest rows of a list, and say on stderr whether there are more.

    Args:
        listing: the kind of list.
        thing: what its rows are, in the plural.
        clients: the clients; all if none.
        criteria: which rows are meant, apart from the clients.
        limit: the most rows to print.
        as_json: whether to print JSON.
        as_csv: whether to print CSV.
    """
    form = output_format(as_json=as_json, as_csv=as_csv)
    services = Services(Settings())
    _check_clients(services, clients or ())
    values = {**criteria.values, "client": clients or ()}
    chosen = RowFilter(values, _numbers(services, criteria.orders), criteria.since, criteria.until)
    with services.lake.connect(clients[0] if clients and len(clients) == 1 else None) as connection:
        listed = list_rows(connection, listing, chosen, limit)
        name_broken(connection)
    if listed.rows or form is not OutputFormat.TABLE:
        print_rows(listed.rows, listing.columns, form)
    if not listed.rows:
        stderr().print(f"No {thing} in the tables match.")
    elif listed.total > len(listed.rows):
        stderr().print(f"The newest {len(listed.rows)} of {listed.total} {thing}. For more: --limit {listed.total}")


def day_of_option(moment: datetime | None) -> date | None:
    """The day that an option names."""
    return moment.date() if moment else None


def _check_clients(services: Services, clients: Sequence[str]) -> None:
    """A client without a master setup may have tables still; one without either is a slip."""
    known = set(services.lake.clients()) if clients else set()
    for client in clients:
        if client not in known:
            services.setups()[client]


def _numbers(services: Services, orders: Sequence[str]) -> list[str]:
    """The names of orders, and each with the order prefix of each client: tables of shipments know no other number."""
    if not orders:
        return []
    prefixes = {setup.orders.prefix for setup in services.setups().clients.values()}
    return sorted({*orders, *(prefix + order for prefix in prefixes for order in orders)})
