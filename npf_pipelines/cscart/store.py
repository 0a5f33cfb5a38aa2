"""One store: what can be read of it and written to it.

Here: the calls that exist, each with what the store makes of it. Not here: HTTP (http.py), walking (paging.py),
models (models.py), and whether anything should be written at all.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import SecretStr

from npf_pipelines.cscart.catalogue import page_behind, read_catalogue
from npf_pipelines.cscart.errors import MalformedResponse, NotFound, ServerError, TooLarge
from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.http import ATTEMPTS, LARGEST_ANSWER, Params, Query, StoreHttp
from npf_pipelines.cscart.page_size import PageSize
from npf_pipelines.cscart.paging import OrderPages, Page, read_page, read_pages
from npf_pipelines.cscart.parsing import (
    has_lines,
    order_id_of,
    parse_order,
    parse_shipment,
    parse_status,
    placed_at_of,
    unreadable_order,
)
from npf_pipelines.cscart.unreadable import UnreadableRow, read_combination, read_product, read_stub, row_id_of
from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.order_statuses import Status
from npf_pipelines.domain.products import BY_COMBINATION, LARGEST_AMOUNT, Product, UnreadableProduct
from npf_pipelines.domain.progress import note_progress, note_rows
from npf_pipelines.domain.store_orders import Order, OrderStub, UnreadableOrder
from npf_pipelines.domain.store_shipments import Shipment

_IDS_AT_A_TIME = 50
_PRODUCT_IDS_AT_A_TIME = 250
_ROWS_AT_A_TIME = 250
_MOST_PRODUCT_ROWS = 1000
"""Products at a time: their rows are a tenth of an order's."""
_ALL_COMBINATIONS = 1_000_000
"""Combinations at a time: their list doesn't say how many there are, so that no page would be known to be the last."""
_MOST_STATUSES = 250
_MOST_BROKEN_LISTS = 3
"""Whole orders that a store fails to list so many times in a row are not asked of it again."""
_FAR_FUTURE = 4_102_444_800
"""Unix seconds of the year 2100."""

T = TypeVar("T")


