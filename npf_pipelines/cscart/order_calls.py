"""Calls for orders: by the time they were placed, by id, and stubs of them.

Not here: how a list is paged through (paging.py), how an order is read (order_parser.py).
"""

import math
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from npf_pipelines.cscart.calls import ROWS_PER_PAGE, StoreCalls, is_store_id
from npf_pipelines.cscart.errors import MalformedResponse, NotFound, ServerError, TooLarge
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.http import Params, Query, StoreHttp
from npf_pipelines.cscart.order_parser import has_lines, order_id_of, parse_order, placed_at_of, unreadable_order
from npf_pipelines.cscart.page_size import PageSize
from npf_pipelines.cscart.paging import OrderPages, Page, key_of, read_page, total_of
from npf_pipelines.cscart.unreadable import read_stub
from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.progress import note_progress, note_rows
from npf_pipelines.domain.store_orders import Order, OrderStub, UnreadableOrder

_IDS_PER_REQUEST = 50
_MOST_BROKEN_LISTS = 3
"""After so many failures in a row to list whole orders, the store is not asked for them again."""
_NEWEST_FIRST = {"sort_by": "date", "sort_order": "desc"}
_FAR_FUTURE = 4_102_444_800
"""Unix seconds of the year 2100."""


class OrderCalls(StoreCalls):
    """The part of a store's API that concerns orders."""

    def __init__(self, http: StoreHttp) -> None:
        super().__init__(http)
        self._lists_hold_lines: bool | None = None
        self._broken_lists = 0
        self._order_pages = PageSize()
        self._stub_pages = PageSize(ROWS_PER_PAGE)

    @property
    def page_size(self) -> int:
        """Orders asked for at a time: as many as the store has answered quickly."""
        return self._order_pages.rows

    def orders_placed(self, start: datetime, end: datetime) -> OrderPages[Order | UnreadableOrder]:
        """Every order placed between two moments, of any status, oldest first, each once, page by page.

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

    async def newest_orders(
        self, start: datetime, end: datetime, *, most: int, most_by_number: int
    ) -> AsyncIterator[tuple[list[Order | UnreadableOrder], int]]:
        """A sample: the newest orders placed between two moments, newest first, each once, page by page.

        An order that leaves the list meanwhile, or shares its second with a page of others, may be missing.

        Args:
            start: inclusive.
            end: inclusive.
            most: rows to read at most.
            most_by_number: the same where the store's lists don't hold whole orders, so that each is a request.

        Yields:
            A page's orders, and how many orders the store has in all between the moments.
        """
        since, until = math.ceil(start.timestamp()), math.floor(end.timestamp())
        seen: set[str] = set()
        read, total = 0, None
        while read < most:
            # Without period=C the two times are ignored (known behaviour).
            params: Params = {"period": "C", "time_from": since, "time_to": until, **_NEWEST_FIRST, "page": 1}
            page, _ = await self._order_page(params, 1, most - read)
            total = total_of(page, "orders") if total is None else total
            keyed = {key_of(row, order_id_of): row for row in page.rows}
            fresh = [row for key, row in keyed.items() if key not in seen]
            read += len(page.rows)
            if fresh and not has_lines(fresh[0]):
                most = min(most, most_by_number)
            note_rows(fresh)
            yield await self._orders_of(fresh), total
            moments = [int(moment.timestamp()) for moment in map(placed_at_of, page.rows) if moment]
            if not fresh or not moments or len(page.rows) >= total_of(page, "orders"):
                return
            seen |= keyed.keys()
            until = min(moments)

    @property
    def lists_are_whole(self) -> bool | None:
        """Whether lists hold whole orders, as far as one was asked for; None if the store has no order to show it."""
        return self._lists_hold_lines

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
        """Whether the store lists orders by the time of their last change; None if it has no order to show it by.

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
        """The number of orders that the store lists, and the one with the highest number: one request for one row.

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
        """The orders with these ids, of any status; ids that the store doesn't know are left out."""
        asked_for = dict.fromkeys(order_id for order_id in ids if is_store_id(order_id))
        lists = await gather_or_cancel(
            self._orders_in_list(batch) for batch in chunked(list(asked_for), _IDS_PER_REQUEST)
        )
        found = {order_id: order for orders in lists for order_id, order in orders.items()}
        # Incomplete and parent orders are hidden from lists (documented), but not from a call by number.
        hidden = [order_id for order_id in asked_for if order_id not in found]
        others = await gather_or_cancel(self._order_by_number(order_id) for order_id in hidden)
        found |= {order_id: order for order_id, order in zip(hidden, others, strict=True) if order is not None}
        return {order_id: found[order_id] for order_id in asked_for if order_id in found}

    async def _orders_in_list(self, ids: Sequence[str]) -> dict[str, Order | UnreadableOrder]:
        page, _ = await self._order_page({"order_id": ",".join(ids), "page": 1}, len(ids))
        rows = {order_id: row for row in page.rows if (order_id := order_id_of(row)) in ids}
        note_rows(rows)
        orders = await self._orders_of(list(rows.values()))
        return {order_id: order for order_id, order in zip(rows, orders, strict=True) if order_id}

    async def _order_page(self, params: Params, at_least: int, at_most: int | None = None) -> tuple[Page, int]:
        """A page of orders, with their lines if this store can do that; and how many were asked for.

        `get_orders_data` is undocumented, so whether rows hold lines is seen from the first (known behaviour).
        """
        if self._lists_hold_lines is not False and self._broken_lists < _MOST_BROKEN_LISTS:
            try:
                whole = {**params, "get_orders_data": 1}
                page, asked = await self._page(whole, self._order_pages, at_least, at_most)
            except (ServerError, TooLarge):
                # One order that the store can't put together, or that is too large, spoils its page. The plain list
                # has no such problem, and of the details only that order's will fail.
                self._broken_lists += 1
            else:
                self._broken_lists = 0
                if self._lists_hold_lines is None and page.rows:
                    self._lists_hold_lines = any(map(has_lines, page.rows))
                return page, asked
        return await self._page(params, self._order_pages, at_least, at_most)

    async def _page(
        self, params: Query, page_size: PageSize, at_least: int, at_most: int | None = None
    ) -> tuple[Page, int]:
        """A page of orders as they are listed; the size of the next is learnt from it."""

        def asking(rows: int) -> Query:
            return {**params, "items_per_page": rows if at_most is None else min(rows, at_most)}

        answer = await self._http.get_page("orders", asking, page_size, at_least)
        page = read_page(answer.content, "orders")
        page_size.answered(answer.asked, len(page.rows), answer.size, answer.seconds)
        return page, answer.asked

    async def _orders_of(self, rows: list[object]) -> list[Order | UnreadableOrder]:
        """The orders of a list's rows; rows without lines are read by concurrent calls."""
        if all(map(has_lines, rows)):
            return [parse_order(row) for row in rows]
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


def _narrowed(statuses: Iterable[str], changed_since: datetime | None) -> dict[str, str | int | list[str]]:
    narrowed: dict[str, str | int | list[str]] = {}
    if letters := sorted(statuses):
        narrowed["status[]"] = letters  # Joined by commas they would match nothing (known behaviour).
    if changed_since:
        narrowed["updated_at_from"] = int(changed_since.timestamp())
    return narrowed
