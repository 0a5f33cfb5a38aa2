"""Which status the store's order gets once its shipments are in the store.

Not here: how a status name becomes a letter (domain/order_statuses.py).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from npf_pipelines.domain.outcomes import StatusOutcome
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.orders import lines_to_ship, lines_without_code
from npf_pipelines.rules.status_meaning import StatusMeanings


@dataclass(frozen=True)
class StatusPlan:
    """The letters of a master setup's statuses, resolved against the store; None where it asks for none.

    `imported_from` are the letters in which an order goes on: imported statuses, and the merchant's own stages.
    """

    imported_from: frozenset[str]
    shipped: str | None
    partially_shipped: str | None
    short_shipped: str | None = None
    leaves_out_lines_without_code: bool = False
    """Whether the master setup leaves lines without a product code to the merchant."""

    @property
    def movable(self) -> frozenset[str | None]:
        """The letters of the orders whose status the pipeline may change."""
        return self.imported_from | {self.partially_shipped, self.short_shipped}


def status_plan(meanings: StatusMeanings, *, leaves_out_lines_without_code: bool = False) -> StatusPlan:
    """The plan of a client, by the meanings of its store's statuses and its setting for lines without a code."""
    return StatusPlan(
        meanings.going_on,
        meanings.shipped,
        meanings.partially_shipped,
        meanings.short_shipped,
        leaves_out_lines_without_code,
    )


@dataclass(frozen=True)
class StatusStep:
    """The letter to set, or None and why not."""

    letter: str | None
    outcome: StatusOutcome
    reason: str

    @property
    def is_to_be_set(self) -> bool:
        """Whether the store gets the letter now; a planned one it doesn't."""
        return self.letter is not None and not self.outcome.is_planned


def next_status(
    order: Order,
    plan: StatusPlan,
    *,
    on_back_order: bool,
    is_over: bool = False,
    is_kit_open: bool = False,
    in_store: Mapping[str, int] | None = None,
) -> StatusStep:
    """Decide on the status of an order from what the store has of it.

    Args:
        order: the store's present order; its lines have the units in all of its shipments, the merchant's included.
        plan: the statuses that the master setup asks for.
        on_back_order: whether the platform has the rest of the order on back order.
        is_over: whether the platform will ship nothing more of it.
        is_kit_open: whether parts of a kit have shipped, and the rest of it hasn't.
        in_store: units by SKU of the warehouse's shipments that are in the store: a merchant's edit can give the
            lines other ids, under which the store counts nothing as shipped (inferred).
    """
    unshipped = _unshipped(order, in_store or {})
    if not unshipped and not plan.leaves_out_lines_without_code:
        without_code = [line.item_id for line in lines_without_code(order) if line.shipped < line.quantity]
        if without_code:
            reason = (
                f"the lines {', '.join(without_code)} have no product code and have not shipped: ship them in the "
                "store, or let the setup leave such lines out (orders.lines_without_code)"
            )
            return StatusStep(None, StatusOutcome.NOT_ASKED, reason)
    if not unshipped:
        letter, because = plan.shipped, "every line has shipped in full"
    elif on_back_order:
        letter, because = plan.partially_shipped, "the rest is on back order"
    elif is_over:
        short = ", ".join(f"{units} of {sku}" for sku, units in unshipped.items())
        letter, because = plan.short_shipped, f"the warehouse is done with the order, and {short} were not shipped"
    elif is_kit_open:
        letter, because = plan.partially_shipped, "a kit of the order has shipped in part"
    else:
        return StatusStep(None, StatusOutcome.NOT_ASKED, "the rest of the order is still to be lodged")
    if letter is None:
        return StatusStep(None, StatusOutcome.NOT_ASKED, f"{because}; the master setup asks for no status")
    if order.status == letter:
        return StatusStep(None, StatusOutcome.ALREADY_SET, f"{because}; the order has the status {letter}")
    if order.status not in plan.movable:
        reason = f"{because}, but the merchant has given the order the status {order.status}"
        return StatusStep(None, StatusOutcome.LEFT_ALONE, reason)
    return StatusStep(letter, StatusOutcome.SET, because)


def _unshipped(order: Order, in_store: Mapping[str, int]) -> Counter[str]:
    """The units still to ship, by SKU."""
    ordered: Counter[str] = Counter()
    unshipped: Counter[str] = Counter()
    for line in lines_to_ship(order):
        ordered[line.sku] += line.quantity
        unshipped[line.sku] += max(0, line.quantity - line.shipped)
    return +Counter({sku: min(units, max(0, ordered[sku] - in_store.get(sku, 0))) for sku, units in unshipped.items()})
