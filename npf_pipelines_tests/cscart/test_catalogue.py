"""Tests of npf_pipelines.cscart.catalogue: nothing that is there throughout is skipped."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.catalogue import FetchBehind, page_behind, read_catalogue
from npf_pipelines.cscart.errors import MalformedResponse
from npf_pipelines.cscart.paging import Page


class Listing:
    """A shop's list of products, sorted by code as a database does.

    Attributes:
        codes: by product id.
        asked: number and size of each page asked for.
        meanwhile: called after each page, with its number among all requests.
    """

    def __init__(self, codes: dict[int, str], size: int) -> None:
        self.codes = codes
        self.size = size
        self.asked: list[tuple[int, int]] = []
        self.meanwhile: Callable[[int], None] = lambda _: None

    def in_order(self) -> list[int]:
        return sorted(self.codes, key=lambda number: (self.codes[number].casefold(), number))

    async def fetch(self, passed: int) -> tuple[Page, int]:
        number, size = page_behind(passed, self.size)
        self.asked.append((number, size))
        shown = self.in_order()[(number - 1) * size : number * size]
        page = Page([{"product_id": str(n), "product_code": self.codes[n]} for n in shown], len(self.codes))
        self.meanwhile(len(self.asked))
        return page, (number - 1) * size


def read_ids(fetch: FetchBehind) -> list[int]:
    async def collect() -> list[int]:
        return [int(row["product_id"]) async for page in read_catalogue(fetch) for row in page]  # type: ignore[index]

    return asyncio.run(collect())


def shop(count: int, size: int) -> Listing:
    return Listing({number: f"{number:05}" for number in range(1, count + 1)}, size)


@given(passed=st.integers(1, 300_000), most=st.integers(1, 1000))
def test_a_page_begins_within_what_was_passed_and_ends_behind_it(passed: int, most: int) -> None:
    number, size = page_behind(passed, most)
    assert (number - 1) * size < passed < number * size


@given(passed=st.integers(10_000, 300_000))
def test_a_page_repeats_little_and_is_no_larger_than_asked_for(passed: int) -> None:
    number, size = page_behind(passed, 1000)
    assert size <= 1000
    assert number * size - passed >= 850


def test_the_first_page_is_as_large_as_asked_for() -> None:
    assert page_behind(0, 250) == (1, 250)


@pytest.mark.parametrize("count", [0, 1, 2, 9, 10, 11, 95])
@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_a_list_at_rest_comes_whole_and_in_order(count: int, size: int) -> None:
    assert read_ids(shop(count, size).fetch) == list(range(1, count + 1))


def test_a_list_at_rest_takes_hardly_more_pages_than_without_overlap() -> None:
    store = shop(50_000, 1000)
    assert len(read_ids(store.fetch)) == 50_000
    assert len(store.asked) <= 52


def test_the_size_may_change_from_page_to_page() -> None:
    store = shop(500, 20)

    def bear(request: int) -> None:
        store.size = (80, 35, 7, 100)[request % 4]

    store.meanwhile = bear
    assert read_ids(store.fetch) == list(range(1, 501))


def test_a_product_deleted_behind_the_page_hides_no_other() -> None:
    store = shop(100, 10)

    def delete(request: int) -> None:
        if request == 3:
            for number in range(1, 8):
                del store.codes[number]

    store.meanwhile = delete
    assert sorted(read_ids(store.fetch)) == list(range(1, 101))


def test_one_comes_and_one_goes_and_the_count_stays() -> None:
    """The count alone doesn't show it: a product is added far behind, another is deleted in the part already read."""
    store = shop(100, 10)

    def exchange(request: int) -> None:
        if request < 8:
            del store.codes[store.in_order()[0]]
            store.codes[200 + request] = f"99{request}"

    store.meanwhile = exchange
    assert set(range(8, 101)) <= set(read_ids(store.fetch))


def test_a_list_that_shrinks_under_the_walk_is_read_to_its_end() -> None:
    store = shop(40, 10)

    def close_down(request: int) -> None:
        if request == 2:
            store.codes = {number: code for number, code in store.codes.items() if number > 35}

    store.meanwhile = close_down
    assert set(range(36, 41)) <= set(read_ids(store.fetch))


