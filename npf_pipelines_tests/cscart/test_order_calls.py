"""Tests of npf_pipelines.cscart.order_calls: on the sandbox, and on odd servers for the rest."""

from datetime import datetime

import pytest
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.errors import (
    MalformedResponse,
    ServerError,
    Unauthorized,
)
from npf_pipelines.cscart.repeats import ATTEMPTS
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import USER, html_answer, json_answer, key, order_list
from npf_pipelines_tests.cscart.store_cases import START, at, everything, odd, plain, whole


async def test_orders_come_with_their_lines_in_one_call_a_page(store: Store, box: SandboxStore) -> None:
    ids = [box.place_order([(1, 2), (2, 1)], timestamp=START + number) for number in range(7)]
    orders = await everything(store, page_size=5)
    assert [order.order_id for order in orders] == [str(number) for number in ids]
    first = orders[0]
    assert isinstance(first, Order)
    assert [(line.sku, line.quantity, line.to_ship) for line in first.lines] == [("TOY-1", 2, 2), ("TOY-2", 1, 1)]
    assert first.placed_at == at(START)
    assert first.ship_to.country_code == "AU"
    assert (store.requests, store.writes) == (2, 0)


async def test_the_window_holds_both_its_ends_and_every_status(store: Store, box: SandboxStore) -> None:
    for second, status in ((START - 1, "P"), (START, "P"), (START + 5, "I"), (START + 1000, "F"), (START + 1001, "P")):
        box.place_order([(1, 1)], timestamp=second, status=status)
    assert [order.status for order in await everything(store)] == ["P", "I", "F"]


async def test_a_store_of_a_client_in_trial_sends_no_write(server: SandboxServer, box: SandboxStore) -> None:
    order_id = str(box.place_order([(1, 1)]))
    async with Store(server.store_url("acme"), USER, key(), read_only=True) as store:
        with pytest.raises(RuntimeError, match="in trial"):
            await store.set_status(order_id, "C")
        assert order_id in await store.orders_by_id([order_id])
        assert store.writes == 0
    assert (box.writes, box.orders[int(order_id)].status) == (0, "P")


