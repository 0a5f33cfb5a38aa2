"""Tests of the door: addresses, credentials, rights, content types, maintenance, the host's own oddities."""

import json
import threading

import httpx
import pytest

from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.sandbox.conftest import Serve


@pytest.fixture
def order_id(store: SandboxStore) -> int:
    return store.place_order([(11, 1)])


def test_stores_stand_side_by_side(server: SandboxServer, store: SandboxStore, serve: Serve) -> None:
    api, other = serve(store), serve(SandboxStore("other", api_key="another-key"))
    store.place_order([(11, 1)])
    assert len(api.get("orders").json()["orders"]) == 1
    assert other.get("orders").json()["orders"] == []
    assert api.get(f"{server.store_url('other')}/api/2.0/orders").status_code == 401
    assert api.get(f"{server.store_url('nowhere')}/api/2.0/orders").status_code == 404


def test_without_rewriting_the_path_is_a_parameter(
    server: SandboxServer, store: SandboxStore, api: httpx.Client, order_id: int
) -> None:
    url = f"{server.store_url(store.store_id)}/api.php"
    assert api.get(url, params={"_d": f"orders/{order_id}"}).json()["order_id"] == str(order_id)
    assert api.get(url, params={"_d": "orders", "status": "C"}).json()["orders"] == []
    body = {"status": "C", "notify_user": False}
    assert api.put(url, params={"_d": f"orders/{order_id}"}, json=body).status_code == 200
    assert store.orders[order_id].status == "C"


def test_api_2_is_a_404(server: SandboxServer, store: SandboxStore, api: httpx.Client) -> None:
    answer = api.get(f"{server.store_url(store.store_id)}/api/2/orders")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_a_slash_at_the_end_is_fine_and_an_unknown_entity_is_not(api: httpx.Client) -> None:
    assert api.get("products/").status_code == 200
    assert api.get("carriers").json() == {"message": "Not Found", "status": 404}


@pytest.mark.parametrize("auth", [None, ("api@store.example", "wrong"), ("wrong", "sandbox-api-key")])
def test_wrong_credentials_are_a_401(
    server: SandboxServer, store: SandboxStore, api: httpx.Client, auth: tuple[str, str] | None
) -> None:
    answer = httpx.get(f"{server.store_url(store.store_id)}/api/2.0/orders", auth=auth)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="User email/API key"'
    assert answer.json() == {"message": "Unauthorized", "status": 401}


def test_a_host_that_strips_the_header_gives_the_same_401(store: SandboxStore, api: httpx.Client) -> None:
    store.strips_authorization = True
    assert api.get("orders").json() == {"message": "Unauthorized", "status": 401}


@pytest.mark.parametrize(
    ("right", "method", "path"),
    [
        ("view_orders", "GET", "orders"),
        ("view_orders", "GET", "shipments"),
        ("edit_order", "PUT", "orders/1"),
        ("edit_order", "POST", "shipments"),
        ("edit_order", "DELETE", "shipments/1"),
        ("view_catalog", "GET", "products"),
        ("manage_catalog", "PUT", "products/11"),
        ("manage_order_statuses", "GET", "statuses"),
    ],
)
def test_a_missing_right_is_a_403(store: SandboxStore, api: httpx.Client, right: str, method: str, path: str) -> None:
    store.missing_rights = {right}
    body: dict[str, str] | None = {} if method in {"POST", "PUT"} else None
    answer = api.request(method, path, json=body)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden", "status": 403})
    store.missing_rights = set()
    assert api.request(method, path, json=body).status_code != 403


def test_a_put_of_another_type_is_a_405_missing_parameters(
    store: SandboxStore, api: httpx.Client, order_id: int
) -> None:
    answer = api.put(f"orders/{order_id}", data={"status": "C"})
    assert (answer.status_code, answer.json()["message"]) == (405, "Missing parameters")
    assert store.orders[order_id].status == "P"


def test_a_post_of_another_type_is_a_415(api: httpx.Client) -> None:
    assert api.post("shipments", data={"order_id": 1}).status_code == 415


