"""`npf stock`: the last count of each SKU, and what became of it in the store."""

from typing import Annotated

import typer

from npf_pipelines.cli.listing import DEFAULT_LIMIT, Limit, OfClients, print_list
from npf_pipelines.cli.output import AsCsv, AsJson
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.lake.listings import STOCK, RowFilter


def stock(
    *,
    client: OfClients = None,
    sku: Annotated[list[str] | None, typer.Option(help="A SKU; may be repeated.")] = None,
    outcome: Annotated[
        list[StockOutcome] | None, typer.Option(help="The amount's outcome in the store; may be repeated.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List SKUs, the last pushed first: the warehouse's figures, the amount the store should have, the outcome."""
    criteria = RowFilter({"sku": sku or (), "outcome": outcome or ()})
    print_list(STOCK, "SKUs", client, criteria, limit=limit, as_json=as_json, as_csv=as_csv)
