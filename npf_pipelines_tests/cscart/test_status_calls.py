"""Tests of npf_pipelines.cscart.status_calls: on the sandbox, and on odd servers for the rest."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.errors import (
    Forbidden,
    MalformedResponse,
)
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, status_letter
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.sandbox.model import Status
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import json_answer
from npf_pipelines_tests.cscart.store_cases import START, odd


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
    assert isinstance(after, Order)
    assert after == before.model_copy(update={"status": "C", "updated_at": after.updated_at})
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
