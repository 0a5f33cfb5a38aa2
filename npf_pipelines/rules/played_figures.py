"""The stock figures that a certification plays for the test items, in place of the warehouse's count.

Not here: their push (assets/played_stock.py), what the store shows afterwards (stock_requirements.py).
"""

from collections.abc import Collection, Mapping

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.domain.certification import Figure
from npf_pipelines.rules.offer import offer_of


def plain_figures(before: Mapping[str, int], setup: StockSetup) -> tuple[Figure, ...]:
    """Positive figures in which SOH and Available SOH differ, and that the store doesn't have by chance.

    Args:
        before: the store's amounts by SKU.
        setup: the master setup's stock part.
    """
    figures = []
    for number, sku in enumerate(sorted(before), 1):
        figure = Figure(sku=sku, on_hand=20 + 10 * number, in_process=2, back_orders=number)
        # With a maximum, only a smaller figure may differ from what the store has.
        others = (figure.on_hand + 1, figure.on_hand - 1, figure.in_process + figure.back_orders + 1)
        tried = (figure, *(figure.model_copy(update={"on_hand": other}) for other in others))
        figures.append(next((each for each in tried if offered(each, setup) != before[sku]), figure))
    return tuple(figures)


def with_negative(figures: Collection[Figure], setup: StockSetup) -> tuple[Figure, ...]:
    """The figures with a negative one for the last test item."""
    *others, last = sorted(figures, key=lambda figure: figure.sku)
    negative = (
        Figure(sku=last.sku, on_hand=2, in_process=1, back_orders=4)
        if setup.quantity == "available"
        else Figure(sku=last.sku, on_hand=-3)
    )
    return (*others, negative)


def asked_for(figure: Figure, setup: StockSetup) -> int:
    """The figure of the two that the master setup asks for; it can be negative."""
    return figure.available if setup.quantity == "available" else figure.on_hand


def offered(figure: Figure, setup: StockSetup) -> int:
    """The amount that the store gets of it."""
    amount = asked_for(figure, setup)
    return offer_of(figure.sku, setup).of(max(0, amount) if setup.negative_as_zero else amount)
