"""`npf run --order`: which client's orders are meant, and what became of them.

Not here: how a run finds them (assets/named_orders.py, assets/named_shipments.py).
"""

from collections.abc import Sequence
from typing import Annotated

import typer

from npf_pipelines.cli.broken_files import name_broken
from npf_pipelines.cli.output import OutputFormat, fail, print_rows
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.listings import ORDERS, SHIPMENTS, RowFilter, list_rows
from npf_pipelines.runs.services import Services

OrderNames = Annotated[
    list[str] | None,
    typer.Option(
        help="Orders and shipments only: an order's number, with or without the order prefix; may be repeated. The run "
        "finds its days, and leaves the other orders of these days as they are."
    ),
]
_CLIENTS = "SELECT DISTINCT client FROM filtered_orders WHERE list_contains($names, order_number)"
_MOST_ROWS = 1000


def client_of_orders(lake: Lake, clients: Sequence[str], names: Sequence[str]) -> str:
    """The client that orders belong to: the only one, or the only one in whose tables they are.

    The store's own numbers are alike in many stores: they name a client only where there is no other.

    Raises:
        typer.Exit: it may be more than one, or none.
    """
    if len(clients) == 1:
        return clients[0]
    with lake.connect() as connection:
        found = {client for (client,) in connection.execute(_CLIENTS, {"names": list(names)}).rows}
        name_broken(connection)
    if len(found) != 1:
        whose = f"{', '.join(sorted(found))} have such an order" if found else "no client's tables have such an order"
        fail(f"{whose}: name the client with --client")
    return str(found.pop())


def print_named(
    services: Services, flow: str, clients: Sequence[str], names: Sequence[str], form: OutputFormat
) -> None:
    """Print the rows of orders, or of their shipments, as they are in the tables now."""
    listing = ORDERS if flow == "orders" else SHIPMENTS
    setups = services.setups()
    prefixed = [setups[client].orders.prefix + name for client in clients for name in names]
    with services.lake.connect(clients[0] if len(clients) == 1 else None) as connection:
        criteria = RowFilter({"client": clients}, [*names, *prefixed])
        rows = list_rows(connection, listing, criteria, _MOST_ROWS).rows
        name_broken(connection)
    if rows or form is not OutputFormat.TABLE:
        print_rows(rows, listing.columns, form)
