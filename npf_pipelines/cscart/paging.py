"""Walking through the store's lists, so that nothing is skipped while they change.

Here: which page is asked for next, and when a walk ends. Not here: what a row means (models.py), how a page
is fetched (store.py).
"""

import itertools
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Self, TypeVar

from npf_pipelines.cscart.errors import MalformedResponse
from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.cscart.http import Params
from npf_pipelines.cscart.parsing import order_id_of, placed_at_of
from npf_pipelines.domain.progress import note_rows

_WALKS = 3
_STALLS = 3

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Attributes:
        rows: as decoded, unparsed.
        total: rows of the whole list; None where the store doesn't say.
    """

    rows: list[object]
    total: int | None


Fetch = Callable[[Params], Awaitable[Page]]
FetchSized = Callable[[Params, int], Awaitable[tuple[Page, int]]]


def read_page(answer: object, name: str) -> Page:
    """The rows under a name, and `params.total_items`, which comes as a string (documented).

    Raises:
        MalformedResponse: the answer isn't a list's.
    """
    if answer == []:
        return Page([], 0)
    try:
        top = Row(answer)
        top.demand(name)
        rows = [row for _, row in top.items(name)]
        params = top.row("params")
        total = params.whole("total_items") if params.has("total_items") else None
    except Unreadable as why:
        raise MalformedResponse(
            f"The store's list of {name} isn't one ({why}). Check its version and its add-ons."
        ) from None
    return Page(rows, total)


class OrderPages(Generic[T]):
    """Every order placed between two moments, oldest first, each once: an iterator of pages.

    The walk is keyed by the time of creation: each request starts, inclusively, at the second of the last order
    seen. Page numbers would skip orders, because whatever leaves the list meanwhile shifts the rest forward
    (documented); a creation time doesn't move. When one second holds more orders than a page, the page grows.

    A page holds what is new in it, rows without a readable id or time too. Getting one raises BadAnswer if the store
    doesn't keep to what was asked, so that the walk would never end or miss orders.

    Attributes:
        left: orders behind the last page, as the store counted them then.
    """

    def __init__(
        self, fetch: FetchSized, start: datetime, end: datetime, read: Callable[[list[object]], Awaitable[list[T]]]
    ) -> None:
        """Ask nothing yet.

        Args:
            fetch: gets one page for the parameters, of at least so many rows, and says how many were asked for.
            start: inclusive.
            end: inclusive.
            read: makes of rows what the walk gives.
        """
        self.left = 0
        self._fetch = fetch
        self._read = read
        self._since, self._until = math.ceil(start.timestamp()), math.floor(end.timestamp())
        self._at_least = 1
        self._stalls = 0
        self._seen: set[str] = set()

    def stop_at(self, end: datetime) -> None:
        """Go no further than this moment, inclusive: another walk takes what lies behind it."""
        self._until = min(self._until, math.floor(end.timestamp()))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[T]:
        """The next page."""
        if self._since > self._until:
            raise StopAsyncIteration
        page, asked = await self._fetch(
            {
                # Without period=C the two times are ignored (known behaviour).
                "period": "C",
                "time_from": self._since,
                "time_to": self._until,
                "sort_by": "date",
                "sort_order": "asc",
                "page": 1,
            },
            self._at_least,
        )
        seconds = [int(moment.timestamp()) for moment in map(placed_at_of, page.rows) if moment]
        _check_obeyed(seconds, self._since, self._until)
        keyed = {key_of(row, order_id_of): row for row in page.rows}
        fresh = [row for key, row in keyed.items() if key not in self._seen]
        self.left = max(0, total_of(page, "orders") - len(page.rows))
        last = max(seconds, default=self._since)
        if not self.left:
            self._since = self._until + 1
        elif last > self._since and not fresh:
            # Nothing new at a later moment: it lists the same order wherever it is asked to begin.
            self._stall(page, asked)
            self._since = last
        elif last > self._since:
            # What came before this page can't come again, so it needn't be remembered.
            self._since, self._at_least, self._stalls, self._seen = last, 1, 0, set(keyed)
        else:
            self._seen |= keyed.keys()
            if len(page.rows) >= asked:
                self._at_least = 2 * asked
            else:
                self._stall(page, asked)
        note_rows(fresh)
        return await self._read(fresh)

    def _stall(self, page: Page, asked: int) -> None:
        """An order may have gone between the store's counting and its reading; not time and again."""
        self._stalls += 1
        if self._stalls == _STALLS:
            raise MalformedResponse(
                f"The store says that it has {page.total} orders, but gives only {len(page.rows)} on a page for"
                f" {asked}. Look for an add-on that limits its lists."
            )


async def read_pages(
    fetch: Fetch, name: str, id_of: Callable[[object], str | None], page_size: int
) -> AsyncIterator[list[object]]:
    """Every row of a list that can only be walked by page numbers, each once.

    Ended by `total_items`, because a page past the end of shipments is the last page again (known behaviour).
    When rows were shifted across a page's edge meanwhile, a page brings nothing new or fewer than the total were seen:
    the walk is then repeated, up to three times in all, and what it saw united. A list that is short even so is
    refused: a shipment that is taken for missing would be made a second time.

    Args:
        fetch: gets one page for the parameters.
        name: the list's, for the texts.
        id_of: what tells two rows apart.
        page_size: rows asked for at a time.

    Yields:
        The rows not seen before, page by page.

    Raises:
        MalformedResponse: the store doesn't say how many rows there are, or never gives all of them.
    """
    seen: set[str] = set()
    for _ in range(_WALKS):
        passed, of_this_walk = 0, set[str]()
        for number in itertools.count(1):
            page = await fetch({"page": number, "items_per_page": page_size})
            total = total_of(page, name)
            keyed = {key_of(row, id_of): row for row in page.rows}
            fresh = [row for key, row in keyed.items() if key not in seen]
            note_rows(fresh)
            yield fresh
            seen |= keyed.keys()
            passed += len(page.rows)
            if passed >= total or keyed.keys() <= of_this_walk:
                break
            of_this_walk |= keyed.keys()
        if len(seen) >= total:
            return
    raise MalformedResponse(
        f"The store says that it has {total} {name}, but its pages bring only {len(seen)}, however often they are read."
        " If it goes on, check the store for an add-on that limits its lists or repeats their pages.",
        transient=True,
    )


def total_of(page: Page, name: str) -> int:
    """The rows of the whole list.

    Raises:
        MalformedResponse: the store doesn't say.
    """
    if page.total is None:
        raise MalformedResponse(
            f"The store's list of {name} doesn't say how many there are, so its end can't be told."
            " Check the store's version and its add-ons."
        )
    return page.total


def key_of(row: object, id_of: Callable[[object], str | None]) -> str:
    """The key that identifies a row: its id, or its whole content where it has none.

    Raises:
        MalformedResponse: a row without an id is nested too deep to be compared.
    """
    try:
        return id_of(row) or json.dumps(row, sort_keys=True)
    except RecursionError:
        raise MalformedResponse(
            "A row of the store's list has no number and no end of depth. Check its add-ons."
        ) from None


def _check_obeyed(seconds: list[int], since: int, until: int) -> None:
    if any(not since <= second <= until for second in seconds):
        raise MalformedResponse(
            "The store lists orders from outside the time that was asked for: it ignores `period`, `time_from` or"
            " `time_to`. Check its version and its add-ons."
        )
    if seconds != sorted(seconds):
        raise MalformedResponse(
            "The store doesn't list orders by date, oldest first: it ignores `sort_by` or `sort_order`."
            " Check its version and its add-ons."
        )
