"""Tests of npf_pipelines.config.store_address, and of two master setups with one store."""

from pathlib import Path
from typing import Any

import pytest

from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines.config.store_address import comparable_address, do_overlap, store_scopes
from npf_pipelines_tests.loop import write_setup

SAME = "shop.example.com/eu"


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.com/eu",
        "https://SHOP.Example.com/eu",
        "HTTPS://shop.example.com:443/eu/",
        "https://shop.example.com./eu",
        "https://shop.example.com//eu//",
        "http://shop.example.com:80/eu",
    ],
)
def test_one_store_has_one_address_however_it_is_written(url: str) -> None:
    assert comparable_address(url) == SAME


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.com",
        "https://shop.example.com/EU",
        "https://shop.example.com:8443/eu",
        "https://a.example/eu",
    ],
)
def test_another_host_port_or_path_is_another_store(url: str) -> None:
    assert comparable_address(url) != SAME


def test_two_files_with_one_store_are_both_refused_and_name_each_other(tmp_path: Path) -> None:
    for client in ("acme", "bolt", "cord"):
        write_setup(tmp_path, client, "https://shop.example.com", orders={"prefix": client.upper()})
    write_setup(tmp_path, "bolt", "", store={"url": "https://SHOP.example.com:443/acme/"})
    setups = load_master_setups(tmp_path)
    assert setups.clients.keys() == {"cord"}
    one, two = setups.errors
    assert one.startswith("acme.yaml: store.url: bolt.yaml has the same store")
    assert two.startswith("bolt.yaml: store.url: acme.yaml has the same store")


@pytest.mark.parametrize(
    ("one", "other", "do"),
    [
        ({}, {}, True),
        ({}, {"storefronts": [1]}, True),
        ({"storefronts": [1, 2]}, {"storefronts": [2, 3]}, True),
        ({"storefronts": [1, 2]}, {"storefronts": [3, 12]}, False),
        ({"vendor": 1}, {"vendor": 2}, False),
        ({"vendor": 1}, {"vendor": 1}, True),
        ({"vendor": 1}, {"storefronts": [2]}, True),
    ],
)
def test_what_two_clients_of_one_store_have_in_common(one: dict[str, Any], other: dict[str, Any], *, do: bool) -> None:
    mine, others = (store_scopes("https://shop.example", **scope) for scope in (one, other))
    assert any(do_overlap(scope, another) for scope in mine for another in others) is do
    elsewhere = store_scopes("https://other.example", **other)
    assert not any(do_overlap(scope, another) for scope in mine for another in elsewhere)


def test_clients_share_a_store_with_storefronts_or_vendors_of_their_own(tmp_path: Path) -> None:
    one_store = {"url": "https://shop.example"}

    def errors(acme: dict[str, dict[str, Any]], bolt: dict[str, dict[str, Any]]) -> list[str]:
        write_setup(tmp_path, "acme", "", **{"store": one_store} | acme)
        write_setup(tmp_path, "bolt", "", **{"store": one_store} | bolt)
        return list(load_master_setups(tmp_path).errors)

    off = {"quantity": "off"}
    assert errors({"orders": {"storefronts": 1}}, {"orders": {"storefronts": [2, 3]}, "stock": off}) == []
    both = errors({"orders": {"storefronts": 1}}, {"orders": {"storefronts": 2}})
    assert both[0].startswith("acme.yaml: stock.quantity: bolt.yaml pushes stock to the same store, too")
    assert "each would import" in errors({"orders": {"storefronts": 1}}, {"stock": off})[0]
    assert errors({"store": one_store | {"vendor": 1}}, {"store": one_store | {"vendor": 2}}) == []
    (wrong,) = errors({"store": one_store | {"vendor": 1}, "orders": {"storefronts": 1}}, {})
    assert "store.vendor and orders.storefronts: name one of the two" in wrong
