"""Tests of npf_pipelines.cscart.paging."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.errors import MalformedResponse
from npf_pipelines.cscart.fields import Row
from npf_pipelines.cscart.http import Params
from npf_pipelines.cscart.order_parser import order_id_of
from npf_pipelines.cscart.paging import Fetch, FetchSized, OrderPages, Page, read_page, read_pages


def at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def row(order_id: int, second: int) -> dict[str, str]:
    return {"order_id": str(order_id), "timestamp": str(second)}


def collect(pages_read: AsyncIterator[list[object]]) -> list[Any]:
    async def all_of_it() -> list[Any]:
        return [each async for rows in pages_read for each in rows]

    return asyncio.run(all_of_it())


def ids(pages_read: AsyncIterator[list[object]]) -> list[str]:
    return [each["order_id"] for each in collect(pages_read)]


def order_pages(fetch: FetchSized, start: datetime, end: datetime) -> OrderPages[object]:
    """A reading that leaves the rows as they are."""

    async def read(rows: list[object]) -> list[object]:
        return rows

    return OrderPages(fetch, start, end, read)


def listing(rows: list[Any], size: int, log: list[dict[str, Any]] | None = None) -> FetchSized:
    """A store that answers as documented, asked for so many orders at a time."""

    async def fetch(params: Params, at_least: int) -> tuple[Page, int]:
        asked = max(size, at_least)
        if log is not None:
            log.append({**params, "items_per_page": asked})
        low, high = int(params["time_from"]), int(params["time_to"])
        found = sorted(
            (each for each in rows if low <= int(each["timestamp"]) <= high), key=lambda each: int(each["timestamp"])
        )
        return Page(found[:asked], len(found)), asked

    return fetch


def sized(fetch: Fetch, size: int) -> FetchSized:
    """The same, asked for so many rows at a time."""

    async def fetch_sized(params: Params, at_least: int) -> tuple[Page, int]:
        asked = max(size, at_least)
        return await fetch({**params, "items_per_page": asked}), asked

    return fetch_sized


def fixed(*pages: Page) -> Fetch:
    """A store that answers the same whatever is asked: the pages in turn, the last again and again."""
    left = list(pages)

    async def fetch(_: Params) -> Page:
        return left.pop(0) if len(left) > 1 else left[0]

    return fetch


# Orders


def test_asks_for_the_time_of_creation_and_no_later_page() -> None:
    log: list[dict[str, Any]] = []
    rows = [row(number, 100 + number) for number in range(5)]
    assert ids(order_pages(listing(rows, 2, log), at(99), at(200))) == ["0", "1", "2", "3", "4"]
    assert {(each["period"], each["sort_by"], each["sort_order"], each["page"]) for each in log} == {
        ("C", "date", "asc", 1)
    }
    assert [each["time_from"] for each in log] == [99, 101, 102, 103]
    assert {each["time_to"] for each in log} == {200}
    assert set(log[0]) == {"period", "time_from", "time_to", "sort_by", "sort_order", "items_per_page", "page"}


def test_both_ends_are_inclusive_and_parts_of_seconds_stay_inside() -> None:
    rows = [row(1, 100), row(2, 101), row(3, 102)]
    assert ids(order_pages(listing(rows, 10), at(100), at(102))) == ["1", "2", "3"]
    assert ids(order_pages(listing(rows, 10), at(100.5), at(101.9))) == ["2"]
    assert ids(order_pages(listing(rows, 10), at(103), at(99))) == []


def test_a_second_with_more_orders_than_a_page_makes_the_page_grow() -> None:
    log: list[dict[str, Any]] = []
    rows = [row(number, 100) for number in range(9)] + [row(10, 101), row(11, 102), row(12, 103)]
    assert len(ids(order_pages(listing(rows, 2, log), at(100), at(200)))) == 12
    assert [each["items_per_page"] for each in log][:5] == [2, 4, 8, 16]


def test_the_page_shrinks_again_behind_a_crowded_second() -> None:
    log: list[dict[str, Any]] = []
    rows = [row(number, 100) for number in range(5)] + [row(10 + number, 101 + number) for number in range(20)]
    assert len(ids(order_pages(listing(rows, 2, log), at(100), at(200)))) == 25
    assert log[-1]["items_per_page"] == 2


def test_rows_without_id_or_time_come_out_once_each() -> None:
    odd = [{"order_id": "7", "timestamp": "x"}, {"timestamp": "100"}, {"timestamp": "100", "a": 1}, False, "row"]
    pages = fixed(Page([row(1, 100), *odd], 8), Page([*odd, row(2, 101)], 6))
    assert collect(order_pages(sized(pages, 6), at(100), at(200))) == [row(1, 100), *odd, row(2, 101)]


def test_a_page_without_any_readable_time_does_not_stop_the_walk() -> None:
    rows = [{"order_id": str(number)} for number in range(5)]

    async def fetch(params: Params) -> Page:
        return Page(list(rows[: int(params["items_per_page"])]), 5)

    assert len(collect(order_pages(sized(fetch, 2), at(0), at(9)))) == 5


def test_an_order_that_goes_between_counting_and_reading_does_no_harm() -> None:
    pages = fixed(Page([row(1, 100)], 2), Page([row(1, 100)], 1))
    assert ids(order_pages(sized(pages, 5), at(100), at(200))) == ["1"]


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (Page([row(1, 50), row(2, 150)], 9), "ignores `period`"),
        (Page([row(2, 150), row(3, 250)], 9), "ignores `period`"),
        (Page([row(2, 150), row(1, 120)], 9), "ignores `sort_by`"),
        (Page([row(1, 100)], 9), "gives only 1"),
        (Page([], 9), "gives only 0"),
        (Page([row(1, 100)], None), "how many"),
    ],
)
def test_a_store_that_does_not_keep_to_what_is_asked_ends_the_walk(page: Page, fault: str) -> None:
    with pytest.raises(MalformedResponse, match=fault) as caught:
        collect(order_pages(sized(fixed(page), 5), at(100), at(200)))
    assert not caught.value.transient


def test_what_is_left_behind_a_page_is_known() -> None:
    async def lefts() -> list[int]:
        pages_read = order_pages(listing([row(number, 100 + number) for number in range(5)], 2), at(100), at(200))
        return [pages_read.left async for _ in pages_read]

    # The last order of a page comes again on the next, and each page has one that is new.
    assert asyncio.run(lefts()) == [3, 2, 1, 0]


@given(seconds=st.lists(st.integers(100, 110), max_size=20), size=st.integers(1, 5), cut=st.integers(99, 111))
def test_a_walk_that_is_cut_and_another_from_there_meet_without_gap_or_overlap(
    seconds: list[int], size: int, cut: int
) -> None:
    rows = [row(number, second) for number, second in enumerate(seconds)]

    async def run() -> list[object]:
        one = order_pages(listing(rows, size), at(100), at(110))
        start: list[object] = await anext(one, [])
        reached = max((int(each["timestamp"]) for each in start), default=99)  # type: ignore[index]
        border = max(cut, reached)
        one.stop_at(at(border))
        found = list(start)
        for pages_read in (one, order_pages(listing(rows, size), at(border + 1), at(110))):
            async for page in pages_read:
                found += page
        return found

    found = asyncio.run(run())
    assert sorted(int(each["order_id"]) for each in found) == list(range(len(rows)))  # type: ignore[index]


@given(
    seconds=st.lists(st.integers(100, 104), max_size=30),
    hidden=st.sets(st.integers(0, 29)),
    size=st.integers(1, 7),
    data=st.data(),
)
def test_every_order_present_throughout_comes_out_exactly_once(
    seconds: list[int], hidden: set[int], size: int, data: st.DataObject
) -> None:
    """Whatever enters and leaves the list between two requests, and however a second's orders are shuffled."""
    orders = dict(enumerate(seconds))
    shown = {number: number not in hidden for number in orders}
    throughout = {number for number in orders if shown[number]}

    async def fetch(params: Params) -> Page:
        low, high, most = (int(params[name]) for name in ("time_from", "time_to", "items_per_page"))
        shuffled = data.draw(st.permutations([number for number in orders if shown[number]]))
        found = sorted((n for n in shuffled if low <= orders[n] <= high), key=lambda number: orders[number])
        page = Page([row(number, orders[number]) for number in found[:most]], len(found))
        if orders:
            for number in data.draw(st.lists(st.sampled_from(sorted(orders)), max_size=4)):
                shown[number] = not shown[number]
                throughout.discard(number)
        if data.draw(st.booleans()):
            newest = len(orders)
            orders[newest], shown[newest] = 104, True
            if newest > 60:
                shown[newest] = False
        return page

    seen = Counter(int(order_id) for order_id in ids(order_pages(sized(fetch, size), at(100), at(104))))
    assert set(seen.values()) <= {1}
    assert throughout <= set(seen)


