"""Which status the store's order gets once its shipments are in the store.

Not here: how a status name becomes a letter (cscart/statuses.py).
"""

import enum
from dataclasses import dataclass

from npf_pipelines.cscart.models import Order
from npf_pipelines.rules.orders import lines_to_ship, lines_without_code


class StatusOutcome(enum.StrEnum):
    """What became of the order status."""

    SET = "set"
    ALREADY_SET = "already_set"
    NOT_ASKED = "not_asked"
    """The master setup asks for none here."""
    LEFT_ALONE = "left_alone"
    """The merchant has moved the order on: never backwards."""
    REFUSED = "refused"
    """The store answered, but the order has not got the status."""
    PLANNED = "planned"
    """A dry run: it would be set."""
    WAITING = "waiting"
    """Not every shipment of the order is in the store yet."""


@dataclass(frozen=True)
class StatusPlan:
    """The letters of a master setup's statuses, resolved against the store; None where it asks for none."""

    imported_from: frozenset[str]
    shipped: str | None
    partially_shipped: str | None
    leaves_out_lines_without_code: bool = False
    """Whether the master setup leaves lines without a product code to the merchant."""


@dataclass(frozen=True)
class StatusStep:
    """The letter to set, or None and why not."""

    letter: str | None
    outcome: StatusOutcome
    reason: str


def next_status(order: Order, plan: StatusPlan, *, on_back_order: bool) -> StatusStep:
    """Decide on the status of an order from what the store has of it.

    Args:
        order: the store's order as it is now; its lines tell the units in all of its shipments, whoever made them.
        plan: the statuses that the master setup asks for.
        on_back_order: whether the platform has the rest of the order on back order.
    """
    unshipped = [line for line in lines_to_ship(order) if line.shipped < line.quantity]
    if not unshipped and not plan.leaves_out_lines_without_code:
        without_code = [line.item_id for line in lines_without_code(order) if line.shipped < line.quantity]
        if without_code:
            reason = (
                f"the lines {', '.join(without_code)} have no product code and have not shipped: ship them in the "
                "store, or let the setup leave such lines out (orders.lines_without_code)"
            )
            return StatusStep(None, StatusOutcome.NOT_ASKED, reason)
    if not unshipped:
        wanted, because = plan.shipped, "every line has shipped in full"
    elif on_back_order:
        wanted, because = plan.partially_shipped, "the rest is on back order"
    else:
        return StatusStep(None, StatusOutcome.NOT_ASKED, "the rest of the order is still to be lodged")
    if wanted is None:
        return StatusStep(None, StatusOutcome.NOT_ASKED, f"{because}; the master setup asks for no status")
    if order.status == wanted:
        return StatusStep(None, StatusOutcome.ALREADY_SET, f"{because}; the order has the status {wanted}")
    if order.status not in plan.imported_from | {plan.partially_shipped}:
        reason = f"{because}, but the merchant has given the order the status {order.status}"
        return StatusStep(None, StatusOutcome.LEFT_ALONE, reason)
    return StatusStep(wanted, StatusOutcome.SET, because)
