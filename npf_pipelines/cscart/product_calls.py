"""Calls for products and option combinations: reading them, and setting their amounts.

Not here: how the catalogue is paged through (catalogue.py), which amount is right (rules/stock.py).
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import NamedTuple

from npf_pipelines.cscart.calls import ROWS_PER_PAGE, StoreCalls, checked_id, is_store_id, parsed
from npf_pipelines.cscart.catalogue import page_behind, read_catalogue
from npf_pipelines.cscart.errors import NotFound
from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.http import Params, Query, StoreHttp
from npf_pipelines.cscart.page_size import PageSize
from npf_pipelines.cscart.paging import Page, read_page
from npf_pipelines.cscart.unreadable import read_combination, read_product
from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.products import BY_COMBINATION, LARGEST_AMOUNT, Product, UnreadableProduct
from npf_pipelines.domain.progress import note_rows

_IDS_PER_REQUEST = 250
_MOST_ROWS = 1000
"""Products on a page: their rows are a tenth of an order's."""
_ALL_COMBINATIONS = 1_000_000
"""Combinations on a page: their list has no total, so that no page would be known to be the last."""


class ProductPage(NamedTuple):
    """A page of products, the number of its rows, the store's number of all, and the products left unexpanded."""

    products: list[Product | UnreadableProduct]
    rows: int
    total: int
    not_expanded: int


