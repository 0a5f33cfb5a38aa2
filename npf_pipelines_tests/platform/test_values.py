"""Tests of npf_pipelines.platform.values."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.platform.values import WrongValue, moment, quantity, text, whole


@given(st.integers(-(2**53) + 1, 2**53 - 1), st.sampled_from([int, Decimal, str, float, lambda n: Decimal(f"{n}.000")]))
def test_a_whole_number_is_one_whatever_type_it_comes_as(number: int, kind: Callable[[int], Any]) -> None:
    assert whole(kind(number), "on_hand") == number
    assert type(whole(kind(number), "on_hand")) is int


@pytest.mark.parametrize("value", [Decimal("7.5"), 7.5, "7.5", "many", "", "NaN", Decimal("Infinity"), True, 2**60])
def test_what_is_not_whole_is_named_by_its_column(value: object) -> None:
    with pytest.raises(WrongValue, match=r"^on_hand: .* is not a whole number$"):
        whole(value, "on_hand")


def test_what_is_missing_or_below_zero_is_named_by_its_column() -> None:
    with pytest.raises(WrongValue, match="on_hand is missing"):
        whole(None, "on_hand")
    with pytest.raises(WrongValue, match="quantity of KITE: -1 is below 0"):
        quantity(-1, "quantity of KITE")
    with pytest.raises(WrongValue, match="lodged_at is missing"):
        moment("soon", "lodged_at")
    assert moment(now := datetime.now(UTC), "lodged_at") == now
    assert (text(None), text(12), text("KITE")) == ("", "12", "KITE")
