"""Which of a store's products has which SKU, kept between runs as the table store_products.

It saves reading the whole catalogue where the warehouse has only a part of it. Whatever doesn't fit it leads to a read
of everything: losing it costs requests, never a figure.
"""

import asyncio
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import timedelta

from pyarrow import compute

from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.clock import unless_future
from npf_pipelines.domain.products import Product, UnreadableProduct
from npf_pipelines.lake.tables import STORE_PRODUCTS
from npf_pipelines.rules.stock import KnownProduct, known_product
from npf_pipelines.runs.client_run import ClientRun

_COLUMNS = ["product_id", "sku", "is_download", "unreadable", "read_at"]
_GOOD_FOR = timedelta(days=1)
_MOST_OF_IT = 0.5
"""The share of the catalogue from which on reading all of it takes no more requests than picking."""


@dataclass(frozen=True)
class Reading:
    """The products with their amounts as just read, and the further ones without theirs."""

    products: Sequence[Product | UnreadableProduct]
    unread: Sequence[KnownProduct]


class ProductMap:
    """One client's map."""

    def __init__(self, client_run: ClientRun) -> None:
        self._client_run = client_run
        rows = client_run.services.lake.columns(STORE_PRODUCTS, _COLUMNS, client=client_run.client)
        columns = zip(*(rows[name].to_pylist() for name in _COLUMNS[:-1]), strict=True)
        self._known = {
            key: KnownProduct(key, sku, is_download, unreadable or "")
            for key, sku, is_download, unreadable in columns
            if key
        }
        self._looked_for = frozenset(rows["sku"].to_pylist())
        read_at = unless_future(compute.min(rows["read_at"]).as_py(), client_run.now)
        self._is_fresh = read_at is not None and client_run.now - read_at < _GOOD_FOR

    async def read(self, store: Store, skus: Set[str]) -> Reading:
        """The amounts of the products with these SKUs, in as few requests as the map allows.

        Raises:
            StoreError: the store's products can't be read.
        """
        # A set: in a list, each of a hundred thousand products would be searched for from the beginning.
        picked = [key for key, product in self._known.items() if product.sku in skus]
        is_part = len(picked) < _MOST_OF_IT * len(self._known)
        if self._is_fresh and is_part and self._looked_for.issuperset(skus):
            found = await store.products_by_key(picked)
            if all(key in found and found[key].sku == self._known[key].sku for key in picked):
                return Reading(list(found.values()), [self._known[key] for key in self._known.keys() - found.keys()])
        self._known, self._looked_for = {}, frozenset()  # A catalogue in memory is enough.
        products = [product async for product in store.products()]
        await asyncio.to_thread(self._keep, products, skus)
        return Reading(products, [])

    def _keep(self, products: Sequence[Product | UnreadableProduct], skus: Set[str]) -> None:
        missing = skus - {product.sku for product in products}
        known = [known_product(product) for product in products]
        known += [KnownProduct("", sku, is_download=False) for sku in missing]
        self._client_run.write_cache(
            STORE_PRODUCTS,
            [
                {
                    "product_id": one.key,
                    "sku": one.sku,
                    "is_download": one.is_download,
                    "unreadable": one.unreadable or None,
                    "read_at": self._client_run.now,
                }
                for one in known
            ],
        )
