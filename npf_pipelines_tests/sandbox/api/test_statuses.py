"""Tests of `/statuses`."""

import httpx

from npf_pipelines.sandbox.model import Status
from npf_pipelines.sandbox.store import SandboxStore


def test_the_shipped_statuses_and_what_they_do_to_stock(api: httpx.Client) -> None:
    rows = api.get("statuses", params={"type": "O"}).json()["statuses"]
    groups = {row["status"]: row["params"]["inventory"] for row in rows}
    assert groups == {"P": "D", "C": "D", "O": "D", "F": "I", "D": "I", "B": "I", "I": "I"}
    assert rows[0]["description"] == "Paid"
    assert {row["type"] for row in rows} == {"O"}


def test_merchants_rename_and_add(store: SandboxStore, api: httpx.Client) -> None:
    store.statuses["B"] = Status("B", "Back Ordered", "I")
    store.statuses["Y"] = Status("Y", "Awaiting call", "D")
    names = {row["status"]: row["description"] for row in api.get("statuses").json()["statuses"]}
    assert (names["B"], names["Y"]) == ("Back Ordered", "Awaiting call")


def test_they_are_paged(store: SandboxStore, api: httpx.Client) -> None:
    for letter in "UVWXY":
        store.statuses[letter] = Status(letter, f"Own {letter}", "D")
    assert len(api.get("statuses").json()["statuses"]) == 10
    assert len(api.get("statuses", params={"page": 2}).json()["statuses"]) == 2
    assert len(api.get("statuses", params={"items_per_page": 100}).json()["statuses"]) == 12


def test_other_types_are_empty(api: httpx.Client) -> None:
    assert api.get("statuses", params={"type": "G"}).json()["statuses"] == []


def test_only_reading_is_modelled(api: httpx.Client) -> None:
    assert api.post("statuses", json={"description": "New"}).status_code == 405
