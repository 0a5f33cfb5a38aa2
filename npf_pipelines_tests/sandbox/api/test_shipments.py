"""Tests of `/shipments`: silent cuts, empty leftovers, pages that repeat, corrections by version."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from npf_pipelines.sandbox.api import shipments
from npf_pipelines.sandbox.api.call import Call
from npf_pipelines.sandbox.model import Mail
from npf_pipelines.sandbox.planted import PLANTED_SECRETS
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.sandbox.conftest import NOON, Serve

OLD = (4, 11, 5)
MakeStore = Callable[..., SandboxStore]


@pytest.fixture
def items(store: SandboxStore) -> list[str]:
    """The item ids of order 1: five kites, two drums, one PDF."""
    store.place_order([(11, 5), (12, 2), (13, 1)])
    return [line.item_id for line in store.orders[1].lines]


def _body(products: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    body = {"order_id": 1, "shipping_id": 1, "carrier": "aup", "tracking_number": "ABC123", **more}
    return body if products is None else body | {"products": products}


def test_a_shipment_is_made_and_read_back(api: httpx.Client, items: list[str]) -> None:
    answer = api.post("shipments", json=_body({items[0]: 2}, comments="Box 1"))
    assert answer.status_code == 201
    number = answer.json()["shipment_id"]
    assert isinstance(number, int)
    (row,) = api.get("shipments", params={"order_id": 1}).json()["shipments"]
    assert row == api.get(f"shipments/{number}").json()
    assert row["products"] == {items[0]: "2"}
    assert row["shipment_timestamp"] == str(NOON)
    assert (row["shipment_id"], row["order_id"], row["comments"]) == (str(number), "1", "Box 1")


def test_too_large_a_quantity_is_cut_silently(store: SandboxStore, api: httpx.Client, items: list[str]) -> None:
    assert api.post("shipments", json=_body({items[0]: 99, items[1]: "1"})).status_code == 201
    assert store.shipped(1) == {items[0]: 5, items[1]: 1}
    assert api.post("shipments", json=_body({items[0]: 1, items[1]: 9})).status_code == 201
    assert store.shipped(1) == {items[0]: 5, items[1]: 2}


def test_nothing_remaining_is_a_bare_400(store: SandboxStore, api: httpx.Client, items: list[str]) -> None:
    api.post("shipments", json=_body({items[1]: 2}))
    answer = api.post("shipments", json=_body({items[1]: 1}))
    assert (answer.status_code, answer.json()) == (400, {"message": "Bad Request", "status": 400})
    assert api.post("shipments", json=_body({items[2]: 1})).status_code == 400, "a download isn't sent"
    assert len(store.shipments) == 1


def test_an_unknown_line_is_a_500_that_leaves_an_empty_shipment(api: httpx.Client, items: list[str]) -> None:
    answer = api.post("shipments", json=_body({items[0]: 1, "4711": 1}))
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert any(secret in answer.text for secret in PLANTED_SECRETS), "never log a body verbatim"
    (row,) = api.get("shipments", params={"order_id": 1}).json()["shipments"]
    assert row["products"] == []


def test_negative_quantities_are_not_refused(store: SandboxStore, api: httpx.Client, items: list[str]) -> None:
    assert api.post("shipments", json=_body({items[0]: -1})).status_code == 201
    assert store.shipped(1) == {items[0]: -1}


def test_the_same_shipment_twice_is_two(store: SandboxStore, api: httpx.Client, items: list[str]) -> None:
    for _ in range(2):
        assert api.post("shipments", json=_body({items[0]: 1})).status_code == 201
    assert len(store.shipments) == 2


async def test_two_at_once_both_pass_the_check(store: SandboxStore, items: list[str]) -> None:
    call = Call(store, "POST", None, {}, _body({items[1]: 2}))
    answers = await asyncio.gather(shipments.answer(call), shipments.answer(call))
    assert [answer.status for answer in answers] == [201, 201]
    assert store.shipped(1) == {items[1]: 4}


def test_without_products_one_package_group_goes(store: SandboxStore, api: httpx.Client, items: list[str]) -> None:
    store.orders[1].lines[1].company_id = 2
    assert api.post("shipments", json=_body()).status_code == 201
    assert store.shipped(1) == {items[0]: 5}


@pytest.mark.parametrize("key", ["order_id", "shipping_id"])
def test_mandatory_fields(api: httpx.Client, items: list[str], key: str) -> None:
    body = _body({items[0]: 1})
    del body[key]
    answer = api.post("shipments", json=body)
    assert answer.status_code == 400
    assert key in answer.json()["message"]


def test_a_missing_order_is_a_400(api: httpx.Client) -> None:
    assert api.post("shipments", json=_body({"1": 1})).status_code == 400


@pytest.mark.parametrize(("version", "status"), [((4, 16, 1), 201), ((4, 16, 2), 400)])
def test_newer_stores_want_a_carrier_or_a_tracking_number(
    make_store: MakeStore, serve: Serve, version: tuple[int, int, int], status: int
) -> None:
    store = make_store(version)
    store.place_order([(11, 1)])
    body = _body({store.orders[1].lines[0].item_id: 1}, carrier="", tracking_number="")
    assert serve(store).post("shipments", json=body).status_code == status


@pytest.mark.parametrize("given", [{"carrier": ""}, {"tracking_number": ""}])
def test_one_of_the_two_is_enough(api: httpx.Client, items: list[str], given: dict[str, str]) -> None:
    assert api.post("shipments", json=_body({items[0]: 1}, **given)).status_code == 201


def test_unlisted_keys_are_ignored_a_tracking_url_too(api: httpx.Client, items: list[str]) -> None:
    api.post("shipments", json=_body({items[0]: 1}, tracking_url="https://carrier.example/1"))
    assert "carrier.example" not in api.get("shipments").text


@pytest.mark.parametrize("carrier", ["ups", "usps", "fedex", "dhl", "can", "aup", "swisspost"])
def test_a_known_carrier_has_a_link(api: httpx.Client, items: list[str], carrier: str) -> None:
    api.post("shipments", json=_body({items[0]: 1}, carrier=carrier))
    (row,) = api.get("shipments").json()["shipments"]
    assert row["carrier"] == carrier
    assert row["carrier_info"]["tracking_url"].startswith("https://")
    assert row["carrier_info"]["tracking_url"].endswith("ABC123")


def test_an_unknown_carrier_is_stored_and_has_no_link(api: httpx.Client, items: list[str]) -> None:
    api.post("shipments", json=_body({items[0]: 1}, carrier="Sendle"))
    (row,) = api.get("shipments").json()["shipments"]
    assert (row["carrier"], row["carrier_info"]) == ("Sendle", {"name": "Sendle", "tracking_url": ""})


def test_no_carrier_has_an_empty_list_for_information(api: httpx.Client, items: list[str]) -> None:
    api.post("shipments", json=_body({items[0]: 1}, carrier=""))
    assert api.get("shipments").json()["shipments"][0]["carrier_info"] == []


def test_a_timestamp_is_taken(api: httpx.Client, items: list[str]) -> None:
    api.post("shipments", json=_body({items[0]: 1}, timestamp=NOON - 7))
    assert api.get("shipments").json()["shipments"][0]["shipment_timestamp"] == str(NOON - 7)


def test_order_status_mails_whatever_notify_user_says(store: SandboxStore, api: httpx.Client, items: list[str]) -> None:
    api.post("shipments", json=_body({items[0]: 1}, order_status="C", notify_user=False))
    assert store.orders[1].status == "C"
    assert store.mails == [Mail("order_status", 1)]


@pytest.mark.parametrize(("version", "mails"), [((4, 18, 1), [Mail("shipment", 1)]), (OLD, [])])
def test_notify_user_is_obeyed_only_by_newer_stores(
    make_store: MakeStore, serve: Serve, version: tuple[int, int, int], mails: list[Mail]
) -> None:
    store = make_store(version)
    store.place_order([(11, 2)])
    item = store.orders[1].lines[0].item_id
    serve(store).post("shipments", json=_body({item: 1}, notify_user=1))
    serve(store).post("shipments", json=_body({item: 1}))
    assert store.mails == mails


def test_a_page_past_the_end_is_the_last_page_again(api: httpx.Client, items: list[str]) -> None:
    for _ in range(5):
        api.post("shipments", json=_body({items[0]: 1}))

    def page(number: int) -> list[str]:
        answer = api.get("shipments", params={"page": number, "items_per_page": 2}).json()
        assert answer["params"]["total_items"] == "5"
        return [row["shipment_id"] for row in answer["shipments"]]

    assert [page(number) for number in (1, 2, 3, 4, 99)] == [["5", "4"], ["3", "2"], ["1"], ["1"], ["1"]]


def test_no_shipments(api: httpx.Client) -> None:
    answer = api.get("shipments", params={"order_id": 12}).json()
    assert (answer["shipments"], answer["params"]["total_items"]) == ([], "0")


def test_newer_stores_take_four_corrections_and_nothing_else(api: httpx.Client, items: list[str]) -> None:
    number = api.post("shipments", json=_body({items[0]: 1})).json()["shipment_id"]
    fields = {"tracking_number": "XYZ", "comments": "late", "status": "S", "timestamp": NOON + 1}
    assert api.put(f"shipments/{number}", json=fields).status_code == 200
    row = api.get(f"shipments/{number}").json()
    assert (row["tracking_number"], row["comments"], row["status"]) == ("XYZ", "late", "S")
    assert row["shipment_timestamp"] == str(NOON + 1)
    assert api.put(f"shipments/{number}", json={"tracking_number": "1", "carrier": "ups"}).status_code == 400
    assert api.get(f"shipments/{number}").json() == row


def test_older_stores_refuse_corrections(make_store: MakeStore, serve: Serve) -> None:
    store = make_store(OLD)
    store.place_order([(11, 1)])
    number = store.save_shipment(1, {}, shipping_id=1)
    assert serve(store).put(f"shipments/{number}", json={"tracking_number": "1"}).status_code == 400
    assert store.shipments[number].tracking_number == ""


def test_delete_and_post_is_the_portable_correction(store: SandboxStore, api: httpx.Client, items: list[str]) -> None:
    number = api.post("shipments", json=_body({items[1]: 2})).json()["shipment_id"]
    assert api.delete(f"shipments/{number}").status_code == 204
    assert api.get(f"shipments/{number}").status_code == 404
    assert api.delete(f"shipments/{number}").status_code == 404
    assert api.post("shipments", json=_body({items[1]: 2})).status_code == 201
    assert store.shipped(1) == {items[1]: 2}
