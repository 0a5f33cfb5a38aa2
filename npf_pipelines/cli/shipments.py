"""`npf shipments`: lodged shipments with what became of each in the store."""

from typing import Annotated

import typer

from npf_pipelines.cli.listing import DEFAULT_LIMIT, Limit, OfClients, OfOrders, Since, Until, day_of_option, print_list
from npf_pipelines.cli.output import AsCsv, AsJson
from npf_pipelines.domain.outcomes import PushOutcome, StatusOutcome
from npf_pipelines.lake.listings import SHIPMENTS, RowFilter


def shipments(
    *,
    client: OfClients = None,
    outcome: Annotated[
        list[PushOutcome] | None, typer.Option(help="The shipment's outcome in the store; may be repeated.")
    ] = None,
    status_outcome: Annotated[
        list[StatusOutcome] | None, typer.Option(help="The outcome of the order's status; may be repeated.")
    ] = None,
    order: OfOrders = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List shipments by the day of lodgement, the newest first: carrier, tracking number, outcome in the store."""
    values = {"outcome": outcome or (), "status_outcome": status_outcome or ()}
    criteria = RowFilter(values, order or (), day_of_option(since), day_of_option(until))
    print_list(SHIPMENTS, "shipments", client, criteria, limit=limit, as_json=as_json, as_csv=as_csv)
