"""The next step for one product, from its present amount in the store and the sales since the count.

CS-Cart has no compare-and-set: a sale between reading an amount and writing it is overwritten, and the sold units are
offered again. So an amount is written only while nothing but known sales has moved it. A sale that was overwritten
nevertheless is found by the next read and taken off at once.

Not here: reading and writing (reconcile/amounts.py).
"""

from dataclasses import dataclass

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.stock import TargetAmount


@dataclass(frozen=True)
class AmountRead:
    """One read of a product.

    Attributes:
        amount: the store's amount.
        taken: units that the store has taken off this amount for orders since the count.
        sold: units of its SKU, of any product, in the orders that will come to the warehouse.
    """

    amount: int
    taken: int
    sold: int


@dataclass(frozen=True)
class LastKnown:
    """The product's amount when it was last read or written.

    Attributes:
        amount: the amount.
        taken: as in `AmountRead`, by then.
        before: the store's amount just before the write; None before the first write.
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


def next_step(wanted: TargetAmount, last: LastKnown, read: AmountRead) -> Write | Done:
    """Decide on a product.

    Args:
        wanted: its SKU's amount at the count.
        last: the last known amount.
        read: the present amount.
    """
    target = wanted.after(read.sold)
    since = read.taken - last.taken
    if last.before is None:
        return _before_writing(wanted, target, last.amount - since, read.amount)
    # An amount that the write found can also be one that it left, if units were sold meanwhile.
    was_refused = read.amount == last.before - since and (not since or read.amount < target)
    return _after_writing(target, last.amount - since, read.amount, was_refused=was_refused)


def _before_writing(wanted: TargetAmount, target: int, unmoved: int, amount: int) -> Write | Done:
    if amount == target:
        return Done(StockOutcome.ALREADY_RIGHT, f"the store has the wanted amount ({wanted.explained})")
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
