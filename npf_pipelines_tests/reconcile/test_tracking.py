"""Tests of npf_pipelines.reconcile.tracking: many orders at once, one of which makes trouble."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
import stamina
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.errors import Unauthorized
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.platform_orders import OrderState, OrderStatus
from npf_pipelines.reconcile.tracking import Pushed, push_tracking
from npf_pipelines.reconcile.tracking_plan import OrderShipments, TrackingPlan
from npf_pipelines.rules.order_status import StatusPlan
from npf_pipelines.sandbox.model import Product, Shipment
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.database import open_state
from npf_pipelines.state.lease import Lease, LeaseLost
from npf_pipelines.state.pauses import Paused, pause_clients
from npf_pipelines.state.tables import leases
from npf_pipelines.state.unknown_ends import read_unknown_ends
from npf_pipelines_tests.builders import NOON, lodged
from npf_pipelines_tests.cscart.servers import KEY, USER, html_answer, json_answer, key, odd_store, order_list
from npf_pipelines_tests.leases import expire_leases

PLAN = TrackingPlan(
    StatusPlan(imported_from=frozenset("P"), shipped="C", partially_shipped=None), carriers={}, notify_customer=False
)


@dataclass
class World:
    """A store of three orders of one kite and one drum each, behind a host that may answer in its place.

    Attributes:
        answers: given a request, an answer in the store's place, or None.
        after: called with every request that the store has answered; another answer in place of the store's, or None.
    """

    box: SandboxStore
    lease: Lease
    answers: Callable[[Request], Response | None] = lambda _: None
    after: Callable[[Request, bytes], Response | None] = lambda *_: None
    orders: list[OrderShipments] = field(default_factory=list)

    async def push(self) -> dict[str, Pushed]:
        """The row of each order's shipment, by order id."""
        with SandboxServer({"acme": self.box}) as server, stamina.set_testing(True, attempts=4, cap=True):
            async with self._host(server.url) as url, Store(f"{url}/acme", USER, key()) as store:
                rows = await push_tracking(store, self.orders, PLAN, self.lease)
        return {row.order_number.removeprefix("CS"): row for row in rows}

    @asynccontextmanager
    async def _host(self, url: str) -> AsyncIterator[str]:
        async with httpx.AsyncClient(base_url=url) as upstream:

            async def answer(request: Request) -> Response:
                body = await request.body()
                odd = self.answers(request)
                if odd:
                    return odd
                headers = {
                    name: value for name, value in request.headers.items() if name not in {"host", "content-length"}
                }
                target = f"{request.url.path}?{request.url.query}"
                theirs = await upstream.request(request.method, target, content=body, headers=headers)
                odd = self.after(request, body)
                return odd or Response(
                    theirs.content, theirs.status_code, media_type=theirs.headers.get("content-type")
                )

            async with odd_store(answer) as address:
                yield address


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Every order's kite and drum are lodged in one parcel."""
    box = SandboxStore("acme", api_user=USER, api_key=KEY, clock=NOON.timestamp)
    for number, sku in enumerate(("KITE", "DRUM"), 1):
        box.add_product(Product(number, sku, sku.title(), 1250, amount=100))
    lease = Lease(open_state(f"sqlite:///{tmp_path / 'state.sqlite'}"), "acme", "shipments")
    lease.take()
    world = World(box, lease)
    for _ in range(3):
        order_id = str(box.place_order([(1, 1), (2, 2)], status="P"))
        parcel = lodged(f"S{order_id}", f"T{order_id}", order_number=f"CS{order_id}", quantities={"KITE": 1, "DRUM": 1})
        state = OrderState(
            f"CS{order_id}", order_id, OrderStatus.SHIPPED, is_test=False, imported_at=NOON, placed_at=NOON
        )
        world.orders.append(OrderShipments(state, [parcel], frozenset({parcel.shipment_id})))
    return world


def ship_the_rest_as_merchant(world: World, order_id: str) -> Callable[[Request, bytes], Response | None]:
    """As soon as our shipment of the order is made: the order then doesn't show ours alone, and is read by itself."""

    def after(request: Request, body: bytes) -> None:
        if is_making(request, body, order_id):
            drum = world.box.orders[int(order_id)].lines[1]
            world.box.save_shipment(int(order_id), {drum.item_id: 1}, shipping_id=1, carrier="Bike")

    return after


def is_making(request: Request, body: bytes, order_id: str) -> bool:
    return request.method == "POST" and str(json.loads(body)["order_id"]) == order_id


def is_look_at(request: Request, order_id: str) -> bool:
    is_list = request.method == "GET" and request.url.path.endswith("/shipments")
    return is_list and request.query_params.get("order_id") == order_id


async def test_an_order_that_shows_more_than_was_made_is_looked_at_and_goes_on(world: World) -> None:
    odd = world.orders[1].state.store_order_id
    world.after = ship_the_rest_as_merchant(world, odd)
    rows = await world.push()
    assert {row.outcome for row in rows.values()} == {"confirmed"}
    assert {order_id: row.status_outcome for order_id, row in rows.items()} == {
        order_id: "set" if order_id == odd else "not_asked" for order_id in rows
    }


