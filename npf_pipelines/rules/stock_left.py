"""SKUs that were pushed to a store and are no longer in the warehouse's count.

Not here: which SKUs were ever pushed (assets/pushed_skus.py), the comparison with the store (stock.py).
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.products import DISABLED, Product
from npf_pipelines.rules.stock import RIGHT, StockRow, TargetAmount

NONE_LEFT = TargetAmount(
    0, floor=True, less_sales=False, why="the warehouse no longer counts this SKU, and stock.missing_sku is zero"
)
"""The amount of such a SKU where the master setup sets it to 0."""


def left_skus(pushed: Collection[str], counted: Collection[str], products: Iterable[Product]) -> frozenset[str]:
    """The SKUs that need a person: pushed, no longer counted, and still a product that may be on sale.

    Args:
        pushed: the SKUs whose amount was ever right in the store.
        counted: the SKUs that the warehouse counts now.
        products: the store's products.
    """
    return frozenset(
        product.sku
        for product in products
        if product.sku in pushed and product.sku not in counted and product.status != DISABLED
    )


def name_left(rows: Iterable[StockRow], left: Collection[str]) -> list[StockRow]:
    """The rows after a push, with the outcome of a SKU that was set to 0 because it left the count."""
    return [
        replace(row, outcome=StockOutcome.LEFT_WAREHOUSE, reason=f"{row.reason}: ask the warehouse about the SKU")
        if row.sku in left and row.outcome in RIGHT
        else row
        for row in rows
    ]
