"""Tests of npf_pipelines.cscart.store: modelled, on the sandbox; what the sandbox doesn't do, on odd servers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import stamina
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.errors import (
    Forbidden,
    MalformedResponse,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RequestRejected,
    ServerError,
    StoreError,
    Unauthorized,
)
from npf_pipelines.cscart.http import ATTEMPTS
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, status_letter
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.sandbox.model import Combination, Product, Status
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import KEY, USER, Answer, html_answer, json_answer, key, odd_store, order_list

START = 1_790_000_000


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@pytest.fixture(scope="module")
def stores() -> dict[str, SandboxStore]:
    return {}


@pytest.fixture(scope="module")
def server(stores: dict[str, SandboxStore]) -> Iterator[SandboxServer]:
    with SandboxServer(stores) as running:
        yield running


@pytest.fixture
def box(stores: dict[str, SandboxStore]) -> SandboxStore:
    """An empty shop with two products."""
    store = SandboxStore("acme", api_user=USER, api_key=KEY)
    store.add_product(Product(1, "TOY-1", "A toy", 1250, 100))
    store.add_product(Product(2, "TOY-2", "Another toy", 500, 100))
    stores["acme"] = store
    return store


@pytest.fixture
async def store(box: SandboxStore, server: SandboxServer) -> AsyncIterator[Store]:
    async with Store(server.store_url("acme"), USER, key(), timeout=5) as client:
        yield client


@asynccontextmanager
async def odd(answer: Answer) -> AsyncIterator[Store]:
    async with odd_store(answer) as url, Store(url, USER, key(), timeout=5) as client:
        yield client


async def everything(client: Store, page_size: int = 50) -> list[Order | UnreadableOrder]:
    client._order_pages.rows = page_size
    return [order async for page in client.orders_placed(at(START), at(START + 1000)) for order in page]


def whole(order_id: int, second: int = START, **changes: Any) -> dict[str, Any]:
    return {
        "order_id": str(order_id),
        "timestamp": str(second),
        "status": "P",
        "total": "1.00",
        "products": {"11": {"item_id": "11", "product_id": "1", "product_code": "A", "amount": "1"}},
    } | changes


def plain(order_id: int, second: int = START) -> dict[str, Any]:
    row = whole(order_id, second)
    del row["products"]
    return row


# Statuses


async def test_statuses_are_those_of_orders(store: Store, box: SandboxStore) -> None:
    box.statuses["Y"] = Status("Y", "Packed", "D")
    statuses = await store.statuses()
    assert {status.letter for status in statuses} == set("PCOFDBIY")
    assert {status.letter for status in statuses if status.takes_stock} == set("PCOY")
    assert status_letter("packed", statuses) == "Y"
    assert (store.requests, store.writes) == (1, 0)


async def test_more_statuses_than_a_page_of_the_store_are_read(store: Store, box: SandboxStore) -> None:
    for letter in "QRSUVWXYZ":
        box.statuses[letter] = Status(letter, f"Own {letter}", "I")
    assert len(await store.statuses()) == 16 > box.items_per_page


async def test_without_the_right_the_missing_right_is_named(store: Store, box: SandboxStore) -> None:
    box.missing_rights = {"manage_order_statuses"}
    with pytest.raises(Forbidden, match="manage_order_statuses"):
        await store.statuses()


async def test_the_shipped_statuses_are_the_sandboxs(store: Store) -> None:
    takes = {status.letter: status.takes_stock for status in await store.statuses()}
    assert takes == {status.letter: status.takes_stock for status in SHIPPED_STATUSES}


async def test_a_status_that_cannot_be_read_costs_no_other(store: Store, box: SandboxStore) -> None:
    box.odd_fields["statuses", "F"] = {"status": [], "status_id": "17"}
    assert {status.letter for status in await store.statuses()} == set("PCODBI")
    assert [str(row) for row in store.unreadable] == [
        "in the store's list of statuses, the row 17 can't be read: status: is missing"
    ]
    await store.statuses()
    assert len(store.unreadable) == 1


async def test_a_list_of_which_nothing_can_be_read_is_a_bad_answer() -> None:
    async with odd(lambda _: json_answer({"statuses": [1, 2]})) as client:
        with pytest.raises(MalformedResponse, match="version"):
            await client.statuses()


async def test_a_status_is_set_without_touching_the_rest(store: Store, box: SandboxStore) -> None:
    order_id = box.place_order([(1, 2)], timestamp=START)
    before = (await store.orders_by_id([str(order_id)]))[str(order_id)]
    assert isinstance(before, Order)
    await store.set_status(str(order_id), "C")
    after = (await store.orders_by_id([str(order_id)]))[str(order_id)]
    assert after == before.model_copy(update={"status": "C"})
    assert box.mails == []


async def test_a_status_update_holds_four_keys_and_booleans() -> None:
    bodies = []

    async def answer(request: Request) -> Response:
        bodies.append(await request.json())
        return json_answer({"order_id": "1"})

    async with odd(answer) as client:
        await client.set_status("1", "C")
    assert bodies == [{"status": "C", "notify_user": False, "notify_department": False, "notify_vendor": False}]


async def test_a_status_that_did_not_come_about_is_no_error(store: Store, box: SandboxStore) -> None:
    """The store says 200 to everything: the caller reads back."""
    order_id = box.place_order([(1, 1)], timestamp=START)
    box.vetoes = {("P", "C")}
    await store.set_status(str(order_id), "C")
    await store.set_status("999", "C")
    assert box.orders[order_id].status == "P"


@pytest.mark.parametrize("letter", ["", "Canceled", "CC", " "])
async def test_only_one_letter_is_ever_sent(store: Store, letter: str) -> None:
    with pytest.raises(ValueError, match="one letter"):
        await store.set_status("1", letter)
    assert store.requests == 0


# Orders


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


# Shipments


async def make_shipment(store: Store, order_id: str, **changes: Any) -> str:
    """A shipment by the post, with only what matters to a test named there."""
    usual: dict[str, Any] = {
        "shipping_id": "1",
        "carrier": "aup",
        "tracking_number": "T",
        "comments": "",
        "notify_customer": False,
    }
    return await store.create_shipment(order_id, **usual | changes)


async def test_a_shipment_is_made_found_and_deleted(store: Store, box: SandboxStore) -> None:
    order_id = str(box.place_order([(1, 3)], timestamp=START))
    item = box.orders[int(order_id)].lines[0].item_id
    shipment_id = await make_shipment(store, order_id, tracking_number="33X", quantities={item: 2}, comments="by NPF")
    [shipment] = await store.shipments_of(order_id)
    assert (shipment.shipment_id, shipment.order_id, shipment.shipping_id) == (shipment_id, order_id, "1")
    assert (shipment.carrier, shipment.tracking_number, shipment.comments) == ("aup", "33X", "by NPF")
    assert shipment.quantities == {item: 2}
    assert "33X" in shipment.tracking_url
    order = (await store.orders_by_id([order_id]))[order_id]
    assert isinstance(order, Order)
    assert (order.lines[0].shipped, order.lines[0].to_ship) == (2, 1)
    assert order.shipment_ids == (shipment_id,)
    await store.delete_shipment(shipment_id)
    assert await store.shipments_of(order_id) == []
    with pytest.raises(NotFound):
        await store.delete_shipment(shipment_id)
    assert store.writes == 3


async def test_an_unknown_carrier_has_no_link(store: Store, box: SandboxStore) -> None:
    order_id = str(box.place_order([(1, 1)], timestamp=START))
    item = box.orders[int(order_id)].lines[0].item_id
    link = "https://t.example/7"
    await make_shipment(store, order_id, carrier="StarTrack", tracking_number="7", quantities={item: 1}, comments=link)
    [shipment] = await store.shipments_of(order_id)
    assert (shipment.carrier, shipment.tracking_url, shipment.comments) == ("StarTrack", "", link)


async def test_a_shipment_is_sent_whole_and_with_nothing_more() -> None:
    bodies = []

    async def answer(request: Request) -> Response:
        bodies.append(await request.json())
        return json_answer({"shipment_id": 5}, 201)

    async with odd(answer) as client:
        made = await make_shipment(client, "1", shipping_id="2", quantities={"11": 1}, comments="c")
        await make_shipment(client, "1", shipping_id=None, carrier="", quantities={"11": 1})
    assert made == "5"
    sent = {"order_id": "1", "carrier": "aup", "tracking_number": "T", "products": {"11": 1}, "comments": "c"}
    assert bodies[0] == sent | {"shipping_id": "2", "notify_user": False}
    assert "shipping_id" not in bodies[1]


@pytest.mark.parametrize(
    ("quantities", "carrier"),
    [
        ({}, "aup"),
        ({"11": 0}, "aup"),
        ({"11": -1}, "aup"),
        ({"11": 1.5}, "aup"),
        ({"11": True}, "aup"),
        ({"11": 1}, ""),
    ],
)
async def test_what_the_store_would_take_wrongly_is_not_sent(store: Store, quantities: Any, carrier: str) -> None:
    with pytest.raises(ValueError, match="shipment"):
        await make_shipment(store, "1", carrier=carrier, tracking_number="", quantities=quantities)
    assert store.requests == 0


async def test_nothing_left_to_ship_is_refused(store: Store, box: SandboxStore) -> None:
    order_id = str(box.place_order([(1, 1)], timestamp=START))
    item = box.orders[int(order_id)].lines[0].item_id
    box.save_shipment(int(order_id), {item: 1}, shipping_id=1)
    with pytest.raises(RequestRejected):
        await make_shipment(store, order_id, quantities={item: 1})


async def test_a_lost_answer_makes_no_second_shipment(store: Store, box: SandboxStore) -> None:
    order_id = str(box.place_order([(1, 5)], timestamp=START))
    item = box.orders[int(order_id)].lines[0].item_id
    box.loses_answers = True
    with pytest.raises(OutcomeUnknown):
        await make_shipment(store, order_id, quantities={item: 1})
    box.loses_answers = False
    assert len(await store.shipments_of(order_id)) == 1


async def test_only_the_orders_own_shipments_are_its(store: Store, box: SandboxStore) -> None:
    for _ in range(2):
        order_id = box.place_order([(1, 3)], timestamp=START)
        for number in range(3):
            box.save_shipment(order_id, {box.orders[order_id].lines[0].item_id: 1}, shipping_id=1, carrier=str(number))
    assert {shipment.shipment_id for shipment in await store.shipments_of("2")} == {"4", "5", "6"}


async def test_the_newest_shipments_of_all_orders_come_in_one_request(store: Store, box: SandboxStore) -> None:
    for _ in range(3):
        order_id = box.place_order([(1, 3)], timestamp=START)
        box.save_shipment(order_id, {box.orders[order_id].lines[0].item_id: 1}, shipping_id=1, carrier="aup")
    assert [shipment.shipment_id for shipment in await store.newest_shipments(2)] == ["3", "2"]
    assert store.requests == 1


async def test_of_the_newest_shipments_one_that_cannot_be_read_costs_no_other() -> None:
    def row(shipment_id: object) -> dict[str, Any]:
        return {"shipment_id": shipment_id, "order_id": "1", "shipment_timestamp": str(START)}

    async with odd(lambda _: json_answer({"shipments": [row("7"), row(None), row("5")]})) as client:
        assert [shipment.shipment_id for shipment in await client.newest_shipments(3)] == ["7", "5"]


async def test_another_orders_shipments_are_left_out_where_the_filter_is_ignored() -> None:
    def row(shipment_id: int, order_id: int, **changes: Any) -> dict[str, Any]:
        return {"shipment_id": str(shipment_id), "order_id": str(order_id), "shipment_timestamp": str(START)} | changes

    rows = [row(1, 1), row(2, 2)]
    body = {"shipments": rows, "params": {"total_items": "2"}}
    async with odd(lambda _: json_answer(body)) as client:
        assert [shipment.shipment_id for shipment in await client.shipments_of("2")] == ["2"]
        rows[1]["products"] = {"11": "some"}
        with pytest.raises(MalformedResponse, match=r"products\.11"):
            await client.shipments_of("2")


@pytest.mark.parametrize("answer", [{}, [], {"shipment_id": None}, {"message": "ok"}])
async def test_a_shipment_without_number_is_a_bad_answer(answer: Any) -> None:
    async with odd(lambda _: json_answer(answer, 201)) as client:
        with pytest.raises(MalformedResponse):
            await make_shipment(client, "1", quantities={"11": 1})
        assert client.writes == 1


# Products


async def test_products_come_once_each(store: Store, box: SandboxStore) -> None:
    for number in range(3, 601):
        box.add_product(Product(number, f"SKU{number}", "Thing", 100, number, tracking=None))
    products = [product async for product in store.products()]
    assert sorted(int(product.product_id) for product in products) == list(range(1, 601))
    by_id = {product.product_id: product for product in products}
    assert (by_id["600"].sku, by_id["600"].amount, by_id["600"].tracking) == ("SKU600", 600, None)
    assert by_id["1"].tracking == "B"


async def test_many_products_are_read_in_few_pages(store: Store, box: SandboxStore) -> None:
    for number in range(3, 10_001):
        box.add_product(Product(number, f"SKU{number}", "Thing", 100, number))
    assert len({product.key async for product in store.products()}) == 10_000
    # One of 250, which shows that the store bears more, and ten of at most 1000 that overlap in a row or a few.
    assert store.requests == 12


async def test_products_that_come_and_go_meanwhile_hide_no_other(store: Store, box: SandboxStore) -> None:
    for number in range(3, 3001):
        box.add_product(Product(number, f"SKU{number:04}", "Thing", 100, number))
    seen = []
    async for product in store.products():
        seen.append(product.key)
        # Pages are asked for as they are needed: so this happens between two of them, too.
        if len(seen) in {100, 900, 1900}:
            for number in range(len(seen) // 20, len(seen) // 20 + 10):
                del box.products[number]
                box.add_product(Product(9000 + number, f"ZZZ{number:04}", "Thing", 100, number))
    assert len(set(seen)) == len(seen)
    assert {str(number) for number in box.products if number < 9000} <= set(seen)


async def test_a_store_that_cannot_list_many_products_is_asked_for_fewer() -> None:
    rows = [{"product_id": str(n), "product_code": f"{n:05}", "amount": "1"} for n in range(1, 701)]

    def answer(request: Request) -> Response:
        page, size = (int(request.query_params[name]) for name in ("page", "items_per_page"))
        if size > 130:
            return html_answer("Fatal", 500)
        return json_answer({"products": rows[(page - 1) * size : page * size], "params": {"total_items": "700"}})

    async with odd(answer) as client:
        assert [int(product.product_id) async for product in client.products()] == list(range(1, 701))


def combined(box: SandboxStore) -> None:
    """Product 5 is counted by its two combinations, product 6 would be but has none."""
    combinations = {
        71: Combination(71, "SHIRT-S", {3: 12, 4: 17}, amount=7),
        72: Combination(72, "", {3: 12, 4: 18}, amount=8),
    }
    box.add_product(Product(5, "SHIRT", "A shirt", 900, 99, tracking="O", combinations=combinations))
    box.add_product(Product(6, "SOCK", "A sock", 100, 3, tracking="O"))


async def test_combinations_stand_in_place_of_their_product(store: Store, box: SandboxStore) -> None:
    combined(box)
    products = [product async for product in store.products()]
    assert [(one.key, one.sku, one.amount, one.tracking) for one in products] == [
        ("5/71", "SHIRT-S", 7, "O"),
        ("5/72", "", 8, "O"),
        ("6", "SOCK", 3, "O"),
        ("1", "TOY-1", 100, "B"),
        ("2", "TOY-2", 100, "B"),
    ]
    assert store.requests == 3


async def test_all_combinations_of_a_product_come_in_one_call(store: Store, box: SandboxStore) -> None:
    combinations = {number: Combination(number, f"C{number}", {3: number}, number) for number in range(1, 301)}
    box.add_product(Product(5, "SHIRT", "A shirt", 900, 99, tracking="O", combinations=combinations))
    assert len([product async for product in store.products()]) == 302
    assert store.requests == 2


async def test_a_product_that_is_gone_before_its_combinations_are_read_is_no_failure() -> None:
    row = {"product_id": "5", "product_code": "SHIRT", "amount": "3", "tracking": "O"}

    def answer(request: Request) -> Response:
        if request.url.path.endswith("combinations"):
            return json_answer({"message": "Not Found"}, 404)
        return json_answer({"products": [row], "params": {"total_items": "1"}})

    async with odd(answer) as client:
        assert [product.key async for product in client.products()] == ["5"]


async def test_combinations_of_another_product_are_not_taken_for_ours() -> None:
    rows = [{"product_id": str(number), "combination_hash": "71", "amount": "3"} for number in (4, 5)]
    async with odd(lambda _: json_answer(rows)) as client:
        assert list(await client.products_by_key(["5/71"])) == ["5/71"]
        assert await client.products_by_key(["6/71"]) == {}


@pytest.mark.parametrize("bad", [1, {"product_id": "5"}, {"product_id": "5", "combination_hash": "72", "amount": None}])
async def test_a_combination_that_cannot_be_read_costs_no_other(bad: object) -> None:
    good = {"product_id": "5", "combination_hash": "71", "amount": "3"}
    async with odd(lambda _: json_answer([bad, good])) as client:
        assert (await client.products_by_key(["5/71"]))["5/71"].amount == 3


@pytest.mark.parametrize("answer", [{"message": "no"}])
async def test_what_is_no_list_of_combinations_is_a_bad_answer(answer: object) -> None:
    async with odd(lambda _: json_answer(answer)) as client:
        with pytest.raises(MalformedResponse, match="version"):
            await client.products_by_key(["5/71"])


async def test_products_by_key(store: Store, box: SandboxStore) -> None:
    combined(box)
    for number in range(10, 311):
        box.add_product(Product(number, f"SKU{number}", "Thing", 100, number))
    keys = [str(number) for number in range(310, 9, -1)]
    found = await store.products_by_key([*keys, "5/72", "5/71", "5/73", "999", "999/1", "x", "x/1", "5/", "6"])
    assert list(found) == [*keys, "5/72", "5/71", "6"]
    assert (found["310"].amount, found["5/72"].amount, found["6"].amount) == (310, 8, 3)
    # Two lists of products, the combinations of two.
    assert store.requests == 4


async def test_products_by_key_takes_no_others_for_them() -> None:
    rows = [
        {"product_id": "1", "product_code": "A", "amount": "5"},
        {"product_id": "2", "product_code": "A", "amount": "6"},
    ]
    body = {"products": rows, "params": {"total_items": "2"}}
    async with odd(lambda _: json_answer(body)) as client:
        assert list(await client.products_by_key(["2", "3"])) == ["2"]


async def test_an_amount_is_set(store: Store, box: SandboxStore) -> None:
    await store.set_amount("1", 42)
    await store.set_amount("2", -3)
    assert (box.products[1].amount, box.products[2].amount) == (42, -3)
    assert (box.products[1].name, box.products[1].cents) == ("A toy", 1250)
    with pytest.raises(NotFound):
        await store.set_amount("99", 1)


async def test_an_amount_is_sent_as_a_number_and_alone() -> None:
    bodies = []

    async def answer(request: Request) -> Response:
        bodies.append(await request.body())
        return json_answer({"product_id": "1"})

    async with odd(answer) as client:
        await client.set_amount("1", 7)
    assert [json.loads(body) for body in bodies] == [{"amount": 7}]


async def test_the_amount_of_a_combination_is_set(store: Store, box: SandboxStore) -> None:
    combined(box)
    await store.set_amount("5/72", 42)
    product = box.products[5]
    assert (product.combinations[72].amount, product.combinations[71].amount, product.amount) == (42, 7, 99)
    with pytest.raises(NotFound):
        await store.set_amount("5/73", 1)


async def test_the_own_amount_of_a_product_with_combinations_changes_nothing_on_sale(
    store: Store, box: SandboxStore
) -> None:
    combined(box)
    await store.set_amount("5", 1000)
    assert [one.amount async for one in store.products()][:2] == [7, 8]


@pytest.mark.parametrize("amount", [8_388_608, -8_388_608, 12.7, "12", None, True])
async def test_an_amount_that_the_store_would_change_is_not_sent(store: Store, amount: Any) -> None:
    with pytest.raises(ValueError, match="amount"):
        await store.set_amount("1", amount)
    assert store.requests == 0


async def test_stock_split_over_warehouses_stays_as_it_is(store: Store, box: SandboxStore) -> None:
    """The store says 200 and changes nothing: only reading back shows it."""
    box.add_product(Product(3, "SPLIT", "Thing", 100, 9, warehouses={1: 4, 2: 5}))
    await store.set_amount("3", 42)
    assert (await store.products_by_key(["3"]))["3"].amount == 9


async def test_stock_split_over_warehouses_is_set_by_location(store: Store, box: SandboxStore) -> None:
    box.add_product(Product(3, "SPLIT", "Thing", 100, 9, warehouses={1: 4, 2: 5}))
    await store.set_amount("3", 42, location="1")
    assert box.products[3].warehouses == {1: 42, 2: 5}
    assert (await store.products_by_key(["3"]))["3"].amount == 47


@pytest.mark.parametrize("location", [None, "1"])
async def test_an_amount_is_not_sent_again_as_it_was(location: str | None) -> None:
    async with odd(lambda _: Response(status_code=429)) as client:
        with pytest.raises(RateLimited):
            await client.set_amount("1", 7, location=location)
        assert client.requests == 1


async def test_a_combination_has_no_share_of_a_location(store: Store) -> None:
    with pytest.raises(ValueError, match="isn't split"):
        await store.set_amount("5/71", 42, location="1")
    with pytest.raises(ValueError, match="numbers"):
        await store.set_amount("5", 42, location="main")
    assert store.requests == 0


# The door


@pytest.mark.parametrize("call", ["delete_shipment", "set_amount", "set_status", "create_shipment", "shipments_of"])
@pytest.mark.parametrize("store_id", ["", "x", "1/../2", "1/", "/1", "1/1/1", "1?a=1", "-1", "१"])
async def test_no_path_is_made_of_what_is_no_number(store: Store, call: str, store_id: str) -> None:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "delete_shipment": lambda: store.delete_shipment(store_id),
        "set_amount": lambda: store.set_amount(store_id, 1),
        "set_status": lambda: store.set_status(store_id, "C"),
        "create_shipment": lambda: make_shipment(store, store_id, quantities={"1": 1}),
        "shipments_of": lambda: store.shipments_of(store_id),
    }
    with pytest.raises(ValueError, match="numbers"):
        await calls[call]()
    assert store.requests == 0


async def test_a_wrong_key_and_a_stripped_header_look_the_same(
    store: Store, box: SandboxStore, server: SandboxServer
) -> None:
    async with Store(server.store_url("acme"), USER, SecretStr("wrong")) as stranger:
        with pytest.raises(Unauthorized, match="Authorization header"):
            await stranger.statuses()
        assert stranger.requests == 1
    box.strips_authorization = True
    with pytest.raises(Unauthorized):
        await store.statuses()


async def test_maintenance_is_busy_for_as_long_as_it_says(store: Store, box: SandboxStore) -> None:
    box.switched_off = True
    with pytest.raises(RateLimited) as caught:
        await store.statuses()
    assert caught.value.retry_after == 300
    assert store.requests == 1


async def test_a_host_without_put_and_delete_changes_nothing_for_the_caller(store: Store, box: SandboxStore) -> None:
    box.refuses_put_and_delete = True
    order_id = box.place_order([(1, 1)], timestamp=START)
    shipment_id = box.save_shipment(order_id, {}, shipping_id=1)
    await store.set_status(str(order_id), "C")
    await store.set_amount("1", 5)
    await store.delete_shipment(str(shipment_id))
    assert box.orders[order_id].status == "C"
    assert box.products[1].amount == 5
    assert box.shipments == {}
    assert store.writes == 4


@pytest.mark.parametrize(("before", "behind"), [(True, False), (False, True), (True, True)])
async def test_warnings_around_the_json_change_nothing(
    store: Store, box: SandboxStore, before: bool, behind: bool
) -> None:
    box.prints_warnings, box.prints_warnings_behind = before, behind
    box.place_order([(1, 1)], timestamp=START)
    assert [order.order_id for order in await everything(store)] == ["1"]


async def test_a_store_that_loses_its_answers_is_given_up(store: Store, box: SandboxStore) -> None:
    box.loses_answers = True
    with pytest.raises(OutcomeUnknown):
        await store.statuses()
    assert store.requests == ATTEMPTS


async def test_an_address_without_store_is_no_empty_store(server: SandboxServer) -> None:
    async with Store(server.store_url("nobody"), USER, key()) as client:
        with pytest.raises(RequestRejected, match="no CS-Cart API"):
            await client.orders_by_id(["1"])


async def test_neither_client_nor_failure_shows_the_key(store: Store, box: SandboxStore) -> None:
    box.api_key = "another"
    with pytest.raises(StoreError) as caught:
        await store.statuses()
    for text in (repr(store), str(store), str(caught.value), repr(caught.value)):
        assert KEY not in text
        assert USER not in text


async def test_calls_side_by_side_are_counted(store: Store) -> None:
    await asyncio.gather(*(store.statuses() for _ in range(10)))
    assert store.requests == 10


# A look


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


async def test_a_store_for_one_attempt_is_asked_once(box: SandboxStore, server: SandboxServer) -> None:
    box.loses_answers = True
    # With the pauses' switch as in earnest, for in tests it sets the number of attempts, too.
    stamina.set_testing(False)
    async with Store(server.store_url("acme"), USER, key(), timeout=5, attempts=1) as client:
        with pytest.raises(OutcomeUnknown):
            await client.newest()
        assert client.requests == 1
