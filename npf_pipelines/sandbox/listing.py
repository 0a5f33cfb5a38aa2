"""The rows that a list shows: filters, sorting and pages, with their quirks.

Not here: how a row is printed (answers.py).
"""

import itertools
import math
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from npf_pipelines.sandbox.model import Combination, Order, Product, Shipment
from npf_pipelines.sandbox.php import Query, identifier, several, text
from npf_pipelines.sandbox.store import SandboxStore

Row = TypeVar("Row")
Stamp = tuple[int, int]
Listed = tuple[list[Row], dict[str, Any]]
"""The rows of one page and the `params` beside them."""

_ORDER_SORTS: dict[str, Callable[[Order], Any]] = {
    "order_id": lambda order: order.order_id,
    "status": lambda order: order.status,
    "customer": lambda order: (order.customer.bill_to.lastname, order.customer.bill_to.firstname),
    "email": lambda order: order.customer.email,
    "date": lambda order: order.timestamp,
    "total": lambda order: order.total,
}
_PRODUCT_SORTS: dict[str, Callable[[Product], Any]] = {
    "product": lambda product: product.name,
    "code": lambda product: product.product_code,
    "price": lambda product: product.cents,
    "amount": lambda product: product.amount,
    "status": lambda product: product.status,
}


def list_orders(store: SandboxStore, query: Query) -> Listed[Order]:
    """The orders that a query picks.

    Documented: the parameters. Known behaviour: `period=C` decides whether time counts at all, an unknown
    sort falls back to date, unknown parameters are ignored, old stores ignore `updated_at_*`. Inferred:
    orders that are equal in what they are sorted by come in another order on each page, as a database may
    return them.
    """
    sort_by = text(query, "sort_by") if text(query, "sort_by") in _ORDER_SORTS else "date"
    descending = text(query, "sort_order").lower() != "asc"
    start = end = None
    if text(query, "period") == "C":
        start = _moment(store, text(query, "time_from"), time.min)
        end = _moment(store, text(query, "time_to"), time.max)
    stamps = store.listed(start, end)
    keep = _order_filter(store, query)
    if keep:
        stamps = [stamp for stamp in stamps if keep(store.orders[stamp[1]])]

    def sort_key(stamp: Stamp) -> Any:
        return _ORDER_SORTS[sort_by](store.orders[stamp[1]])

    if sort_by != "date":
        stamps = sorted(stamps, key=sort_key)
    size, page = _page_asked(store, query)
    rows = _cut(stamps[::-1] if descending else stamps, sort_key, size, page)
    params = _params(query, size, page, len(stamps)) | {
        "include_incompleted": False,
        "sort_by": sort_by,
        "sort_order": "desc" if descending else "asc",
        "sort_order_rev": "asc" if descending else "desc",
    }
    return [store.orders[order_id] for _, order_id in rows], params


def list_products(store: SandboxStore, query: Query) -> Listed[Product]:
    """The products that a query picks: `pcode` matches anywhere and has wildcards (known behaviour)."""
    products = list(store.products.values())
    code = text(query, "pcode")
    if code:
        pattern = re.compile(_like(code), re.IGNORECASE | re.DOTALL)
        products = [product for product in products if pattern.search(product.product_code)]
    if vendor := text(query, "company_id"):
        products = [product for product in products if str(product.company_id) == vendor]
    picked = {identifier(value) for value in several(query, "pid", commas=True)}
    if picked:
        products = [product for product in products if product.product_id in picked]
    sort_by = text(query, "sort_by") if text(query, "sort_by") in _PRODUCT_SORTS else "product"
    descending = text(query, "sort_order").lower() == "desc"
    key = _PRODUCT_SORTS[sort_by]
    products.sort(key=lambda product: (key(product), product.product_id), reverse=descending)
    size, page = _page_asked(store, query)
    return _slice(products, size, page), _params(query, size, page, len(products))


def list_shipments(store: SandboxStore, query: Query) -> Listed[Shipment]:
    """The shipments that a query picks, newest first; past the end, the last page again (known behaviour)."""
    if "order_id" in query:
        shipments = store.shipments_of(identifier(text(query, "order_id")))
    else:
        shipments = list(store.shipments.values())
    shipments.sort(key=lambda shipment: shipment.shipment_id, reverse=True)
    size, page = _page_asked(store, query)
    page = min(page, max(1, math.ceil(len(shipments) / size))) if size else 1
    return _slice(shipments, size, page), _params(query, size, page, len(shipments))


