"""The shares of several products with one code where they split its amount: each unit is offered once.

Not here: the amount that is split (stock.py), the order in which shares are written (reconcile/amounts.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from npf_pipelines.domain.products import BY_COMBINATION, DISABLED, NOT_TRACKED, Product, UnreadableProduct


@dataclass(frozen=True, slots=True)
class Share:
    """A product's share of the amount of its code.

    Attributes:
        place: its place among the products that have one, from 0.
        among: how many they are; 0 for a product without a share.
    """

    place: int = 0
    among: int = 1

    def of(self, amount: int) -> int:
        """The units of an amount that are the product's. The shares of an amount add up to it."""
        return even_shares(amount, self.among)[self.place] if self.among else 0

    def words(self, amount: int) -> str:
        """The part of a reason's calculation that concerns the share; empty where it is the whole amount."""
        if self.among == 0:
            return "; the products on sale with this code share it"
        return f"; its share of {amount} among {self.among} products with this code" if self.among > 1 else ""


WHOLE = Share()
"""The product has all of its code's amount."""


def even_shares(amount: int, among: int) -> list[int]:
    """An amount in even shares, the first ones larger by one where it doesn't divide."""
    base, rest = divmod(amount, among)
    return [base + (place < rest) for place in range(among)]


def shares_of(products: Iterable[Product | UnreadableProduct]) -> dict[str, Share]:
    """The share of each product whose code others have, too, by product key.

    The products of a code take even shares in the order of their ids. A disabled one has none, unless all are; one
    that the store doesn't count isn't split. One that can't be read keeps its amount, and its share is left to it.
    """
    by_sku: defaultdict[str, list[Product | UnreadableProduct]] = defaultdict(list)
    for product in products:
        if product.sku and _is_counted(product):
            by_sku[product.sku].append(product)
    shares: dict[str, Share] = {}
    for same in by_sku.values():
        if len(same) > 1:
            shares |= _shares(same)
    return shares


def _shares(same: Iterable[Product | UnreadableProduct]) -> Mapping[str, Share]:
    in_order = sorted(same, key=lambda product: (len(product.product_id), product.product_id, product.combination))
    on_sale = [product for product in in_order if isinstance(product, UnreadableProduct) or product.status != DISABLED]
    shared = {product.key: place for place, product in enumerate(on_sale or in_order)}
    return {
        product.key: Share(shared[product.key], len(shared)) if product.key in shared else Share(among=0)
        for product in in_order
    }


def _is_counted(product: Product | UnreadableProduct) -> bool:
    return product.tracking != NOT_TRACKED and (product.tracking != BY_COMBINATION or bool(product.combination))
