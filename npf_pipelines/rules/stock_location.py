"""The amount of a product to compare where a store splits its stock over several store locations.

The warehouse's amount is compared with the store's amount at the warehouse's own location, never with the total over
all locations. A store shows the amounts of the locations in its products (inferred), or the total alone (known
behaviour of the vendor's own add-on). For a store with the total alone the rest is stored: the total just after a
write, less the amount written. The location's amount is then the total less that rest, while the other locations
don't change; if a merchant changes one, one more write corrects both.

A store that sells the warehouse's stock from all its locations names several: the sum of their amounts is compared, or
the total where the store shows no other, and an amount is written in even shares.

Not here: reading the amounts (cscart/product_parser.py), when an amount is written (stock_step.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.products import Product
from npf_pipelines.rules.same_sku import even_shares
from npf_pipelines.rules.stock import StockRow


class Scope:
    """The amounts of one store's products that are compared with the warehouse's."""

    def __init__(self, locations: Sequence[int] = (), elsewhere: Mapping[str, int] | None = None) -> None:
        """Start with the stored units elsewhere.

        Args:
            locations: the warehouse's store locations; none where the store has one stock.
            elsewhere: units at the other locations by product key, where the store shows only the total.
        """
        self.locations = tuple(map(str, locations))
        self.elsewhere = dict(elsewhere or {}) if self._has_elsewhere else {}

    @property
    def _has_elsewhere(self) -> bool:
        """Whether units at locations that aren't the warehouse's are in the total."""
        return len(self.locations) == 1

    @property
    def named(self) -> str:
        """The locations for a sentence."""
        return f"store location{'s' if len(self.locations) > 1 else ''} {' and '.join(self.locations)}"

    def shares(self, amount: int) -> Mapping[str, int]:
        """The amount of each location, which add up to an amount."""
        return dict(zip(self.locations, even_shares(amount, len(self.locations)), strict=True))

    def shows_share(self, product: Product) -> bool:
        """Whether the store shows the locations' own amounts of this product."""
        return bool(self.locations) and product.shares is not None

    def can_read_back(self, product: Product) -> bool:
        """Whether the amount to compare can be seen after it was written to the locations."""
        return self.shows_share(product) or not self._has_elsewhere

    def is_split(self, product: Product) -> bool:
        """Whether the product's stock is known to be split over locations."""
        return self.shows_share(product) or product.key in self.elsewhere

    def amount(self, product: Product) -> int:
        """The amount to compare: the locations' where the product is split, otherwise the product's."""
        if self.locations and product.shares is not None:
            return sum(product.shares.get(location, 0) for location in self.locations)
        return product.amount - self.elsewhere.get(product.key, 0)

    def scoped(self, product: Product) -> Product:
        """The product with the amount to compare."""
        amount = self.amount(product)
        return product if amount == product.amount else replace(product, amount=amount)

    def learn(self, product: Product, written: int) -> None:
        """Store the units at the other locations, from the total after a write to the warehouse's location."""
        self.elsewhere[product.key] = product.amount - written

    def with_places(self, rows: Iterable[StockRow], products: Mapping[str, Product]) -> list[StockRow]:
        """The plan's rows, with the compared amount in their reasons."""
        if not self.locations:
            return list(rows)
        return [self._with_place(row, products.get(row.product_id or "")) for row in rows]

    def _with_place(self, row: StockRow, product: Product | None) -> StockRow:
        if product is None or row.outcome not in {None, StockOutcome.ALREADY_RIGHT}:
            return row
        here = self.named
        if self.shows_share(product):
            said = f"at {here}"
        elif product.key in self.elsewhere:
            said = f"at {here}, which the store doesn't show: its total less {self.elsewhere[product.key]} elsewhere"
        else:
            said = f"the store shows no amount of {here}: compared with its total"
        return replace(row, reason=f"{row.reason}; {said}")
