"""Tests of `/shippings`."""

import httpx


def test_the_shipping_methods(api: httpx.Client) -> None:
    answer = api.get("shippings").json()
    assert [(row["shipping_id"], row["shipping"]) for row in answer["shippings"]] == [
        ("1", "Custom shipping method"),
        ("3", "Express"),
    ]
    assert answer["params"]["total_items"] == "2"


def test_only_reading_is_modelled(api: httpx.Client) -> None:
    assert api.post("shippings", json={"shipping": "New"}).status_code == 405
