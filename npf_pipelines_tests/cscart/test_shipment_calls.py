"""Tests of npf_pipelines.cscart.shipment_calls: on the sandbox, and on odd servers for the rest."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.errors import (
    MalformedResponse,
    NotFound,
    OutcomeUnknown,
    RequestRejected,
    UnreadableShipment,
)
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import json_answer
from npf_pipelines_tests.cscart.store_cases import START, make_shipment, odd


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
        rows[0]["products"] = {"10": "some"}
        assert [shipment.shipment_id for shipment in await client.shipments_of("2")] == ["2"]
        rows[1]["products"] = {"11": "some"}
        with pytest.raises(UnreadableShipment, match=r"shipment 2 .* products\.11"):
            await client.shipments_of("2")


@pytest.mark.parametrize("answer", [{}, [], {"shipment_id": None}, {"message": "ok"}])
async def test_a_shipment_without_number_is_a_bad_answer(answer: Any) -> None:
    async with odd(lambda _: json_answer(answer, 201)) as client:
        with pytest.raises(MalformedResponse):
            await make_shipment(client, "1", quantities={"11": 1})
        assert client.writes == 1
