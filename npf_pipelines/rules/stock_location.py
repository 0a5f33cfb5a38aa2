"""Which amount of a product is compared where a store splits its stock over several store locations.

The wanted amount is the warehouse's. It is compared with what the store has at the warehouse's own location, never
with the total over all locations. A store shows the shares of the locations in its products (inferred), or the total
alone (known behaviour of the vendor's own add-on). Of such a store the rest is remembered: the total just after a
write, less what was written. The share is then the total less that rest, while the other locations stay
as they are; if a merchant changes one, one more write brings share and rest right.

Not here: how the shares are read (cscart/parsing.py), and when an amount is written (stock_step.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.products import Product
from npf_pipelines.rules.stock import StockRow


class Scope:
    """The amounts of one store's products that are compared with the warehouse's."""

    def __init__(self, location: int | None = None, elsewhere: Mapping[str, int] | None = None) -> None:
        """Take what is known.

        Args:
            location: the store location that the warehouse is; None where the store has one stock.
            elsewhere: units at the other locations by product key, of products whose shares the store doesn't show.
        """
        self.location = None if location is None else str(location)
        self.elsewhere = dict(elsewhere or {}) if location is not None else {}

    def shows_share(self, product: Product) -> bool:
        """Whether the store shows what the location has of this product."""
        return self.location is not None and product.shares is not None

    def is_split(self, product: Product) -> bool:
        """Whether the product's stock is known to be split over locations."""
        return self.shows_share(product) or product.key in self.elsewhere

    def amount(self, product: Product) -> int:
        """The amount to compare: the location's where the product is split, otherwise the product's."""
        if self.location is not None and product.shares is not None:
            return product.shares.get(self.location, 0)
        return product.amount - self.elsewhere.get(product.key, 0)

    def scoped(self, product: Product) -> Product:
        """The product with the amount to compare."""
        amount = self.amount(product)
        return product if amount == product.amount else replace(product, amount=amount)

    def learn(self, product: Product, written: int) -> None:
        """Remember what the other locations have: the store has taken an amount for ours, and shows this total."""
        self.elsewhere[product.key] = product.amount - written

    def named(self, rows: Iterable[StockRow], products: Mapping[str, Product]) -> list[StockRow]:
        """The plan's rows, in whose reasons is said which amount was compared."""
        if self.location is None:
            return list(rows)
        return [self._named(row, products.get(row.product_id or "")) for row in rows]

    def _named(self, row: StockRow, product: Product | None) -> StockRow:
        if product is None or row.outcome not in {None, StockOutcome.ALREADY_RIGHT}:
            return row
        here = f"store location {self.location}"
        if self.shows_share(product):
            said = f"at {here}"
        elif product.key in self.elsewhere:
            said = f"at {here}, which the store doesn't show: its total less {self.elsewhere[product.key]} elsewhere"
        else:
            said = f"the store shows no amount of {here}: compared with its total"
        return replace(row, reason=f"{row.reason}; {said}")