# Other lists


def product_id(raw: object) -> str:
    return Row(raw).number_id("product_id")


def numbered(count: int, size: int, past_the_end: Callable[[int], list[Any]], log: list[int]) -> Fetch:
    rows: list[object] = [{"product_id": str(number + 1)} for number in range(count)]

    async def fetch(params: Params) -> Page:
        page = int(params["page"])
        log.append(page)
        assert params["items_per_page"] == size
        return Page(rows[(page - 1) * size : page * size] or past_the_end(size), count)

    return fetch


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9])
def test_pages_end_by_their_total_even_where_the_last_one_comes_again(count: int) -> None:
    log: list[int] = []
    again = numbered(count, 4, lambda size: [{"product_id": "1"}] * min(size, count), log)
    assert len(collect(read_pages(again, "shipments", product_id, 4))) == count
    assert log == list(range(1, max(1, -(-count // 4)) + 1))


def test_a_row_shifted_out_of_sight_is_found_by_another_walk() -> None:
    first, second, third = ({"product_id": str(number)} for number in (1, 2, 3))
    # Product 1 is deleted behind page 1: 3 moves to page 1 unseen, and page 2 is empty.
    pages = fixed(Page([first, second], 3), Page([], 2), Page([second, third], 2))
    assert collect(read_pages(pages, "products", product_id, 2)) == [first, second]
    pages = fixed(Page([first, second], 3), Page([second], 3), Page([third, first], 3), Page([], 3))
    assert collect(read_pages(pages, "products", product_id, 2)) == [first, second, third]


@pytest.mark.parametrize("total", [3, 10**9])
def test_a_list_that_never_fulfils_its_total_fails_the_read(total: int) -> None:
    """Taken as complete, what it lacks would be made a second time; read on, it would never end."""
    log: list[int] = []

    async def fetch(params: Params) -> Page:
        log.append(int(params["page"]))
        return Page([{"product_id": "1"}], total)

    with pytest.raises(MalformedResponse, match=f"has {total} shipments, but its pages bring only 1") as caught:
        collect(read_pages(fetch, "shipments", product_id, 2))
    assert caught.value.transient
    assert log == [1, 2] * 3


def test_a_last_page_that_comes_again_is_no_more_of_the_list() -> None:
    rows = [{"product_id": str(number)} for number in range(1, 7)]

    async def fetch(params: Params) -> Page:
        page = int(params["page"])
        return Page(list(rows[4 * (page - 1) : 4 * page] or rows[4:]), 12)

    with pytest.raises(MalformedResponse, match="only 6"):
        collect(read_pages(fetch, "shipments", product_id, 4))


def test_orders_that_are_listed_wherever_it_begins_end_the_walk() -> None:
    asked = []

    async def fetch(params: Params) -> Page:
        asked.append(int(params["time_from"]))
        return Page([row(1, min(int(params["time_from"]) + 1, 100_000))], 10**9)

    with pytest.raises(MalformedResponse, match="gives only 1"):
        collect(order_pages(sized(fetch, 5), at(100), at(100_000)))
    assert len(asked) < 10


def test_a_list_without_total_has_no_end_that_could_be_trusted() -> None:
    with pytest.raises(MalformedResponse, match="products"):
        collect(read_pages(fixed(Page([], None)), "products", product_id, 2))


# Pages


def test_a_page_is_read_as_php_prints_it() -> None:
    assert read_page({"orders": [row(1, 1)], "params": {"total_items": "64"}}, "orders") == Page([row(1, 1)], 64)
    assert read_page({"orders": {"5": row(1, 1)}, "params": {"total_items": 1}}, "orders") == Page([row(1, 1)], 1)
    assert read_page({"orders": [], "params": {"total_items": "0"}}, "orders") == Page([], 0)
    assert read_page({"orders": [], "params": []}, "orders") == Page([], None)
    assert read_page([], "orders") == Page([], 0)


@pytest.mark.parametrize(
    "answer", [{}, {"products": []}, None, "x", {"orders": "x"}, {"orders": [], "params": {"total_items": "many"}}]
)
def test_what_is_no_page_is_a_bad_answer(answer: object) -> None:
    with pytest.raises(MalformedResponse, match="list of orders"):
        read_page(answer, "orders")


def test_order_ids_tell_rows_apart() -> None:
    assert order_id_of({"order_id": "5"}) == "5"
    assert order_id_of({"order_id": "x"}) is order_id_of(None) is None
