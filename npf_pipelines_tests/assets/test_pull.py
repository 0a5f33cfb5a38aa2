"""Tests of npf_pipelines.assets.pull."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from statistics import mean
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.assets.pull import Day, Orders, _side_by_side, pull_days
from npf_pipelines.cscart.errors import OutcomeUnknown, Unauthorized
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.assets.conftest import DAYS, FIRST, LAST, ZONE, day_at, second_of
from npf_pipelines_tests.assets.list_store import ListStore, order_row
from npf_pipelines_tests.cscart.servers import USER, json_answer, key, odd_store, order_list

ALL_DAYS = [FIRST + timedelta(days=number) for number in range(DAYS)]


async def pulled(store: Store, first: date = FIRST, last: date = LAST, zone: ZoneInfo = ZONE) -> dict[date, Orders]:
    days: dict[date, Orders] = {}
    async for day, orders in pull_days(store, first, last, zone):
        assert day not in days, "a day came twice"
        days[day] = orders
    return days


def ids(days: dict[date, Orders]) -> dict[date, list[str]]:
    return {day: sorted(order.order_id or "" for order in orders) for day, orders in days.items()}


def placed(box: SandboxStore) -> dict[date, list[str]]:
    """The orders that the sandbox's lists show, by day, empty days too."""
    days: dict[date, list[str]] = {day: [] for day in ALL_DAYS}
    for timestamp, order_id in box.listed(second_of(0), second_of(DAYS) - 1):
        days[day_at(timestamp)].append(str(order_id))
    return {day: sorted(found) for day, found in days.items()}


def fill(box: SandboxStore, count: int, seed: int = 1) -> None:
    dice = random.Random(seed)
    for moment in sorted(dice.randrange(second_of(0), second_of(DAYS)) for _ in range(count)):
        box.place_order([(1, 1)], timestamp=moment)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moments=st.lists(st.tuples(st.integers(-1, DAYS), st.sampled_from([0, 1, 40_000, 82_799, 86_399])), max_size=60),
    rows=st.integers(1, 20),
    whole=st.booleans(),
)
def test_each_day_comes_once_and_whole(
    box: SandboxStore, server: SandboxServer, moments: list[tuple[int, int]], rows: int, whole: bool
) -> None:
    for order_id in list(box.orders):
        box.remove_order(order_id)
    box.whole_orders_in_lists = whole
    for day, second in moments:
        box.place_order([(1, 1)], timestamp=second_of(day, second))

    async def pull() -> dict[date, Orders]:
        async with Store(server.store_url("acme"), box.api_user, SecretStr(box.api_key)) as store:
            store._order_pages.rows = rows
            return await pulled(store)

    days = asyncio.run(pull())
    assert ids(days) == placed(box)
    for orders in days.values():
        moments_of_day = [order.placed_at for order in orders if order.placed_at]
        assert moments_of_day == sorted(moments_of_day)


async def test_an_empty_range_costs_one_request(store: Store) -> None:
    assert await pulled(store) == {day: [] for day in ALL_DAYS}
    assert store.requests == 1


async def test_what_fits_on_a_page_costs_one_request(store: Store, box: SandboxStore) -> None:
    fill(box, 50)
    assert ids(await pulled(store)) == placed(box)
    assert store.requests == 1


async def test_no_days_cost_nothing(store: Store) -> None:
    assert await pulled(store, LAST, FIRST) == {}
    assert store.requests == 0


async def test_what_is_left_is_walked_in_slices_at_the_same_time() -> None:
    rows = ListStore([order_row(number, second_of(number % DAYS, number)) for number in range(1, 681)])
    busy = []
    async with rows.open() as store:
        rows.on_request = lambda: busy.append(store._http._gate.locked())
        days = await pulled(store)
    assert sum(map(len, days.values())) == 680
    assert not busy[0]
    assert any(busy), "never were all four places taken"
    assert len({query["time_to"] for query in rows.queries[1:]}) == 4
    # The slices hold less than 200 each.
    assert [int(query["items_per_page"]) for query in rows.queries] == [50, *[200] * 4]


async def test_no_more_slices_than_pages_are_left() -> None:
    rows = ListStore([order_row(number, second_of(number % DAYS, number)) for number in range(1, 201)])
    async with rows.open() as store:
        await pulled(store)
    assert len(rows.queries) == 2


async def test_the_size_that_a_store_bears_is_remembered(store: Store, box: SandboxStore) -> None:
    fill(box, 600)
    await pulled(store)
    before = store.requests
    assert store.page_size >= 200
    await pulled(store)
    assert store.requests - before <= 1 + 2