class Store:
    """The client of one CS-Cart store, to be used as an async context manager.

    Every method raises StoreError (errors.py) when the store gives no usable answer.

    Attributes:
        concurrency: requests at a time.
        unreadable: rows of lists that couldn't be read so far and that have no other report.
    """

    def __init__(
        self,
        url: str,
        api_user: str,
        api_key: SecretStr,
        *,
        concurrency: int = 4,
        timeout: float = 30.0,
        attempts: int = ATTEMPTS,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        """Arguments as for `StoreHttp`; raises ValueError for an address to which no key may be sent."""
        self.concurrency = concurrency
        self.unreadable: list[UnreadableRow] = []
        self._http = StoreHttp(
            url,
            api_user,
            api_key,
            concurrency=concurrency,
            timeout=timeout,
            attempts=attempts,
            largest_answer=largest_answer,
        )
        self._lists_hold_lines: bool | None = None
        self._broken_lists = 0
        self._order_pages = PageSize()
        self._stub_pages = PageSize(_ROWS_AT_A_TIME)
        self._product_pages = PageSize(_ROWS_AT_A_TIME, most=_MOST_PRODUCT_ROWS)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.__aexit__(kind, error, traceback)

    @property
    def requests(self) -> int:
        """The requests sent so far, repeats included."""
        return self._http.requests

    @property
    def writes(self) -> int:
        """Those of the requests that could change something."""
        return self._http.writes

    @property
    def page_size(self) -> int:
        """How many orders are asked for at a time, as far as the store has shown what it answers quickly."""
        return self._order_pages.rows

    # Statuses

    async def statuses(self) -> list[Status]:
        """The order statuses that the store has; rows that can't be read go to `unreadable`.

        Reading them takes the right manage_order_statuses (known behaviour): Forbidden otherwise.
        """
        answer = await self._http.get("statuses", {"type": "O", "items_per_page": _MOST_STATUSES})
        return self._readable(parse_status, "statuses", "status_id", read_page(answer, "statuses").rows)

    async def set_status(self, order_id: str, letter: str) -> None:
        """Ask for another status; read the order back to know whether it came to that.

        The store answers 200 also for a missing order, a vetoed change, or one that ran out of stock (known
        behaviour).

        Args:
            order_id: the store's.
            letter: exactly one, of those that the store has: a longer word is cut to its first (inferred).

        Raises:
            ValueError: not one letter.
        """
        if len(letter) != 1 or not letter.isalnum():
            raise ValueError(f"A status is one letter, not {letter!r}.")
        await self._http.put(
            f"orders/{_number(order_id)}",
            # Any other key would rebuild the whole order (documented). JSON booleans: PHP takes "N" for true.
            {
                "status": letter,
                "notify_user": False,
                "notify_department": False,
                "notify_vendor": False,
            },
        )

    # Orders

    def orders_placed(self, start: datetime, end: datetime) -> OrderPages[Order | UnreadableOrder]:
        """Every order placed between two moments, whatever its status, oldest first, each once, page by page.

        The store hides incomplete and parent orders from its lists (documented). The pages are as large as the
        store answers quickly.

        Args:
            start: inclusive, with a time zone.
            end: inclusive, with a time zone.

        Raises:
            ValueError: a time without a zone.
        """
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("A time without its zone means another moment in each zone.")
        return OrderPages(self._order_page, start, end, self._orders_of)

    async def order_stubs(
        self,
        start: datetime,
        end: datetime,
        *,
        statuses: Iterable[str] = (),
        changed_since: datetime | None = None,
    ) -> AsyncIterator[OrderStub | UnreadableOrder]:
        """Number, status and time of the orders placed between two moments, oldest first, each once.

        A row whose number or time can't be read is an UnreadableOrder.

        Args:
            start: inclusive.
            end: inclusive.
            statuses: letters; only orders that have one of them now. All if none.
            changed_since: only orders changed since then; stores older than 4.13.2 ignore it and list all (known
                behaviour: see `knows_changes`).
        """
        narrowed = _narrowed(statuses, changed_since)

        async def fetch(params: Params, at_least: int) -> tuple[Page, int]:
            return await self._page({**params, **narrowed}, self._stub_pages, at_least)

        async def read(rows: list[object]) -> list[OrderStub | UnreadableOrder]:
            return [read_stub(row) for row in rows]

        async for stubs in OrderPages(fetch, start, end, read):
            for stub in stubs:
                yield stub

    async def knows_changes(self) -> bool | None:
        """Whether the store lists orders by the time of their last change; None when it has none to tell by.

        Asked for the changes of a far future, a store that knows them lists nothing, and one that doesn't
        everything (known behaviour).
        """
        answer = await self._http.get("orders", {"updated_at_from": _FAR_FUTURE, "items_per_page": 1})
        if read_page(answer, "orders").total:
            return False
        everything = await self._http.get("orders", {"items_per_page": 1})
        return True if read_page(everything, "orders").total else None

    async def newest(
        self, *, statuses: Iterable[str] = (), changed_since: datetime | None = None
    ) -> tuple[int, OrderStub | None]:
        """How many orders the store lists, and the one with the highest number: one request for one row.

        Args:
            statuses: letters; only orders that have one of them now. All if none.
            changed_since: only orders changed since then, inclusive; see `order_stubs`.

        Returns:
            The number, and the order; None if there is none, or its number or time can't be read.

        Raises:
            MalformedResponse: also if the store doesn't say how many there are.
        """
        params: dict[str, str | int | list[str]] = {"items_per_page": 1, "sort_by": "order_id", "sort_order": "desc"}
        page = read_page(await self._http.get("orders", params | _narrowed(statuses, changed_since)), "orders")
        if page.total is None:
            raise MalformedResponse(
                "The store doesn't say how many orders it lists. Check its version and its add-ons."
            )
        stub = read_stub(page.rows[0]) if page.rows else None
        return page.total, stub if isinstance(stub, OrderStub) else None

    async def orders_by_id(self, ids: Iterable[str]) -> dict[str, Order | UnreadableOrder]:
        """The orders with these ids, whatever their status; ids that the store doesn't know are left out."""
        wanted = dict.fromkeys(order_id for order_id in ids if _is_number(order_id))
        lists = await gather_or_cancel(self._orders_in_list(batch) for batch in chunked(list(wanted), _IDS_AT_A_TIME))
        found = {order_id: order for one in lists for order_id, order in one.items()}
        # Incomplete and parent orders are hidden from lists (documented), but not from a call by number.
        hidden = [order_id for order_id in wanted if order_id not in found]
        others = await gather_or_cancel(self._order_by_number(order_id) for order_id in hidden)
        found |= {order_id: order for order_id, order in zip(hidden, others, strict=True) if order is not None}
        return {order_id: found[order_id] for order_id in wanted if order_id in found}

    async def _orders_in_list(self, ids: Sequence[str]) -> dict[str, Order | UnreadableOrder]:
        page, _ = await self._order_page({"order_id": ",".join(ids), "page": 1}, len(ids))
        rows = {order_id: row for row in page.rows if (order_id := order_id_of(row)) in ids}
        note_rows(rows)
        orders = await self._orders_of(list(rows.values()))
        return {order_id: order for order_id, order in zip(rows, orders, strict=True) if order_id}

    async def _order_page(self, params: Params, at_least: int) -> tuple[Page, int]:
        """A page of orders, with their lines if this store can do that; and how many were asked for.

        `get_orders_data` is undocumented, so whether rows hold lines is seen from the first (known behaviour).
        """
        if self._lists_hold_lines is not False and self._broken_lists < _MOST_BROKEN_LISTS:
            try:
                page, asked = await self._page({**params, "get_orders_data": 1}, self._order_pages, at_least)
            except (ServerError, TooLarge):
                # One order that the store can't put together, or that is too large, spoils its page. The plain list
                # has no such trouble, and of the details only that one will fail.
                self._broken_lists += 1
            else:
                self._broken_lists = 0
                if self._lists_hold_lines is None and page.rows:
                    self._lists_hold_lines = any(map(has_lines, page.rows))
                return page, asked
        return await self._page(params, self._order_pages, at_least)

    async def _page(self, params: Query, page_size: PageSize, at_least: int) -> tuple[Page, int]:
        """A page of orders as they are listed, from which the size of the next is learnt."""

        def asking(rows: int) -> Query:
            return {**params, "items_per_page": rows}

        answer = await self._http.get_page("orders", asking, page_size, at_least)
        page = read_page(answer.content, "orders")
        page_size.answered(answer.asked, len(page.rows), answer.size, answer.seconds)
        return page, answer.asked

    async def _orders_of(self, rows: list[object]) -> list[Order | UnreadableOrder]:
        """The orders of a list's rows, those without lines by calls side by side."""
        return await gather_or_cancel(self._order_of(row) for row in rows)

    async def _order_of(self, row: object) -> Order | UnreadableOrder:
        """The order of a list's row, by a call of its own where the row has no lines."""
        order_id = order_id_of(row)
        if has_lines(row) or order_id is None:
            return parse_order(row)
        order = await self._order_by_number(order_id)
        if order is None:
            return unreadable_order(row, "was deleted from the store between its list and its reading")
        if isinstance(order, UnreadableOrder):
            return unreadable_order(row, order.reason)
        if order.placed_at != placed_at_of(row):
            return unreadable_order(row, "timestamp: differs between the store's list and the order itself")
        return order

    async def _order_by_number(self, order_id: str) -> Order | UnreadableOrder | None:
        """One order by itself; None if the store has no such order.

        An order that the store can't show doesn't cost its neighbours: it is unreadable, by the error's text.
        """
        known = {"order_id": order_id}
        try:
            raw = await self._http.get(f"orders/{order_id}")
        except NotFound:
            return None
        except (ServerError, MalformedResponse) as error:
            return unreadable_order(known, str(error))
        if order_id_of(raw) != order_id:
            return unreadable_order(known, "order_id: the store answers with something else")
        note_progress()
        return parse_order(raw)

    # Shipments

    async def shipments_of(self, order_id: str) -> list[Shipment]:
        """All shipments of an order.

        Raises:
            MalformedResponse: also for one unreadable shipment: a shipment that is overlooked would be made again.
        """

        async def fetch(params: Params) -> Page:
            answer = await self._http.get("shipments", {"order_id": _number(order_id), **params})
            return read_page(answer, "shipments")

        pages = read_pages(fetch, "shipments", _id_reader("shipment_id"), _ROWS_AT_A_TIME)
        shipments = [_parsed(parse_shipment, row) async for rows in pages for row in rows]
        # Unknown parameters are ignored without an error (documented): take no other order's shipment for ours.
        return [shipment for shipment in shipments if shipment.order_id == order_id]

    async def newest_shipments(self, rows: int) -> list[Shipment]:
        """About the shipments made last, of whatever orders, in one request.

        That the list without an order is sorted so, newest first, is inferred: nothing follows from a shipment that
        is missing here. One that can't be read is left out.
        """
        params: Params = {"sort_by": "id", "sort_order": "desc", "page": 1, "items_per_page": rows}
        shipments = []
        for row in read_page(await self._http.get("shipments", params), "shipments").rows:
            with contextlib.suppress(Unreadable):
                shipments.append(parse_shipment(row))
        return shipments

    async def create_shipment(
        self,
        order_id: str,
        *,
        shipping_id: str | None,
        carrier: str,
        tracking_number: str,
        quantities: Mapping[str, int],
        comments: str,
        notify_customer: bool,
    ) -> str:
        """Make a shipment; its id.

        Compare with `shipments_of` first: nothing keeps the store from making the same one twice. Compare the
        quantities with the order's lines too: too large ones are cut silently (documented), and an unknown
        item_id leaves an empty shipment behind (inferred). Read back what came of it.

        Args:
            order_id: the store's.
            shipping_id: the shipping method; None leaves it out.
            carrier: the code of a carrier that the store knows, or any name.
            tracking_number: the carrier's.
            quantities: units by item_id, each above 0.
            comments: seen by merchant and customer.
            notify_customer: whether the store mails the customer; older versions never do (known behaviour).

        Raises:
            ValueError: nothing to ship, or neither carrier nor tracking number, which 4.16.2 and later demand.
        """
        if not quantities or any(type(units) is not int or units <= 0 for units in quantities.values()):
            # The store doesn't refuse negative quantities (documented).
            raise ValueError(f"A shipment takes a whole number above 0 of each line, not {dict(quantities)}.")
        if not carrier and not tracking_number:
            raise ValueError("A shipment needs a carrier or a tracking number.")
        body: dict[str, Any] = {
            "order_id": _number(order_id),
            "carrier": carrier,
            "tracking_number": tracking_number,
            # Without them the store ships one package group only (documented).
            "products": dict(quantities),
            "comments": comments,
            "notify_user": notify_customer,
        }
        if shipping_id is not None:
            body["shipping_id"] = shipping_id
        answer = await self._http.post("shipments", body)
        return _parsed(lambda raw: Row(raw).number_id("shipment_id"), answer)

    async def delete_shipment(self, shipment_id: str) -> None:
        """Delete a shipment; with `create_shipment` the only correction that all versions take."""
        await self._http.delete(f"shipments/{_number(shipment_id)}")

    async def shipping_ids(self) -> list[str]:
        """The shipping methods that the store has, in its order: a shipment names one (documented).

        Rows that can't be read go to `unreadable`.
        """
        page = read_page(await self._http.get("shippings", {"items_per_page": _ROWS_AT_A_TIME}), "shippings")
        return self._readable(lambda raw: Row(raw).number_id("shipping_id"), "shippings", "shipping_id", page.rows)

    # Products

    async def products(self) -> AsyncIterator[Product | UnreadableProduct]:
        """Every product and variation, and in place of a product that is counted by option combination these.

        SKUs are not unique (documented). A product without combinations is given as itself, whatever it is counted by.
        """
        passed = 0
        async for rows in read_catalogue(self._product_page):
            products = [read_product(row, place) for place, row in enumerate(rows, passed)]
            passed += len(rows)
            combined = [product.product_id for product in products if product.tracking == BY_COMBINATION]
            lists = await gather_or_cancel(self._combinations(product_id) for product_id in combined)
            combinations = dict(zip(combined, lists, strict=True))
            for product in products:
                for one in combinations.get(product.product_id) or [product]:
                    yield one

    async def products_by_key(self, keys: Iterable[str]) -> dict[str, Product | UnreadableProduct]:
        """The products and combinations with these keys (`Product.key`); those the store doesn't know are left out."""
        wanted = dict.fromkeys(keys)
        plain = [key for key in wanted if _is_number(key)]
        combined = {key.partition("/")[0] for key in wanted if "/" in key}
        lists = await gather_or_cancel(
            [
                *(self._products_in_list(batch) for batch in chunked(plain, _PRODUCT_IDS_AT_A_TIME)),
                *(self._combinations(product_id) for product_id in combined if _is_number(product_id)),
            ]
        )
        found = {product.key: product for one in lists for product in one}
        return {key: found[key] for key in wanted if key in found}

    async def set_amount(self, key: str, amount: int, *, location: str | None = None) -> None:
        """Set a product's stock, or a combination's; read it back to know what came of it.

        It is tried once only: what is sold during the pause before a repeat would be offered again.

        The store answers 200 also where stock is split over warehouses and no location is named, and for the own
        amount of a product that is counted by option combination; neither changes what is on sale (known behaviour).

        Args:
            key: `Product.key`.
            amount: units, not more than the store's column holds (8 388 607): more would be cut (inferred).
            location: the store location whose share it is, where a product's stock is split over warehouses.

        Raises:
            ValueError: not a whole number of that size, of which the store would make its own; or a combination's
                share of a location, which doesn't exist.
            NotFound: no such product or combination.
        """
        if type(amount) is not int or abs(amount) > LARGEST_AMOUNT:
            raise ValueError(f"A store's amount can't be {amount!r}.")
        product_id, slash, combination = key.partition("/")
        path = f"products/{_number(product_id)}"
        if slash:
            path = f"combinations/{_number(combination)}"
        if location is None:
            await self._http.put_once(path, {"amount": amount})
        elif slash:
            raise ValueError("The stock of an option combination isn't split over warehouses.")
        else:
            # Without the flag the store ignores the warehouses (known behaviour).
            share = {"warehouses": {_number(location): amount}, "warehouses_update_stock_only": 1}
            await self._http.put_once(path, share)

    async def _product_page(self, passed: int) -> tuple[Page, int]:
        """A page of products that begins within those passed, and how many stand before it."""

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
        return [read_product(row, place) for place, row in enumerate(page.rows)]

    async def _combinations(self, product_id: str) -> list[Product | UnreadableProduct]:
        """All option combinations of a product, which come as a plain array (documented); none if it is gone."""
        params: Params = {"product_id": product_id, "items_per_page": _ALL_COMBINATIONS, "page": 1}
        try:
            answer = await self._http.get("combinations", params)
        except NotFound:
            return []
        rows = _parsed(_combination_rows, answer)
        note_rows(rows)
        combinations = [read_combination(row, product_id, place) for place, row in enumerate(rows)]
        return [one for one in combinations if one.product_id == product_id]

    def _readable(self, parse: Callable[[object], T], name: str, id_name: str, rows: Sequence[object]) -> list[T]:
        """What can be read of a list's rows; the others are noted. A list of which nothing can be read is none."""
        good: list[T] = []
        for row in rows:
            try:
                good.append(parse(row))
            except Unreadable as why:
                bad = UnreadableRow(name, row_id_of(row, id_name), str(why))
                if bad not in self.unreadable:
                    self.unreadable.append(bad)
        return good if good or not rows else [_parsed(parse, rows[0])]


def _combination_rows(answer: object) -> list[object]:
    rows = [row for _, row in Row({"combinations": answer}).items("combinations")]
    if isinstance(answer, dict) and not all(isinstance(row, dict) for row in rows):
        raise Unreadable("combinations: is no list")
    return rows


def _narrowed(statuses: Iterable[str], changed_since: datetime | None) -> dict[str, str | int | list[str]]:
    narrowed: dict[str, str | int | list[str]] = {}
    if letters := sorted(statuses):
        narrowed["status[]"] = letters  # Joined by commas they would match nothing (known behaviour).
    if changed_since:
        narrowed["updated_at_from"] = int(changed_since.timestamp())
    return narrowed


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _number(store_id: str) -> str:
    """An id that is safe to stand in a path."""
    if not _is_number(store_id):
        raise ValueError(f"The store's ids are numbers, not {store_id!r}.")
    return store_id


def _id_reader(name: str) -> Callable[[object], str | None]:
    def id_of(raw: object) -> str | None:
        try:
            return Row(raw).number_id(name)
        except Unreadable:
            return None

    return id_of


def _parsed(parse: Callable[[object], T], raw: object) -> T:
    try:
        return parse(raw)
    except Unreadable as why:
        raise MalformedResponse(
            f"The store's answer can't be read: {why}. Check its version and its add-ons."
        ) from None
