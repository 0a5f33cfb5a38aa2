"""What is to be done next for one product, from what the store shows of it now and what it has sold since the count.

CS-Cart has no compare-and-set: a sale between reading an amount and writing it is overwritten, and what was sold is
offered again. So an amount is written only while nothing but known sales has moved it, and a sale that was overwritten
all the same is found by the next look and taken off at once.

Not here: looking and writing (reconcile/amounts.py).
"""

from dataclasses import dataclass

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.stock import Wanted


@dataclass(frozen=True)
class AmountRead:
    """One look at a product.

    Attributes:
        amount: what the store shows.
        taken: what it has taken off this product's amount for orders since the count.
        sold: units of its SKU, at whatever product, in those of the orders that will come to the warehouse.
    """

    amount: int
    taken: int
    sold: int


@dataclass(frozen=True)
class LastKnown:
    """What the product stood at when it was last read or written.

    Attributes:
        amount: the amount.
        taken: as in `AmountRead`, by then.
        before: what the store showed just before our write; None as long as we have written nothing.
    """

    amount: int
    taken: int = 0
    before: int | None = None


@dataclass(frozen=True)
class Write:
    """The amount to write."""

    amount: int


@dataclass(frozen=True)
class Done:
    """Nothing more to write: the outcome, and a few words."""

    outcome: StockOutcome
    reason: str


def next_step(wanted: Wanted, standing: LastKnown, look: AmountRead) -> Write | Done:
    """Decide on a product.

    Args:
        wanted: its SKU's amount at the count.
        standing: what it stood at.
        look: what it shows now.
    """
    target = wanted.after(look.sold)
    since = look.taken - standing.taken
    if standing.before is None:
        return _before_writing(wanted, target, standing.amount - since, look.amount)
    # An amount that the write found can also be one that it left, if units were sold meanwhile.
    was_refused = look.amount == standing.before - since and (not since or look.amount < target)
    return _after_writing(target, standing.amount - since, look.amount, was_refused=was_refused)


def _before_writing(wanted: Wanted, target: int, unmoved: int, amount: int) -> Write | Done:
    if amount == target:
        return Done(StockOutcome.ALREADY_RIGHT, f"the store has the wanted amount ({wanted.why})")
    if amount == unmoved:
        return Write(target)
    reason = f"the amount moved from {unmoved} to {amount} since it was read: left to the next round"
    return Done(StockOutcome.MOVED, reason)


def _after_writing(target: int, as_written: int, amount: int, *, was_refused: bool) -> Write | Done:
    if amount == target or (amount == as_written and amount < target):
        return Done(StockOutcome.CONFIRMED, "written and read back")
    if was_refused:
        return Done(StockOutcome.REFUSED, f"the store answered, but still has {amount}")
    if amount > target:
        return Write(target)  # A sale was overwritten: what is sold must not be offered.
    return Done(StockOutcome.MOVED, f"written, and moved to {amount} since: left to the next round")