@pytest.mark.parametrize("page_size", [1, 3, 50])
async def test_many_orders_of_one_second_come_once_each(store: Store, box: SandboxStore, page_size: int) -> None:
    for number in range(20):
        box.place_order([(1, 1)], timestamp=START + number // 10)
    orders = await everything(store, page_size)
    assert sorted(int(order.order_id or 0) for order in orders) == sorted(box.orders)


async def test_orders_that_leave_and_enter_meanwhile_skip_none(store: Store, box: SandboxStore) -> None:
    ids = [box.place_order([(1, 1)], timestamp=START + number) for number in range(20)]
    seen = []
    store._order_pages.rows = 4
    async for page in store.orders_placed(at(START), at(START + 1000)):
        seen += [order.order_id for order in page]
        if len(seen) == 4:
            for number in ids[:4]:
                box.change_status(number, "N")
            box.place_order([(1, 1)], timestamp=START + 100)
    assert seen == [str(number) for number in range(1, 22)]


async def test_where_lists_hold_no_lines_each_order_is_asked_for(store: Store, box: SandboxStore) -> None:
    box.whole_orders_in_lists = False
    for number in range(6):
        box.place_order([(1, 1)], timestamp=START + number)
    orders = await everything(store, page_size=5)
    assert [order.order_id for order in orders] == list("123456")
    assert all(isinstance(order, Order) for order in orders)
    assert store.requests == 2 + 6


async def test_that_lists_hold_no_lines_is_remembered() -> None:
    queries = []

    def answer(request: Request) -> Response:
        if request.url.path.endswith("/orders"):
            queries.append(request.query_params.get("get_orders_data"))
            return json_answer(order_list([plain(1)]))
        return json_answer(whole(1))

    async with odd(answer) as client:
        await everything(client)
        await client.orders_by_id(["1"])
    assert queries == ["1", None]


async def test_an_order_deleted_before_it_is_read_says_so() -> None:
    def answer(request: Request) -> Response:
        if request.url.path.endswith("/orders"):
            return json_answer(order_list([plain(1), plain(2)]))
        return json_answer(whole(2)) if request.url.path.endswith("/2") else json_answer({"message": "Not Found"}, 404)

    async with odd(answer) as client:
        gone, there = await everything(client)
    assert isinstance(gone, UnreadableOrder)
    assert (gone.order_id, gone.status, gone.placed_at) == ("1", "P", at(START))
    assert "deleted" in gone.reason
    assert isinstance(there, Order)


async def test_one_bad_order_costs_no_other() -> None:
    rows = [whole(1), whole(2, products={"1": {"amount": "half"}}), False, {"timestamp": "x"}, whole(3)]
    async with odd(lambda _: json_answer(order_list(rows))) as client:
        orders = await everything(client)
    assert [type(order) for order in orders] == [Order, *[UnreadableOrder] * 3, Order]
    assert [order.order_id for order in orders] == ["1", "2", None, None, "3"]


async def test_an_order_that_breaks_the_stores_list_costs_no_other() -> None:
    def answer(request: Request) -> Response:
        if "get_orders_data" in request.query_params or request.url.path.endswith("/2"):
            return html_answer("Uncaught TypeError", 500)
        if request.url.path.endswith("/orders"):
            return json_answer(order_list([plain(1), plain(2)]))
        return json_answer(whole(1))

    async with odd(answer) as client:
        good, bad = await everything(client)
    assert isinstance(good, Order)
    assert isinstance(bad, UnreadableOrder)
    assert (bad.order_id, bad.placed_at) == ("2", at(START))
    assert "GET orders/2" in bad.reason
    assert "TypeError" not in bad.reason


async def test_a_store_that_never_lists_whole_orders_is_not_asked_for_them_for_ever() -> None:
    sizes: list[int] = []
    rows = [plain(number, START + number) for number in range(1, 31)]

    def answer(request: Request) -> Response:
        query = request.query_params
        if "get_orders_data" in query:
            sizes.append(int(query["items_per_page"]))
            return html_answer("Out of memory", 500)
        if request.url.path.endswith("/orders"):
            found = [row for row in rows if int(row["timestamp"]) >= int(query["time_from"])]
            return json_answer(order_list(found[: int(query["items_per_page"])], len(found)))
        number = int(request.url.path.rpartition("/")[2])
        return json_answer(whole(number, START + number))

    async with odd(answer) as client:
        orders = await everything(client)
    assert [order.order_id for order in orders if isinstance(order, Order)] == [str(number) for number in range(1, 31)]
    # Smaller at each attempt, and not tried again after three pages.
    assert sizes[:ATTEMPTS] == [50, 25, 12, 6]
    assert len(sizes) == 3 * ATTEMPTS


async def test_a_row_without_lines_among_whole_orders_is_asked_for_alone() -> None:
    def answer(request: Request) -> Response:
        if request.url.path.endswith("/orders"):
            return json_answer(order_list([whole(1), plain(2), whole(3)]))
        return json_answer(whole(2))

    async with odd(answer) as client:
        assert [type(order) for order in await everything(client)] == [Order] * 3
        assert client.requests == 2
        await everything(client)
        assert client.requests == 4


async def test_an_order_that_differs_from_its_list_is_on_the_lists_day() -> None:
    def answer(request: Request) -> Response:
        if request.url.path.endswith("/orders"):
            return json_answer(order_list([plain(1), plain(2)]))
        number = request.url.path.rpartition("/")[2]
        return json_answer(whole(1, START + 90_000) if number == "1" else whole(2, timestamp="x"))

    async with odd(answer) as client:
        moved, broken = await everything(client)
    for order in (moved, broken):
        assert isinstance(order, UnreadableOrder)
        assert order.placed_at == at(START)
        assert order.reason.startswith("timestamp: ")


async def test_a_store_that_fails_as_a_whole_fails_the_walk() -> None:
    async with odd(lambda _: html_answer("Fatal", 500)) as client:
        with pytest.raises(ServerError):
            await everything(client)
    async with odd(lambda _: json_answer({"message": "Unauthorized"}, 401)) as client:
        with pytest.raises(Unauthorized):
            await everything(client)


async def test_a_failure_in_one_of_many_calls_comes_out_as_itself() -> None:
    def answer(request: Request) -> Response:
        if request.url.path.endswith("/orders"):
            return json_answer(order_list([plain(number) for number in range(1, 9)]))
        return json_answer({"message": "Unauthorized"}, 401)

    async with odd(answer) as client:
        with pytest.raises(Unauthorized):
            await everything(client)


async def test_times_without_zone_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="zone"):
        store.orders_placed(datetime(2026, 11, 1), at(START))  # noqa: DTZ001


async def test_orders_by_id(store: Store, box: SandboxStore) -> None:
    for number in range(60):
        box.place_order([(1, 1)], timestamp=START + number)
    found = await store.orders_by_id([str(number) for number in range(1, 61)] + ["1", "700", "x", "../1", ""])
    assert list(found) == [str(number) for number in range(1, 61)]
    assert all(isinstance(order, Order) for order in found.values())
    # Two lists, and one call for the id that neither held.
    assert store.requests == 3


