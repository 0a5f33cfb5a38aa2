"""Tests of npf_pipelines.rules.stock_step: laws over a store that sells between any two of our calls."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.rules.stock import Wanted
from npf_pipelines.rules.stock_step import AmountRead, Done, LastKnown, Write, next_step

COUNTED = Wanted(10, floor=True, less_sales=True, why="counted")


@pytest.mark.parametrize(
    ("standing", "look", "expected"),
    [
        (LastKnown(4), AmountRead(4, 0, 0), Write(10)),
        (LastKnown(4), AmountRead(2, 2, 2), Write(8)),
        (LastKnown(4), AmountRead(2, 2, 0), Write(10)),  # sold to where we don't ship
        (LastKnown(4), AmountRead(3, 0, 0), StockOutcome.MOVED),
        (LastKnown(4), AmountRead(10, 0, 0), StockOutcome.ALREADY_RIGHT),
        (LastKnown(10, 0, before=4), AmountRead(10, 0, 0), StockOutcome.CONFIRMED),
        (LastKnown(10, 0, before=4), AmountRead(8, 2, 2), StockOutcome.CONFIRMED),
        (LastKnown(10, 0, before=4), AmountRead(9, 1, 0), StockOutcome.CONFIRMED),
        (LastKnown(10, 0, before=4), AmountRead(10, 2, 2), Write(8)),  # our write went over the sale
        (LastKnown(10, 0, before=12), AmountRead(10, 2, 2), Write(8)),  # likewise, of as much as there is in the way
        (LastKnown(10, 0, before=12), AmountRead(9, 3, 3), Write(7)),  # one before our write, two after
        (LastKnown(10, 0, before=4), AmountRead(10, 0, 2), Write(8)),  # sold of another product with this SKU
        (LastKnown(10, 0, before=4), AmountRead(4, 0, 0), StockOutcome.REFUSED),
        (LastKnown(10, 0, before=4), AmountRead(2, 2, 2), StockOutcome.REFUSED),
        (LastKnown(10, 0, before=12), AmountRead(12, 0, 0), StockOutcome.REFUSED),
        (LastKnown(10, 0, before=4), AmountRead(7, 0, 0), StockOutcome.MOVED),
    ],
)
def test_each_step(standing: LastKnown, look: AmountRead, expected: Write | StockOutcome) -> None:
    step = next_step(COUNTED, standing, look)
    assert (step.outcome if isinstance(step, Done) else step) == expected


@dataclass
class Shop:
    """A store's product, sold by dice, in front of a warehouse."""

    amount: int
    sold: int = 0

    def sell(self, units: int) -> None:
        units = min(units, max(0, self.amount))
        self.amount -= units
        self.sold += units

    def look(self) -> AmountRead:
        return AmountRead(self.amount, self.sold, self.sold)


def push(shop: Shop, wanted: Wanted, sales: list[int]) -> Done:
    """What reconcile/amounts.py does, with a sale between any two of its calls."""
    standing = LastKnown(shop.amount)
    dice = iter(sales)
    while True:
        shop.sell(next(dice, 0))
        look = shop.look()
        step = next_step(wanted, standing, look)
        if isinstance(step, Done):
            return step
        shop.sell(next(dice, 0))
        shop.amount = step.amount
        standing = LastKnown(step.amount, look.taken, before=look.amount)


@given(
    amount=st.integers(0, 20),
    figure=st.integers(-5, 20),
    sales=st.lists(st.integers(0, 4), max_size=12),
)
def test_in_the_end_nothing_sold_is_offered(amount: int, figure: int, sales: list[int]) -> None:
    shop, wanted = Shop(amount), Wanted(figure, floor=True, less_sales=True, why="")
    done = push(shop, wanted, sales)
    assert done.outcome in {StockOutcome.CONFIRMED, StockOutcome.ALREADY_RIGHT}, "of nothing but sales all is known"
    assert shop.amount == max(0, figure - shop.sold)


@given(amount=st.integers(0, 20), figure=st.integers(-5, 20))
def test_without_sales_one_write_is_enough(amount: int, figure: int) -> None:
    shop, wanted = Shop(amount), Wanted(figure, floor=True, less_sales=True, why="")
    assert push(shop, wanted, []).outcome in {StockOutcome.CONFIRMED, StockOutcome.ALREADY_RIGHT}
    assert shop.amount == max(0, figure)