async def test_a_crowded_day_does_not_keep_the_others(store: Store, box: SandboxStore) -> None:
    """All orders are placed on the third day, so that all slices but the first are empty."""
    for number in range(300):
        box.place_order([(1, 1)], timestamp=second_of(2, number))
    assert ids(await pulled(store)) == placed(box)


async def test_the_others_zone_has_other_days(store: Store, box: SandboxStore) -> None:
    box.place_order([(1, 1)], timestamp=second_of(1))
    days = await pulled(store, zone=ZoneInfo("Europe/London"))
    assert [day for day, orders in days.items() if orders] == [FIRST]


async def test_where_each_order_is_asked_for_all_places_are_kept_busy() -> None:
    """More than four fifths of the requests find all places taken as they arrive."""
    rows = ListStore([order_row(number, second_of(number % DAYS, number)) for number in range(1, 301)], whole=False)
    busy = []
    async with rows.open() as store:
        rows.on_request = lambda: busy.append(store._http._gate.locked())
        days = await pulled(store)
    assert sum(map(len, days.values())) == 300
    assert rows.most <= store.concurrency == 4
    assert mean(busy) > 0.8


async def test_a_consumer_that_stops_leaves_nothing_behind(store: Store, box: SandboxStore) -> None:
    fill(box, 400)
    before = asyncio.all_tasks()
    async with contextlib.aclosing(pull_days(store, FIRST, LAST, ZONE)) as days:
        async for _ in days:
            break
    assert asyncio.all_tasks() == before
    # The store can be asked again: no place in the queue is lost.
    assert ids(await pulled(store)) == placed(box)


async def test_a_slice_that_fails_ends_the_others_and_comes_out_as_itself() -> None:
    requests = 0

    def answer(request: Request) -> Response:
        nonlocal requests
        requests += 1
        if requests == 1:
            return json_answer(order_list([order_row(number, second_of(0, number))[1] for number in range(50)], 400))
        return json_answer({"message": "Unauthorized"}, 401)

    before = asyncio.all_tasks()
    async with odd_store(answer) as url, Store(url, USER, key(), timeout=5) as store:
        during = asyncio.all_tasks()
        with pytest.raises(Unauthorized):
            await pulled(store)
        assert {task for task in asyncio.all_tasks() - during if "hand_over" in repr(task)} == set()
    assert before <= asyncio.all_tasks()


async def test_a_first_page_that_fails_comes_out_as_itself(store: Store, box: SandboxStore) -> None:
    box.loses_answers = True
    with pytest.raises(OutcomeUnknown):
        await pulled(store)
    assert store.page_size == 3


async def test_an_order_without_time_is_on_the_day_of_the_one_before_it() -> None:
    rows = [order_row(1, second_of(0)), order_row(2, second_of(3)), order_row(4, second_of(4))]
    rows.append(order_row(3, second_of(3, 1), timestamp="rubbish"))
    async with ListStore(rows).open() as store:
        days = await pulled(store)
    assert ids(days) == {day: [] for day in ALL_DAYS} | {
        ALL_DAYS[0]: ["1"],
        ALL_DAYS[3]: ["2", "3"],
        ALL_DAYS[4]: ["4"],
    }
    assert [type(order) for order in days[ALL_DAYS[3]]] == [Order, UnreadableOrder]


async def test_an_order_of_absurd_size_costs_no_other() -> None:
    rows = [
        order_row(1, second_of(0)),
        order_row(2, second_of(0, 1), notes="x" * 2_000_000),
        order_row(3, second_of(0, 2)),
    ]
    async with ListStore(rows).open() as store:
        good, bad, other = (await pulled(store))[FIRST]
    assert isinstance(good, Order)
    assert isinstance(other, Order)
    assert isinstance(bad, UnreadableOrder)
    assert bad.reason.startswith("notes: ")
    assert len(bad.reason) < 200


async def test_walks_side_by_side_are_not_read_ahead_without_end() -> None:
    """However slow the consumer is: a day each is under way, and one each is handed over."""
    given = 0

    async def endless() -> AsyncIterator[Day]:
        nonlocal given
        while True:
            given += 1
            yield FIRST, []

    async with contextlib.aclosing(_side_by_side([endless(), endless()])) as days:
        for _ in range(10):
            await anext(days)
            await asyncio.sleep(0)
    assert given <= 10 + 2 * 2
