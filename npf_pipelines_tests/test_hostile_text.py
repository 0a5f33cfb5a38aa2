"""Text as a shopper, a store or a carrier may write it, from the store to the platform and back."""

from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.loopback import LoopbackServer
from npf_pipelines.platform.tables import orders, shipments
from npf_pipelines.state.health import read_one
from npf_pipelines_tests.loop import Loop, write_setup

NOTES = "leave it\r\nat the \u202edoor\x1b[31m\0 \N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"
CLEAN = "leave it\nat the door[31m \N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"


def an_order(loop: Loop) -> Any:
    """One order of acme that the platform has."""
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    ((order_id,),) = loop.rows("SELECT order_id FROM filtered_orders WHERE decision = 'accepted' LIMIT 1")
    return loop.stores["acme"].orders[int(order_id)]


def on_platform(loop: Loop, order_id: int) -> Any:
    with loop.services.engine.connect() as connection:
        query = sa.select(orders).where(orders.c.client == "acme", orders.c.order_number == f"CS{order_id}")
        return connection.execute(query).mappings().one()


def test_notes_reach_the_platform_clean_with_their_line_breaks(loop: Loop) -> None:
    order = an_order(loop)
    order.notes = NOTES
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    assert on_platform(loop, order.order_id)["notes"] == CLEAN


def test_what_an_earlier_release_let_through_is_no_edit(loop: Loop) -> None:
    order = an_order(loop)
    order.notes = "leave it\r\nat the door"
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    with loop.services.engine.begin() as connection:
        connection.execute(
            sa.update(orders).where(orders.c.order_number == f"CS{order.order_id}").values(notes=order.notes)
        )
    before = on_platform(loop, order.order_id)
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    assert on_platform(loop, order.order_id) == before
    order.notes = "leave it\nat the gate"
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    assert on_platform(loop, order.order_id)["notes"] == order.notes


@pytest.mark.parametrize("words", ["bad \\ud800 end", "x" * 10_000, "<" * 40_000, "\\u001b]0;mine\\u0007\\u0000"])
def test_an_error_that_can_not_be_written_fails_its_client_alone(loop: Loop, words: str) -> None:
    """Its text once ended the run for all: no client was served, and no reason kept."""

    async def store(scope: Any, _: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 400, "headers": headers})
            await send({"type": "http.response.body", "body": f'{{"message": "{words}"}}'.encode()})

    with LoopbackServer(store) as server:
        write_setup(loop.settings.clients, "acme", server.url)
        (run,) = loop.run("orders")
    assert "acme: " in run.failure
    assert "The store says" in run.failure
    assert run.failure.isprintable() or "\n" in run.failure
    assert "The store says" in read_one(loop.services.engine, "acme", "orders").reason
    assert not read_one(loop.services.engine, "bolt", "orders").failures
    assert loop.rows("SELECT DISTINCT client FROM filtered_orders") == [("bolt",)]


@pytest.mark.parametrize(
    ("url", "comments"),
    [("javascript:alert(1)", ""), ("java\nscript:alert(1)", ""), ("www.sendle.example/1", "www.sendle.example/1")],
)
def test_only_an_address_of_the_web_reaches_the_stores_comments(loop: Loop, url: str, comments: str) -> None:
    loop.run("orders", "acme")
    loop.work()
    store = loop.stores["acme"]
    of_the_merchant = set(store.shipments)
    with loop.services.engine.begin() as connection:
        connection.execute(sa.update(shipments).values(carrier="Sendle", tracking_url=url))
    loop.run("shipments", "acme")
    made = [shipment for number, shipment in store.shipments.items() if number not in of_the_merchant]
    assert {shipment.comments for shipment in made} == {comments}
    loop.run("shipments", "acme")
    assert [one for number, one in store.shipments.items() if number not in of_the_merchant] == made