@given(
    codes=st.lists(st.integers(0, 200), min_size=1, max_size=60, unique=True),
    size=st.integers(2, 12),
    changes=st.lists(st.tuples(st.integers(1, 40), st.booleans(), st.integers(0, 200)), max_size=15),
)
def test_every_product_present_throughout_comes_out_exactly_once(
    codes: list[int], size: int, changes: list[tuple[int, bool, int]]
) -> None:
    """Whatever enters and leaves the list between two requests."""
    store = Listing({code + 1: f"{code:03}" for code in codes}, size)
    throughout = set(store.codes)

    def change(request: int) -> None:
        for when, adds, code in changes:
            if when == request and adds:
                store.codes.setdefault(code + 1, f"{code:03}")
            elif when == request:
                store.codes.pop(code + 1, None)
                throughout.discard(code + 1)

    store.meanwhile = change
    seen = Counter(read_ids(store.fetch))
    assert set(seen.values()) <= {1}
    assert throughout <= set(seen)


def test_products_that_share_a_code_may_change_places() -> None:
    """The three around the first page's end come in another order on the second: the list is read again."""
    store = shop(30, 8)
    store.codes |= dict.fromkeys((7, 8, 9), "00007")
    orders = [[*range(1, 31)], [*range(1, 7), 9, 7, 8, *range(10, 31)]]

    store.in_order = lambda: orders[len(store.asked) == 2]  # type: ignore[method-assign]
    assert read_ids(store.fetch) == [*range(1, 9), *range(10, 31), 9]


def test_a_product_that_was_added_where_was_read_costs_no_second_walk() -> None:
    store = shop(30, 10)

    def add(request: int) -> None:
        if request == 2:
            store.codes[99] = "00000"

    store.meanwhile = add
    assert read_ids(store.fetch) == list(range(1, 31))
    assert [number for number, _ in store.asked].count(1) == 1


def test_a_store_that_keeps_no_order_is_a_bad_answer() -> None:
    store = shop(300, 10)
    store.in_order = lambda: sorted(store.codes, key=lambda n: hash((n, len(store.asked))))  # type: ignore[method-assign]
    with pytest.raises(MalformedResponse, match="another order"):
        read_ids(store.fetch)


def test_a_list_that_never_fulfils_its_total_fails_the_read() -> None:
    async def fetch(passed: int) -> tuple[Page, int]:
        number, size = page_behind(passed, 4)
        rows: list[object] = [{"product_id": "1"}]
        return Page(rows[(number - 1) * size :], 3), (number - 1) * size

    with pytest.raises(MalformedResponse, match="has 3 products, but its pages bring only 1"):
        read_ids(fetch)


def test_a_store_that_repeats_one_page_for_ever_is_a_bad_answer() -> None:
    asked = []

    async def fetch(passed: int) -> tuple[Page, int]:
        asked.append(passed)
        number, size = page_behind(passed, 4)
        rows: list[object] = [{"product_id": str(one), "product_code": f"A{one}"} for one in range(1, 5)]
        return Page(rows, 10**9), (number - 1) * size

    with pytest.raises(MalformedResponse, match="bring only 4"):
        read_ids(fetch)
    assert len(asked) < 30


def test_a_list_without_total_has_no_end_that_could_be_trusted() -> None:
    async def fetch(_: int) -> tuple[Page, int]:
        return Page([], None), 0

    with pytest.raises(MalformedResponse, match="products"):
        read_ids(fetch)


@pytest.mark.parametrize("rows", [[{}, None, "x"], [{"product_id": "x"}, {"product_id": "y"}]])
def test_rows_without_a_readable_id_are_left_to_whoever_reads_them(rows: list[Any]) -> None:
    async def fetch(_: int) -> tuple[Page, int]:
        return Page(rows, len(rows)), 0

    async def collect() -> list[object]:
        return [row async for page in read_catalogue(fetch) for row in page]

    assert asyncio.run(collect()) == rows
