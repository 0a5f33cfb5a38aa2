"""Stock in a sandbox store: amounts on sale, shares of warehouses, and the stock that orders take and give back.

Not here: the orders themselves (store_orders.py).
"""

from collections.abc import Iterable, Mapping

from npf_pipelines.sandbox.model import Combination, Line, Mail, Order, Product
from npf_pipelines.sandbox.store_state import StoreState


class StockActions(StoreState):
    """Changes of stock."""

    def set_amount(self, product_id: int, amount: int) -> None:
        """Set what is on sale; coming back from nothing mails the waiting customers (documented).

        Where stock is split over warehouses nothing changes (known behaviour). A product that is tracked by
        combination gets an amount that nothing uses (inferred).
        """
        product = self.products[product_id]
        if not product.warehouses:
            self._set_amount(product, product, amount)

    def combination(self, combination_hash: int) -> tuple[Product, Combination] | None:
        """The product and its combination of this hash; None if the store has no such combination."""
        for product in self.products.values():
            if combination_hash in product.combinations:
                return product, product.combinations[combination_hash]
        return None

    def set_combination_amount(self, combination_hash: int, amount: int) -> None:
        """Set what is on sale of a combination; it mails as `set_amount` does (inferred)."""
        found = self.combination(combination_hash)
        if found:
            self._set_amount(*found, amount)

    def set_warehouse_amounts(self, product_id: int, amounts: Mapping[int, int]) -> None:
        """Set what some of a product's warehouses hold; unknown warehouses are ignored."""
        product = self.products[product_id]
        with self._change():
            product.warehouses |= {place: amount for place, amount in amounts.items() if place in product.warehouses}
            self._set_amount(product, product, sum(product.warehouses.values()))

    def _set_amount(self, product: Product, shelf: Product | Combination, amount: int) -> None:
        with self._change():
            if shelf.amount <= 0 < amount:
                self._mail(Mail("back_in_stock", product_id=product.product_id))
            shelf.amount = amount
            self._changes.add(("product", product.product_id))

    def _in_stock(self, order: Order) -> bool:
        ordered: dict[tuple[int, int | None], int] = {}
        for line in order.lines:
            shelf_key = (line.product_id, line.combination)
            ordered[shelf_key] = ordered.get(shelf_key, 0) + line.amount
        for (number, combination), amount in ordered.items():
            product = self.products.get(number)
            shelf = product.shelf(combination) if product else None
            if shelf and shelf.amount < amount:
                return False
        return True

    def _move_stock(self, lines: Iterable[Line], direction: int) -> None:
        for line in lines:
            product = self.products.get(line.product_id)
            shelf = product.shelf(line.combination) if product else None
            if product is None or shelf is None:
                continue
            change = direction * line.amount
            for place in sorted(product.warehouses, key=lambda place: -product.warehouses[place])[:1]:
                product.warehouses[place] += change
            self._set_amount(product, shelf, shelf.amount + change)