def list_combinations(product: Product, query: Query) -> list[Combination]:
    """A page of a product's combinations: all of them without `items_per_page` (documented)."""
    size, page = max(0, identifier(text(query, "items_per_page"))), max(1, identifier(text(query, "page", "1")))
    return _slice(list(product.combinations.values()), size, page)


def list_plain(store: SandboxStore, query: Query, rows: Sequence[Row]) -> Listed[Row]:
    """A page of rows that have no filters of their own."""
    size, page = _page_asked(store, query)
    return _slice(rows, size, page), _params(query, size, page, len(rows))


def _order_filter(store: SandboxStore, query: Query) -> Callable[[Order], bool] | None:
    """The query's filters beyond time of creation, or None where there are none."""
    tests: list[Callable[[Order], bool]] = []
    if vendor := text(query, "company_id"):
        tests.append(lambda order: str(order.company_id) == vendor)
    statuses = set(several(query, "status"))
    if statuses:
        tests.append(lambda order: order.status in statuses)
    picked = {identifier(value) for value in several(query, "order_id", commas=True)}
    if picked:
        tests.append(lambda order: order.order_id in picked)
    if store.updated_at_filter:
        since, until = text(query, "updated_at_from"), text(query, "updated_at_to")
        if since:
            start = identifier(since)
            tests.append(lambda order: order.updated_at >= start)
        if until:
            end = identifier(until)
            tests.append(lambda order: order.updated_at <= end)
    return (lambda order: all(test(order) for test in tests)) if tests else None


def _moment(store: SandboxStore, value: str, at: time) -> int | None:
    """Unix seconds, or a date in the store's own format and zone; the rest is the beginning of time."""
    if not value:
        return None
    if value.isdecimal():
        return int(value)
    zone = ZoneInfo(store.time_zone)
    try:
        day = datetime.strptime(value, "%m/%d/%Y").replace(tzinfo=zone)
    except ValueError:
        return 0
    return int(datetime.combine(day, at, tzinfo=zone).timestamp())


def _like(code: str) -> str:
    """SQL's LIKE with the code anywhere in it, as a regular expression."""
    wild = {"%": ".*", "_": "."}
    return "".join(wild.get(letter) or re.escape(letter) for letter in code)


def _page_asked(store: SandboxStore, query: Query) -> tuple[int, int]:
    """`items_per_page` (0 = everything, no maximum, known behaviour) and `page`."""
    asked = text(query, "items_per_page", str(store.items_per_page))
    return max(0, identifier(asked)), max(1, identifier(text(query, "page", "1")))


def _params(query: Query, size: int, page: int, total: int) -> dict[str, Any]:
    """The parameters, and `total_items` as a string; not where all rows were requested (known behaviour)."""
    params: dict[str, Any] = {**query, "page": page, "items_per_page": str(size), "ajax_custom": "1"}
    if size:
        params["total_items"] = str(total)
    return params


def _slice(rows: Sequence[Row], size: int, page: int) -> list[Row]:
    return list(rows[(page - 1) * size : page * size] if size else rows)


def _cut(rows: Sequence[Stamp], key: Callable[[Stamp], Any], size: int, page: int) -> Iterator[Stamp]:
    """One page of sorted rows, rows with the same key shuffled in a way that depends on the page."""
    first, last = ((page - 1) * size, page * size) if size else (0, len(rows))
    last = min(last, len(rows))
    if first >= last:
        return iter(())
    low, high = first, last
    while low > 0 and key(rows[low - 1]) == key(rows[low]):
        low -= 1
    while high < len(rows) and key(rows[high]) == key(rows[high - 1]):
        high += 1

    def dice(stamp: Stamp) -> int:
        return zlib.crc32(f"{stamp[1]}:{page}:{size}".encode())

    groups = itertools.groupby((rows[place] for place in range(low, high)), key)
    shuffled = itertools.chain.from_iterable(sorted(group, key=dice) for _, group in groups)
    return itertools.islice(shuffled, first - low, last - low)
