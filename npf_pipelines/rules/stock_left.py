"""SKUs that were pushed to a store and have left the warehouse's count since.

Not here: which SKUs were ever pushed (assets/pushed_skus.py), and the comparison with the store (stock.py).
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.products import Product
from npf_pipelines.rules.stock import RIGHT, StockRow, Wanted

_DISABLED = "D"
"""The store's letter of a product that isn't on sale (documented)."""

NONE_LEFT = Wanted(
    0, floor=True, less_sales=False, why="the warehouse no longer counts this SKU, and stock.missing_sku is zero"
)
"""The amount of such a SKU where the master setup sets it to 0."""


def left_skus(pushed: Collection[str], counted: Collection[str], products: Iterable[Product]) -> frozenset[str]:
    """The SKUs that a person has to know of: pushed, no longer counted, and still a product that may be on sale.

    Args:
        pushed: the SKUs whose amount was ever right in the store.
        counted: the SKUs that the warehouse counts now.
        products: the store's products.
    """
    return frozenset(
        product.sku
        for product in products
        if product.sku in pushed and product.sku not in counted and product.status != _DISABLED
    )


def name_left(rows: Iterable[StockRow], left: Collection[str]) -> list[StockRow]:
    """The rows after a push, in which a SKU that was set to 0 because it left the count has its own outcome."""
    return [
        replace(row, outcome=StockOutcome.LEFT_WAREHOUSE, reason=f"{row.reason}: ask the warehouse about the SKU")
        if row.sku in left and row.outcome in RIGHT
        else row
        for row in rows
    ]
