"""Tests of npf_pipelines.rules.order_sums."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.store_orders import Order, OrderMoney
from npf_pipelines.rules.order_sums import sums_problem
from npf_pipelines_tests.builders import line, order

CENTS = st.integers(0, 10**7).map(lambda cents: Decimal(cents).scaleb(-2))
A_CENT = Decimal("0.01")


def adding_up(
    prices: list[tuple[Decimal, int]], sums: dict[str, Decimal], *, is_on_top: bool, is_in_subtotal: bool
) -> Order:
    """An order whose total is what its parts come to, computed here from the front."""
    lines = tuple(line(str(number), "KITE", units, price=price) for number, (price, units) in enumerate(prices))
    goods = sum((price * units for price, units in prices), Decimal(0)) + sums["certificates"]
    on_top = sums["tax"] if is_on_top else Decimal(0)
    money = OrderMoney(**sums, tax_on_top=on_top, subtotal=goods + on_top if is_in_subtotal and prices else goods)
    total = goods - sums["discount"] + sums["shipping_cost"] + on_top + sums["surcharge"] - sums["credit"]
    return order(lines=lines, total=total, money=money)


adding = st.builds(
    adding_up,
    st.lists(st.tuples(CENTS, st.integers(0, 100)), max_size=4),
    st.fixed_dictionaries(
        dict.fromkeys(("discount", "shipping_cost", "tax", "surcharge", "certificates", "credit"), CENTS)
    ),
    is_on_top=st.booleans(),
    is_in_subtotal=st.booleans(),
)


@given(adding, st.sampled_from([Decimal(0), A_CENT, -A_CENT]))
def test_sums_that_add_up_to_a_cent_are_no_problem(one: Order, off: Decimal) -> None:
    assert sums_problem(one.model_copy(update={"total": one.total + off})) == ""


@given(adding, st.integers(2, 10**6), st.booleans())
def test_a_total_that_is_off_by_more_than_a_cent_is_named_with_its_parts(one: Order, cents: int, more: bool) -> None:
    off = cents * (A_CENT if more else -A_CENT)
    said = sums_problem(one.model_copy(update={"total": one.total + off}))
    assert said.startswith(f"the total is {one.total + off:.2f}, and its parts come to {one.total:.2f}")


def with_money(**changes: Any) -> Order:
    usual: dict[str, Any] = {"subtotal": Decimal("12.50"), "shipping_cost": Decimal(0)}
    return order(money=OrderMoney(**usual | changes))


def test_the_subtotal_is_compared_with_the_lines() -> None:
    said = sums_problem(with_money(subtotal=Decimal("13.00")))
    assert said == (
        "the subtotal is 13.00, and the lines come to 12.50; "
        "the total is 12.50, and its parts come to 13.00 (goods 13.00)"
    )


def test_every_part_is_in_the_sentence() -> None:
    names = ("discount", "shipping_cost", "tax_on_top", "surcharge", "credit")
    said = sums_problem(with_money(**{name: Decimal(number) for number, name in enumerate(names, 1)}))
    assert said == (
        "the total is 12.50, and its parts come to 15.50 (goods 12.50, discount -1.00, shipping 2.00, tax 3.00, "
        "payment surcharge 4.00, certificates and points -5.00)"
    )


@pytest.mark.parametrize("unknown", ["subtotal", "shipping_cost"])
def test_sums_that_the_store_does_not_give_prove_nothing(unknown: str) -> None:
    one = with_money(**{unknown: None, "discount": Decimal(5)})
    assert sums_problem(one) == ""


def test_sums_that_were_not_kept_prove_nothing() -> None:
    assert sums_problem(order(total=Decimal(99))) == ""


def test_a_sum_that_cannot_be_read_is_named_alone() -> None:
    one = with_money(discount=None, subtotal=Decimal(99), unreadable=("subtotal_discount: '1,5' is not a number",))
    assert sums_problem(one) == "can't be read: subtotal_discount: '1,5' is not a number"