@pytest.mark.parametrize("content", ["{", "[]", "7"])
def test_a_body_that_is_no_object_is_a_400(api: httpx.Client, order_id: int, content: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert api.put(f"orders/{order_id}", content=content, headers=headers).status_code == 400


def test_an_accept_header_without_json_is_a_406(api: httpx.Client) -> None:
    assert api.get("orders", headers={"Accept": "application/json"}).status_code == 200
    assert api.get("orders", headers={"Accept": "text/html"}).status_code == 406


def test_put_over_post(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    store.refuses_put_and_delete = True
    body = {"status": "C", "notify_user": False}
    answer = api.put(f"orders/{order_id}", json=body)
    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("text/html")
    override = {"X-HTTP-Method-Override": "PUT"}
    assert api.post(f"orders/{order_id}", json=body, headers=override).status_code == 405, "isn't read"
    assert store.orders[order_id].status == "P"
    assert api.post(f"orders/{order_id}", params={"_METHOD": "PUT"}, json=body).status_code == 200
    assert store.orders[order_id].status == "C"


def test_delete_over_post(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    number = store.save_shipment(order_id, {}, shipping_id=1)
    assert api.post(f"shipments/{number}", params={"_METHOD": "DELETE"}).status_code == 204
    assert not store.shipments


def test_maintenance_is_a_503_page(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    store.switched_off = True
    answer = api.put(f"orders/{order_id}", json={"status": "C"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
    assert answer.headers["content-type"].startswith("text/html")
    assert store.orders[order_id].status == "P"


def test_warnings_stand_before_the_json(store: SandboxStore, api: httpx.Client) -> None:
    store.prints_warnings = True
    text = api.get("orders").text
    assert text.startswith("<br")
    assert json.loads(text[text.index("{") :])["orders"] == []


def test_a_store_that_hangs_acts_when_it_goes_on(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    store.hangs = True
    with pytest.raises(httpx.ReadTimeout):
        api.put(f"orders/{order_id}", json={"status": "C"}, timeout=0.02)
    assert store.orders[order_id].status == "P"
    acted = threading.Event()
    store.recorder = lambda _: acted.set()
    store.hangs = False
    assert acted.wait(5)
    assert store.orders[order_id].status == "C"


def test_an_answer_that_is_lost_came_after_the_act(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    store.loses_answers = True
    with pytest.raises(httpx.RemoteProtocolError):
        api.put(f"orders/{order_id}", json={"status": "C"})
    assert store.orders[order_id].status == "C"


def test_the_journal_and_the_counters(store: SandboxStore, api: httpx.Client, order_id: int) -> None:
    api.get("orders", params={"page": 1})
    api.put(f"orders/{order_id}", json={"status": "C"})
    api.post(f"orders/{order_id}", params={"_METHOD": "PUT"}, json={"status": "C"})
    api.delete("shipments/7")
    assert store.journal == [
        ("GET", "/orders", 200),
        ("PUT", f"/orders/{order_id}", 200),
        ("POST", f"/orders/{order_id}", 200),
        ("DELETE", "/shipments/7", 404),
    ]
    assert (store.requests, store.writes) == (4, 3)


def test_control_over_http(server: SandboxServer, store: SandboxStore, api: httpx.Client) -> None:
    order_id = store.place_order([(11, 1)])
    api.put(f"orders/{order_id}", json={"status": "C", "notify_user": 1})
    url = f"{server.url}/_sandbox/stores/{store.store_id}"
    counters = {"store_id": store.store_id, "requests": 1, "writes": 1, "mails": 1}
    assert httpx.get(url).json() == counters | {"switched_off": False}
    assert httpx.post(url, json={"switched_off": True}).json()["switched_off"] is True
    assert api.get("orders").status_code == 503
    httpx.post(url, json={"switched_off": False})
    assert api.get("orders").status_code == 200
    assert httpx.get(f"{server.url}/_sandbox/stores/nowhere").status_code == 404
