"""`npf orders`: orders with the decision on each, and what became of them."""

from typing import Annotated

import typer

from npf_pipelines.cli.listing import DEFAULT_LIMIT, Limit, OfClients, OfOrders, Since, Until, day_of_option, print_list
from npf_pipelines.cli.output import AsCsv, AsJson
from npf_pipelines.domain.outcomes import Decision, OrderOutcome, Rule
from npf_pipelines.lake.listings import ORDERS, RowFilter


def orders(
    *,
    client: OfClients = None,
    decision: Annotated[list[Decision] | None, typer.Option(help="A decision; may be repeated.")] = None,
    rule: Annotated[list[Rule] | None, typer.Option(help="The rule that decided; may be repeated.")] = None,
    outcome: Annotated[list[OrderOutcome] | None, typer.Option(help="The outcome; may be repeated.")] = None,
    order: OfOrders = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List orders, the newest first: the decision on each with its rule and reason, and the outcome on the platform."""
    values = {"decision": decision or (), "rule": rule or (), "outcome": outcome or ()}
    criteria = RowFilter(values, order or (), day_of_option(since), day_of_option(until))
    print_list(ORDERS, "orders", client, criteria, limit=limit, as_json=as_json, as_csv=as_csv)
