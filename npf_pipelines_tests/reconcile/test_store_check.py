"""Tests of npf_pipelines.reconcile.store_check: a question without an answer costs no other, and none lasts long."""

import asyncio
from collections.abc import Collection
from datetime import timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_answers import Connection, OrdersRead, Unanswered, WarehouseRead, Why
from npf_pipelines.reconcile import store_check
from npf_pipelines.reconcile.store_check import ask_store
from npf_pipelines_tests.builders import NOON
from npf_pipelines_tests.cscart.servers import USER, html_answer, json_answer, key, odd_store, order_list
from npf_pipelines_tests.cscart.store_cases import whole
from npf_pipelines_tests.rules.test_store_check import setup


async def answer(request: Request) -> Response:
    """A store in which each list has a fault of its own; its orders are well."""
    match request.url.path.removeprefix("/api/2.0/").partition("/")[0]:
        case "orders":
            return json_answer(order_list([whole(7)]))
        case "users":
            await asyncio.sleep(30)
        case "statuses":
            return json_answer({"statuses": "none"})
        case "shippings":
            return json_answer({"shippings": [{"shipping_id": "1", "shipping": []}], "params": {}})
        case "products":
            return html_answer("Database error", 500)
        case "stores":
            return json_answer({"message": "Not Found", "status": 404}, 404)
    return html_answer("No such page", 404)


ROW = "a row of a shopper"


def read_warehouse(_: Collection[str]) -> WarehouseRead:
    raise RuntimeError(ROW)


async def test_each_question_is_answered_by_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store_check, "_LONGEST", timedelta(seconds=0.5))
    async with odd_store(answer) as url, Store(url, USER, key(), attempts=1, read_only=True) as store:
        found = await ask_store(store, setup(), read_warehouse, NOON)
    assert found.connection == Connection()
    assert found.access is None
    assert isinstance(found.orders, OrdersRead)
    assert ([order.order_id for order in found.orders.orders], found.orders.lists_are_whole) == (["7"], True)
    assert found.shippings == {"1": ""}
    assert found.lists_changes is False
    why = {
        name: given.why
        for name in ("user", "statuses", "products", "storefronts", "vendors", "shipments", "warehouse")
        if isinstance(given := getattr(found, name), Unanswered)
    }
    assert why == {
        "user": Why.UNREACHABLE,
        "statuses": Why.FAILED,
        "products": Why.FAILED,
        "storefronts": Why.ABSENT,
        "vendors": Why.UNREACHABLE,
        "shipments": Why.UNREACHABLE,
        "warehouse": Why.FAILED,
    }
    assert isinstance(found.warehouse, Unanswered)
    assert "shopper" not in found.warehouse.reason + caplog.text
    assert "RuntimeError, its message left out" in caplog.text


async def test_a_front_page_that_never_comes_ends_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Request) -> Response:
        await asyncio.sleep(30)
        return json_answer({})

    monkeypatch.setattr(store_check, "_LONGEST", timedelta(seconds=0.2))
    async with odd_store(hang) as url, Store(url, USER, key(), attempts=1, read_only=True) as store:
        found = await ask_store(store, setup(), read_warehouse, NOON)
        assert store.requests == 1
    assert found.access is not None
    assert found.access.why is Why.UNREACHABLE
