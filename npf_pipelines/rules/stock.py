"""Which amount each product of the store should have, and what has to be written for it.

Not here: how the platform's figures come about (platform/gateway.py).
"""

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from npf_pipelines.cscart.models import Product
from npf_pipelines.platform.models import StockFigure

NOT_TRACKED = "D"
"""The store's letter for a product whose amount it doesn't count."""


class StockOutcome(enum.StrEnum):
    """What became of one SKU."""

    CONFIRMED = "confirmed"
    """Written and read back."""
    ALREADY_RIGHT = "already_right"
    REFUSED = "refused"
    """The store answered, but the amount is not what was written."""
    WAITING = "waiting"
    """The store didn't answer: the next run tries again."""
    OFF = "off"
    """The master setup turns stock off."""
    NOT_TRACKED = "not_tracked"
    NOT_IN_STORE = "not_in_store"
    NOT_IN_WAREHOUSE = "not_in_warehouse"


def available(figure: StockFigure) -> int:
    """Available SOH: SOH less orders in process and back orders; it can be negative."""
    return figure.on_hand - figure.in_process - figure.back_orders


def wanted_amount(figure: StockFigure, quantity: str, *, negative_as_zero: bool) -> int:
    """The amount the store should have, by the master setup's stock mode (`on_hand` or `available`)."""
    amount = figure.on_hand if quantity == "on_hand" else available(figure)
    return max(0, amount) if negative_as_zero else amount


@dataclass(frozen=True)
class StockRow:
    """One SKU at one product of the store: what it should have and has, and what is to be done or why nothing is.

    `outcome` is None where the amount has to be written.
    """

    sku: str
    product_id: str | None
    wanted: int | None
    before: int | None
    outcome: StockOutcome | None
    reason: str


def plan(wanted: Mapping[str, int], products: Iterable[Product]) -> list[StockRow]:
    """Compare what should be with what is; every SKU of either side comes out.

    Args:
        wanted: the amount by SKU. Codes are compared exactly, letter case included.
        products: all products of the store. Several with one SKU all get its amount.
    """
    by_sku: defaultdict[str, list[Product]] = defaultdict(list)
    for product in products:
        if product.sku:
            by_sku[product.sku].append(product)
    rows = [row for sku, amount in wanted.items() for row in _rows_of(sku, amount, by_sku.pop(sku, []))]
    rows += [
        StockRow(sku, product.key, None, product.amount, StockOutcome.NOT_IN_WAREHOUSE, "left alone")
        for sku, others in by_sku.items()
        for product in others
    ]
    return rows


def _rows_of(sku: str, amount: int, products: Sequence[Product]) -> list[StockRow]:
    if not products:
        reason = "no product of the store has this code: check its spelling and letter case"
        return [StockRow(sku, None, amount, None, StockOutcome.NOT_IN_STORE, reason)]
    return [_row(sku, amount, product) for product in products]


def _row(sku: str, amount: int, product: Product) -> StockRow:
    outcome: StockOutcome | None = None
    reason = f"{product.amount} in the store, {amount} wanted"
    if product.tracking == NOT_TRACKED:
        outcome, reason = StockOutcome.NOT_TRACKED, "the store doesn't count this product's stock: left alone"
    elif product.amount == amount:
        outcome, reason = StockOutcome.ALREADY_RIGHT, "the store has the wanted amount"
    return StockRow(sku, product.key, amount, product.amount, outcome, reason)