async def test_orders_hidden_from_lists_are_found_by_number(store: Store, box: SandboxStore) -> None:
    incomplete = box.place_order([(1, 1)], timestamp=START)
    box.change_status(incomplete, "N")
    found = await store.orders_by_id([str(incomplete)])
    assert found[str(incomplete)].status == "N"
    assert await everything(store) == []


async def test_orders_by_id_where_lists_hold_no_lines(store: Store, box: SandboxStore) -> None:
    box.whole_orders_in_lists = False
    box.place_order([(1, 3)], timestamp=START)
    order = (await store.orders_by_id(["1"]))["1"]
    assert isinstance(order, Order)
    assert order.lines[0].quantity == 3


async def test_orders_by_id_takes_no_others_for_them() -> None:
    def answer(request: Request) -> Response:
        if request.url.path.endswith("/orders"):
            return json_answer(order_list([whole(8), whole(9)]))
        return json_answer(whole(5)) if request.url.path.endswith("/5") else json_answer(whole(9))

    async with odd(answer) as client:
        found = await client.orders_by_id(["5", "6"])
    assert isinstance(found["5"], Order)
    assert isinstance(found["6"], UnreadableOrder)
    assert found["6"].order_id == "6"


async def test_no_ids_cost_no_call(store: Store) -> None:
    assert await store.orders_by_id([]) == {}
    assert await store.products_by_key([]) == {}
    assert store.requests == 0


async def test_the_newest_order_and_how_many_there_are_cost_one_request(box: SandboxStore, store: Store) -> None:
    assert await store.newest() == (0, None)
    for status in "PPO":
        box.place_order([(1, 1)], status=status)
    total, order = await store.newest()
    assert order is not None
    assert (total, order.order_id, order.status) == (3, "3", "O")
    total, order = await store.newest(statuses={"P"})
    assert order is not None
    assert (total, order.order_id) == (2, "2")
    assert store.requests == 3


async def test_a_look_for_changes_counts_what_was_changed_since(box: SandboxStore, store: Store) -> None:
    box.clock = lambda: START
    for _ in range(2):
        box.place_order([(1, 1)])
    box.clock = lambda: START + 100
    assert await store.newest(changed_since=at(START + 50)) == (0, None)
    box.change_status(1, "I", user=False)
    total, order = await store.newest(statuses="PI", changed_since=at(START + 50))
    assert order is not None
    assert (total, order.order_id, order.status) == (1, "1", "I")


async def test_a_look_without_a_number_of_orders_is_no_answer() -> None:
    async with odd(lambda _: json_answer({"orders": [], "params": {}})) as client:
        with pytest.raises(MalformedResponse, match="how many orders"):
            await client.newest()


async def newest(store: Store, most: int, most_by_number: int = 99) -> tuple[list[str | None], int]:
    pages = store.newest_orders(at(START), at(START + 1000), most=most, most_by_number=most_by_number)
    found: list[str | None] = []
    total = 0
    async for page, counted in pages:
        found += [order.order_id for order in page]
        total = counted
    return found, total


async def test_the_newest_orders_are_a_sample_of_no_more_rows_than_asked_for(store: Store, box: SandboxStore) -> None:
    ids = [str(box.place_order([(1, 1)], timestamp=START + number // 2)) for number in range(30)]
    box.place_order([(1, 1)], timestamp=START - 1)
    store._order_pages.rows = 10
    found, total = await newest(store, 25)
    assert total == 30
    assert set(found[:20]) == set(ids[-20:])
    assert len(found) == len(set(found)) <= 25
    assert store.lists_are_whole
    everything, _ = await newest(store, 99)
    assert sorted(map(str, everything)) == sorted(ids)


async def test_the_newest_orders_are_fewer_where_each_is_a_request(store: Store, box: SandboxStore) -> None:
    for number in range(30):
        box.place_order([(1, 1)], timestamp=START + number)
    box.whole_orders_in_lists = False
    store._order_pages.rows = 5
    found, total = await newest(store, 25, 12)
    assert total == 30
    assert 9 <= len(found) <= 12
    assert not store.lists_are_whole
    assert store.requests <= 3 + 12


async def test_no_orders_are_an_empty_sample(store: Store) -> None:
    assert await newest(store, 25) == ([], 0)
    assert store.lists_are_whole is None
