"""Tests of `/users`, `/stores` and `/vendors`, and of the store's own address."""

import httpx

from npf_pipelines.sandbox.planted import USER_API_KEY
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.sandbox.conftest import NOON


def test_a_user_is_read_by_number_with_a_right_of_its_own(store: SandboxStore, api: httpx.Client) -> None:
    user = api.get("users/1").json()
    assert (user["user_id"], user["user_type"], user["status"], user["company_id"]) == ("1", "A", "A", "0")
    assert (user["email"], user["api_key"]) == (store.api_user, USER_API_KEY)
    assert api.get("users/2").json() == {"message": "Not Found", "status": 404}
    store.missing_rights = {"view_users"}
    assert api.get("users/1").status_code == 403
    assert api.get("orders").status_code == 200


def test_each_edition_has_one_list_of_companies(store: SandboxStore, api: httpx.Client) -> None:
    assert [row["company_id"] for row in api.get("stores").json()["stores"]] == ["1"]
    assert api.get("vendors").status_code == 404
    store.multi_vendor = True
    assert len(api.get("vendors").json()["vendors"]) == 1
    assert api.get("stores").status_code == 404
    store.missing_rights = {"view_companies"}
    assert api.get("vendors").status_code == 403


def test_the_stores_own_address_names_version_and_time_to_anybody(store: SandboxStore, api: httpx.Client) -> None:
    address = str(api.base_url).removesuffix("api/2.0/")
    answer = httpx.get(f"{address}?version")
    assert (answer.status_code, answer.text) == (200, "CS-Cart: version <b>4.18.1 ULTIMATE</b>")
    assert answer.headers.get_list("Date") == ["Mon, 21 Sep 2026 14:13:20 GMT"]
    assert NOON == 1_790_000_000
    assert "version" not in httpx.get(address).text
    store.shows_version = False
    assert "Welcome" in httpx.get(f"{address}?version").text
    store.switched_off = True
    assert httpx.get(f"{address}?version").status_code == 503
