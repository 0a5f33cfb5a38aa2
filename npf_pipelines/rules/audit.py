"""Gaps between a store's orders, the decisions on them, and the platform."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from npf_pipelines.domain.outcomes import Decision


@dataclass(frozen=True)
class Gap:
    """One order that is missing somewhere."""

    client: str
    order: str
    what: str


def gaps(
    client: str,
    listed: Iterable[str],
    decisions: Mapping[str, str],
    on_platform: Collection[str],
    left: Collection[str],
) -> list[Gap]:
    """The listed orders without a decision, and the accepted orders that are neither on the platform nor left.

    Args:
        client: the client's id.
        listed: the ids of the orders that the store lists.
        decisions: the decision by the store's order id.
        on_platform: the store's ids of the orders on the platform.
        left: the store's ids of the orders that wait until a person confirms them, or that are planned in trial.
    """
    found = []
    for order_id in listed:
        decision = decisions.get(order_id)
        if decision is None:
            found.append(Gap(client, order_id, "in the store, but without a decision: run orders for its day"))
        elif decision == Decision.ACCEPTED and order_id not in on_platform and order_id not in left:
            found.append(Gap(client, order_id, "accepted, but not on the platform: run orders for its day"))
    return found
