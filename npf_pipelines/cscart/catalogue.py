"""Walking through the list of products, so that nothing is skipped while products come and go.

Here: which page is asked for next, and when the walk ends. Not here: orders and other lists (paging.py), how a page
is fetched (store.py).
A product has no time to go by, and its list knows page numbers only (documented). When a product leaves the part of
the list that was read, all behind it move forward, and one of them would be skipped. So each page begins within what
was read before: as long as its first row is known, nothing has slipped through between the two.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from npf_pipelines.cscart.errors import MalformedResponse
from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.cscart.paging import Page, key_of, total_of
from npf_pipelines.cscart.parsing import product_id_of
from npf_pipelines.domain.progress import note_rows

_WALKS = 3
_MOST_STEPS_BACK = 20

FetchBehind = Callable[[int], Awaitable[tuple[Page, int]]]
"""Gets a page that begins within the first so many rows; with it, how many rows stand before the page."""


def page_behind(passed: int, most: int) -> tuple[int, int]:
    """The page that begins within what was passed, at its last row or before, and shows most of what is behind it.

    Number and size are chosen together, so that the size may be another for each page.

    Args:
        passed: rows from the list's beginning that were read.
        most: rows to ask for at most; more only where no smaller page shows anything new.

    Returns:
        The page's number, from 1, and its size.
    """
    if not passed:
        return 1, most
    size = max(range(most, most // 2, -1), key=lambda size: size - (passed - 1) % size)
    number = (passed - 1) // size + 1
    return (number, size) if number * size > passed else page_behind(passed, 2 * most)


async def read_catalogue(fetch: FetchBehind) -> AsyncIterator[list[object]]:
    """Every product that is in the list throughout, each once, whatever enters and leaves it meanwhile.

    Where a page's first row isn't known, too much has left the list: the walk goes half a page back. So many may enter
    it that a page brings nothing new; a store whose pages never do repeats them. Products that share a code may change
    places between two pages (inferred). Where a page begins among such, it can't be told whether one slipped through:
    if in the end fewer were seen than the store has, the walk is repeated, up to three times in all. So it is where
    the pages end before the number that the store names; if they do so each time, the list is refused.

    Args:
        fetch: gets a page of the list, which has to be sorted by code.

    Yields:
        The rows not seen before, page by page.

    Raises:
        MalformedResponse: the store names no number of products, doesn't keep them in order, or never lists all.
    """
    seen: set[str] = set()
    steps_back = 0
    for _ in range(_WALKS):
        passed, last_code, doubtful, of_this_walk = 0, "", False, set[str]()
        while True:
            page, start = await fetch(passed)
            rows, total = page.rows, total_of(page, "products")
            keys = [key_of(row, product_id_of) for row in rows]
            if start and (not rows or (keys[0] not in seen and _code(rows[0]) != last_code)):
                steps_back += 1
                if steps_back > _MOST_STEPS_BACK:
                    raise _out_of_order()
                passed, last_code = max(0, min(start, total) - len(rows) // 2 - 1), ""
                continue
            doubtful |= start > 0 and (keys[0] not in seen or _same_code(rows[:2]))
            fresh = [row for key, row in dict(zip(keys, rows, strict=True)).items() if key not in seen]
            note_rows(fresh)
            yield fresh
            seen.update(keys)
            end = start + len(rows)
            if end < total and of_this_walk.issuperset(keys):
                steps_back += 1
                if steps_back > _MOST_STEPS_BACK:
                    raise _out_of_order()
            of_this_walk.update(keys)
            if end >= total or end <= passed:
                break
            passed, last_code = end, _code(rows[-1])
        is_short = end < total
        if len(seen) >= total or not (doubtful or is_short):
            return
    if is_short:
        raise MalformedResponse(
            f"The store says that it has {total} products, but its pages bring only {len(seen)}, however often they"
            " are read. If it goes on, check the store for an add-on that limits its lists or repeats pages.",
            transient=True,
        )


def _same_code(rows: Sequence[object]) -> bool:
    return len({_code(row) for row in rows}) < len(rows)


def _code(row: object) -> str:
    """The code, as a database sorts it: without regard to case (inferred)."""
    try:
        return Row(row).text("product_code").casefold()
    except Unreadable:
        return ""


def _out_of_order() -> MalformedResponse:
    return MalformedResponse(
        "The store's products come in another order on each page: it ignores `sort_by` or `items_per_page`, or very"
        " many are being deleted. If it goes on, check its version and its add-ons."
    )