class ProductCalls(StoreCalls):
    """The part of a store's API that concerns products."""

    def __init__(self, http: StoreHttp) -> None:
        super().__init__(http)
        self._product_pages = PageSize(ROWS_PER_PAGE, most=_MOST_ROWS)

    async def products(self) -> AsyncIterator[Product | UnreadableProduct]:
        """Every product and variation; option combinations instead of a product that is counted by them.

        SKUs are not unique (documented). A product without combinations is given as itself.
        """
        passed = 0
        async for rows in read_catalogue(self._product_page):
            products = self._read_products(rows, passed)
            passed += len(rows)
            for row in await self._expanded(products, _combined(products)):
                yield row

    async def first_products(self, *, most: int, most_combined: int) -> AsyncIterator[ProductPage]:
        """A sample: the first products by code, page by page, until `most` rows of the list were read.

        Args:
            most: rows of the list.
            most_combined: products whose option combinations are read in their place, for each is a request.
        """
        total = passed = 0

        async def fetch(behind: int) -> tuple[Page, int]:
            nonlocal total
            page, start = await self._product_page(behind)
            total = page.total or 0
            return page, start

        async for rows in read_catalogue(fetch):
            products = self._read_products(rows, passed)
            passed += len(rows)
            combined = _combined(products)
            read = combined[:most_combined]
            most_combined -= len(read)
            yield ProductPage(await self._expanded(products, read), len(rows), total, len(combined) - len(read))
            if passed >= most:
                return

    async def codes_like(self, part: str) -> set[str]:
        """The product codes that hold a text, letter case and wildcards apart (known behaviour), in one request."""
        params: Params = {"pcode": part, "items_per_page": ROWS_PER_PAGE, "page": 1}
        page = read_page(await self._http.get("products", params), "products")
        return {read_product(row, place).sku for place, row in enumerate(page.rows)}

    async def products_by_key(self, keys: Iterable[str]) -> dict[str, Product | UnreadableProduct]:
        """The products and combinations with these keys (`Product.key`); those the store doesn't know are left out."""
        asked_for = dict.fromkeys(keys)
        plain = [key for key in asked_for if is_store_id(key)]
        combined = {key.partition("/")[0] for key in asked_for if "/" in key}
        lists = await gather_or_cancel(
            [
                *(self._products_in_list(batch) for batch in chunked(plain, _IDS_PER_REQUEST)),
                *(self._combinations(product_id) for product_id in combined if is_store_id(product_id)),
            ]
        )
        found = {product.key: product for products in lists for product in products}
        return {key: found[key] for key in asked_for if key in found}

    async def set_amount(self, key: str, amount: int) -> None:
        """Set a product's stock, or a combination's; read it back to know the result.

        It is tried once only: units sold during the pause before a repeat would be offered again.

        The store answers 200 also where stock is split over warehouses, and for the own amount of a product that is
        counted by option combination; neither changes what is on sale (known behaviour).

        Args:
            key: `Product.key`.
            amount: units, not more than the store's column holds (8 388 607): more would be cut (inferred).

        Raises:
            ValueError: not a whole number of that size, of which the store would make its own.
            NotFound: no such product or combination.
        """
        product_id, slash, combination = key.partition("/")
        path = f"products/{checked_id(product_id)}"
        if slash:
            path = f"combinations/{checked_id(combination)}"
        await self._http.put_once(path, {"amount": _checked_amount(amount)})

    async def set_shares(self, key: str, shares: Mapping[str, int]) -> None:
        """Set a product's stock at some store locations, where it is split over several; in one call.

        Args:
            key: `Product.key`.
            shares: units by store location; each as for `set_amount`.

        Raises:
            ValueError: as for `set_amount`; or a combination's shares, which don't exist.
            NotFound: no such product.
        """
        if "/" in key:
            raise ValueError("The stock of an option combination isn't split over warehouses.")
        warehouses = {checked_id(place): _checked_amount(amount) for place, amount in shares.items()}
        # Without the flag the store ignores the warehouses (known behaviour).
        share = {"warehouses": warehouses, "warehouses_update_stock_only": 1}
        await self._http.put_once(f"products/{checked_id(key)}", share)

    async def _expanded(
        self, products: Iterable[Product | UnreadableProduct], combined: Sequence[str]
    ) -> list[Product | UnreadableProduct]:
        """The products, each of those named by id with its option combinations in its place, if it has any."""
        lists = await gather_or_cancel(self._combinations(product_id) for product_id in combined)
        combinations = dict(zip(combined, lists, strict=True))
        return [row for product in products for row in combinations.get(product.product_id) or [product]]

    async def _product_page(self, passed: int) -> tuple[Page, int]:
        """A page of products that begins within those passed, and the number of rows before it."""

        def asking(rows: int) -> Query:
            number, size = page_behind(passed, rows)
            # Variations share their product's name, which the list is sorted by otherwise (documented).
            return {"sort_by": "code", "sort_order": "asc", "page": number, "items_per_page": size}

        answer = await self._http.get_page("products", asking, self._product_pages)
        page = read_page(answer.content, "products")
        number, size = page_behind(passed, answer.asked)
        # A few rows were left out for the page to begin where it should: as good as all of them.
        got = answer.asked if len(page.rows) >= size else len(page.rows)
        self._product_pages.answered(answer.asked, got, answer.size, answer.seconds)
        return page, (number - 1) * size

    async def _products_in_list(self, ids: Sequence[str]) -> list[Product | UnreadableProduct]:
        params: Params = {"pid": ",".join(ids), "items_per_page": len(ids), "page": 1}
        page = read_page(await self._http.get("products", params), "products")
        note_rows(page.rows)
        return self._read_products(page.rows)

    def _read_products(self, rows: Iterable[object], passed: int = 0) -> list[Product | UnreadableProduct]:
        """The products of rows; without other vendors' products, should a store show them behind a vendor's path."""
        vendor = self._http.vendor
        return [
            read_product(row, place)
            for place, row in enumerate(rows, passed)
            if vendor is None or not isinstance(row, dict) or str(row.get("company_id", vendor)) == str(vendor)
        ]

    async def _combinations(self, product_id: str) -> list[Product | UnreadableProduct]:
        """All option combinations of a product, which come as a plain array (documented); none if it is gone."""
        params: Params = {"product_id": product_id, "items_per_page": _ALL_COMBINATIONS, "page": 1}
        try:
            answer = await self._http.get("combinations", params)
        except NotFound:
            return []
        rows = parsed(_combination_rows, answer)
        note_rows(rows)
        combinations = [read_combination(row, product_id, place) for place, row in enumerate(rows)]
        return [row for row in combinations if row.product_id == product_id]


def _checked_amount(amount: int) -> int:
    if type(amount) is not int or abs(amount) > LARGEST_AMOUNT:
        raise ValueError(f"A store's amount can't be {amount!r}.")
    return amount


def _combined(products: Iterable[Product | UnreadableProduct]) -> list[str]:
    """The ids of the products that are counted by option combination."""
    return [product.product_id for product in products if product.tracking == BY_COMBINATION]


def _combination_rows(answer: object) -> list[object]:
    rows = [row for _, row in Row({"combinations": answer}).items("combinations")]
    if isinstance(answer, dict) and not all(isinstance(row, dict) for row in rows):
        raise Unreadable("combinations: is no list")
    return rows
