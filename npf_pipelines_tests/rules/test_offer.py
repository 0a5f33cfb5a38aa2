"""The part of a figure that a store may offer: buffers and the maximum."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.rules.offer import Offer
from npf_pipelines.rules.stock import target_amount

offers = st.builds(Offer, st.integers(0, 40), st.integers(0, 100), st.none() | st.integers(1, 40))


def stock(**fields: Any) -> StockSetup:
    return StockSetup.model_validate({"quantity": "on_hand"} | fields)


@given(offer=offers, figure=st.integers(-50, 200), more=st.integers(0, 50))
def test_a_buffer_never_takes_a_figure_below_zero_and_more_stock_never_offers_less(
    offer: Offer, figure: int, more: int
) -> None:
    offered = offer.of(figure)
    assert min(figure, 0) <= offered <= figure
    assert (offered == figure) if figure <= 0 else (offered >= 0)
    assert offer.of(figure + more) >= offered
    assert offered <= (offer.maximum or figure)


@pytest.mark.parametrize(
    ("fields", "amount", "why"),
    [
        ({}, 41, "41 on hand"),
        ({"buffer": 5}, 36, "41 on hand, less 5 kept back (stock.buffer)"),
        ({"buffer": "10 %"}, 36, "41 on hand, less 5 kept back (10 %, stock.buffer)"),
        ({"buffer": 50, "maximum": 9}, 0, "41 on hand, less 41 kept back (stock.buffer)"),
        ({"buffer": {"*": 5, "KITE": "0"}}, 41, "41 on hand"),
        ({"buffer": {"kite": 5}}, 41, "41 on hand"),
        ({"buffer": {"*": 5, "KITE": "50%"}}, 20, "41 on hand, less 21 kept back (50 %, stock.buffer)"),
        ({"buffer": 5, "maximum": 30}, 30, "41 on hand, less 5 kept back (stock.buffer), at most 30 (stock.maximum)"),
    ],
)
def test_the_reason_spells_out_what_is_kept_back(fields: dict[str, Any], amount: int, why: str) -> None:
    wanted = target_amount(StockFigure("KITE", 41, 0, 0), 0, stock(**fields))
    assert (wanted.after(0), wanted.explained) == (amount, why)


@pytest.mark.parametrize("negative_as_zero", [True, False])
def test_a_negative_figure_is_pushed_as_without_a_buffer(*, negative_as_zero: bool) -> None:
    figure = StockFigure("KITE", -4, 0, 0)
    plain, buffered = (
        target_amount(figure, 0, stock(negative_as_zero=negative_as_zero, **fields))
        for fields in ({}, {"buffer": "20%", "maximum": 3})
    )
    assert (buffered.after(0), buffered.explained) == (plain.after(0), plain.why)


@pytest.mark.parametrize("written", ["-1", "1.5", "101%", "10 percent", "", {"TEA": "five"}, {"": "5"}])
def test_what_is_no_buffer_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        stock(buffer=written)
