"""The SKU of each product of a store, kept between runs as the table store_products.

With it a run reads only the products that the warehouse has, if these are a part of the catalogue. Whenever the map
does not fit the store, the whole catalogue is read: losing it costs requests, never a figure.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyarrow import compute

from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.clock import unless_future
from npf_pipelines.domain.products import Product, UnreadableProduct
from npf_pipelines.lake.tables import STORE_PRODUCTS
from npf_pipelines.rules.stock import KnownProduct, known_product
from npf_pipelines.runs.client_tables import ClientTables

_COLUMNS = ["product_id", "sku", "is_download", "unreadable", "read_at"]
_GOOD_FOR = timedelta(days=1)
_YOUNG = timedelta(hours=12)
"""The age up to which a map that was read again and is the same is not written again."""
_WHOLE_IS_CHEAPER_FROM = 0.5
"""The share of the catalogue from which reading all of it takes no more requests than reading the share."""


@dataclass(frozen=True)
class Reading:
    """The products with their amounts as just read, and further products whose amounts were not read."""

    products: Sequence[Product | UnreadableProduct]
    unread: Sequence[KnownProduct]


class ProductMap:
    """One client's map."""

    def __init__(self, tables: ClientTables, now: datetime) -> None:
        self._tables, self._now = tables, now
        rows = tables.columns(STORE_PRODUCTS, _COLUMNS)
        columns = zip(*(rows[name].to_pylist() for name in _COLUMNS[:-1]), strict=True)
        self._known = {
            key: KnownProduct(key, sku, is_download, unreadable or "")
            for key, sku, is_download, unreadable in columns
            if key
        }
        self._looked_for = frozenset(rows["sku"].to_pylist())
        read_at = unless_future(compute.min(rows["read_at"]).as_py(), now)
        self._age = timedelta.max if read_at is None else now - read_at

    async def read(self, store: Store, skus: Set[str]) -> Reading:
        """The amounts of the products with these SKUs, in as few requests as the map allows.

        Raises:
            StoreError: the store's products can't be read.
        """
        # A set: in a list, each of a hundred thousand products would be searched for from the beginning.
        picked = [key for key, product in self._known.items() if product.sku in skus]
        is_part = len(picked) < _WHOLE_IS_CHEAPER_FROM * len(self._known)
        if self._age < _GOOD_FOR and is_part and self._looked_for.issuperset(skus):
            found = await store.products_by_key(picked)
            if all(key in found and found[key].sku == self._known[key].sku for key in picked):
                return Reading(list(found.values()), [self._known[key] for key in self._known.keys() - found.keys()])
        self._known, self._looked_for = {}, frozenset()  # Frees the memory of one catalogue before the next is read.
        products = [product async for product in store.products()]
        self._keep(products, skus)
        return Reading(products, [])

    def _keep(self, products: Sequence[Product | UnreadableProduct], skus: Set[str]) -> None:
        missing = skus - {product.sku for product in products}
        known = [known_product(product) for product in products]
        known += [KnownProduct("", sku, is_download=False) for sku in missing]
        rows = [
            {
                "product_id": product.key,
                "sku": product.sku,
                "is_download": product.is_download,
                "unreadable": product.unreadable or None,
                "read_at": self._now,
            }
            for product in known
        ]
        if not (self._age < _YOUNG and self._tables.is_unchanged(STORE_PRODUCTS, rows)):
            self._tables.write_cache(STORE_PRODUCTS, rows)
