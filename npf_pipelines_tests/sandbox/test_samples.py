"""Tests of the documented orders."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from npf_pipelines.sandbox.planted import PLANTED_SECRETS
from npf_pipelines.sandbox.samples import documented, sample_store
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.sandbox.conftest import Serve


@pytest.fixture
def store() -> SandboxStore:
    return sample_store("documented")


def test_the_whole_order_comes_back_as_printed(store: SandboxStore, serve: Serve) -> None:
    printed: dict[str, Any] = documented("order-96.json")
    answered = serve(store).get("orders/96").json()
    assert {key: answered[key] for key in printed} == printed
    assert any(secret in json.dumps(answered) for secret in PLANTED_SECRETS)


def test_the_listed_order_comes_back_as_printed(store: SandboxStore, serve: Serve) -> None:
    printed = documented("orders-page.json")["orders"][0]
    rows = serve(store).get("orders").json()["orders"]
    assert {key: rows[0][key] for key in printed} == printed
    assert serve(store).get("orders/97").json()["products"] == []


def test_what_happens_to_a_documented_order_shows(store: SandboxStore, serve: Serve) -> None:
    client = serve(store)
    shipment = {"order_id": 96, "shipping_id": 1, "carrier": "ups", "products": {"1061624811": 1}}
    number = client.post("shipments", json=shipment).json()["shipment_id"]
    client.put("orders/96", json={"status": "C", "notify_user": 0})
    detail = client.get("orders/96").json()
    assert detail["status"] == "C"
    assert detail["shipment_ids"] == [str(number)]
    assert detail["products"]["1061624811"]["shipment_amount"] == "0"
    assert detail["products"]["1061624811"]["shared_product"] is True


def test_they_can_be_placed_lately(serve: Serve) -> None:
    moment = datetime(2026, 3, 31, 12, tzinfo=UTC)
    rows = serve(sample_store("lately", placed_at=moment)).get("orders", params={"get_orders_data": 1}).json()
    assert [row["timestamp"] for row in rows["orders"]] == [str(int(moment.timestamp()))] * 2


def test_its_product_is_in_the_catalogue(store: SandboxStore) -> None:
    assert store.skus() == ["K02149B2ZX"]
