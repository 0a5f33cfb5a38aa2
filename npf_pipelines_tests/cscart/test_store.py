"""Tests of npf_pipelines.cscart.store: on the sandbox, and on odd servers for the rest."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import stamina
from pydantic import SecretStr

from npf_pipelines.cscart.errors import (
    OutcomeUnknown,
    RateLimited,
    RequestRejected,
    StoreError,
    Unauthorized,
)
from npf_pipelines.cscart.repeats import ATTEMPTS
from npf_pipelines.cscart.store import Store
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import KEY, USER, key
from npf_pipelines_tests.cscart.store_cases import START, everything, make_shipment


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


async def test_a_store_for_one_attempt_is_asked_once(box: SandboxStore, server: SandboxServer) -> None:
    box.loses_answers = True
    # With the pauses' switch as in earnest, for in tests it sets the number of attempts, too.
    stamina.set_testing(False)
    async with Store(server.store_url("acme"), USER, key(), timeout=5, attempts=1) as client:
        with pytest.raises(OutcomeUnknown):
            await client.newest()
        assert client.requests == 1