async def test_a_look_that_fails_costs_its_order_only(world: World) -> None:
    odd = world.orders[1].state.store_order_id
    for ours in world.orders:  # The others are shipped in full by our parcel.
        if ours.state.store_order_id != odd:
            drum = world.box.orders[int(ours.state.store_order_id)].lines[1]
            world.box.save_shipment(int(ours.state.store_order_id), {drum.item_id: 1}, shipping_id=1, carrier="Bike")
    world.after = ship_the_rest_as_merchant(world, odd)
    world.answers = lambda request: html_answer("Fatal error", 500) if is_look_at(request, odd) else None
    rows = await world.push()
    waiting = rows.pop(odd)
    assert (waiting.outcome, waiting.status_outcome) == ("waiting", "waiting")
    assert "500" in waiting.reason
    assert waiting.store_shipment_id is not None
    assert {(row.outcome, row.status_outcome, row.order_status) for row in rows.values()} == {("confirmed", "set", "C")}


async def test_a_key_that_is_revoked_meanwhile_stops_the_client(world: World) -> None:
    odd = world.orders[1].state.store_order_id
    world.after = ship_the_rest_as_merchant(world, odd)
    world.answers = lambda request: json_answer({"message": "Unauthorized"}, 401) if is_look_at(request, odd) else None
    with pytest.raises(Unauthorized):
        await world.push()


async def test_an_order_that_cannot_be_read_back_waits_for_its_status(world: World) -> None:
    """Made in a call that brought no answer, seen by itself, then gone with its order: nothing is guessed of it."""
    odd = world.orders[1].state.store_order_id
    made: list[str] = []

    def after(request: Request, body: bytes) -> Response | None:
        if is_making(request, body, odd):
            made.append(odd)
            return html_answer("Gateway Time-out", 504)
        return None

    def answers(request: Request) -> Response | None:
        if not made or request.method != "GET":
            return None
        if request.url.path.endswith("/orders"):
            return json_answer(order_list([]))
        is_order = request.url.path.endswith(f"/orders/{odd}")
        return json_answer({"message": "Not Found", "status": 404}, 404) if is_order else None

    world.after, world.answers = after, answers
    rows = await world.push()
    assert (rows[odd].outcome, rows[odd].status_outcome) == ("confirmed", "waiting")
    assert [one.tracking_number for one in world.box.shipments.values()].count(f"T{odd}") == 1


async def test_an_unknown_end_leaves_its_order_alone_and_no_other(world: World) -> None:
    odd = world.orders[1].state.store_order_id
    held_up: dict[int, Shipment] = {}

    def after(request: Request, body: bytes) -> Response | None:
        if not is_making(request, body, odd):
            return None
        # The store has not acted yet: it does so later.
        (made,) = (one for one, shipment in world.box.shipments.items() if shipment.order_id == int(odd))
        held_up[made] = world.box.shipments.pop(made)
        return html_answer("Gateway Time-out", 504)

    world.after = after
    rows = await world.push()
    assert {order_id: row.outcome for order_id, row in rows.items()} == {
        order_id: "waiting" if order_id == odd else "confirmed" for order_id in rows
    }
    world.after = lambda *_: None
    for at, ours in enumerate(world.orders):
        number = ours.state.store_order_id
        more = lodged(f"M{number}", f"T{number}-2", order_number=f"CS{number}", quantities={"DRUM": 1})
        world.orders[at] = replace(ours, lodged=[*ours.lodged, more], pushed_now=frozenset({more.shipment_id}))
    before = world.box.writes
    rows = await world.push()
    assert {order_id: row.outcome for order_id, row in rows.items()} == {
        order_id: "waiting" if order_id == odd else "confirmed" for order_id in rows
    }
    assert f"(create S{odd}), whose end is not known" in rows[odd].reason
    assert not any(shipment.order_id == int(odd) for shipment in world.box.shipments.values())
    assert world.box.writes > before
    world.box.shipments |= held_up
    expire_leases(world.lease.engine)
    world.lease.take()
    world.orders[1] = replace(world.orders[1], pushed_now=frozenset({f"S{odd}", f"M{odd}"}))
    await world.push()
    numbers = [one.tracking_number for one in world.box.shipments.values() if one.order_id == int(odd)]
    assert sorted(numbers) == [f"T{odd}", f"T{odd}-2"]
    assert read_unknown_ends(world.lease.engine, "acme") == {}


def rob(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.delete(leases))


async def test_a_robbed_holder_sends_nothing_that_must_not_be_done_twice(world: World) -> None:
    with world.lease.engine.begin() as connection:
        connection.execute(sa.update(leases).values(holder="another"))
    with pytest.raises(LeaseLost, match="taken over"):
        await world.push()
    assert world.box.shipments == {}


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (rob, LeaseLost),
        (lambda engine: pause_clients(engine, ["acme"], "ana", "doubled"), Paused),
    ],
)
async def test_lease_and_pauses_are_checked_for_each_repeat_of_a_write(
    world: World, meanwhile: Callable[[sa.Engine], None], why: type[Exception]
) -> None:
    """Between two attempts a store may ask for a pause that is longer than the lease."""
    asked: list[str] = []

    def answers(request: Request) -> Response | None:
        if request.method != "POST":
            return None
        asked.append(request.method)
        meanwhile(world.lease.engine)
        return json_answer({"message": "Too many"}, 429)

    world.orders = world.orders[:1]
    world.answers = answers
    with pytest.raises(why):
        await world.push()
    assert len(asked) == 1
