"""Tests of npf_pipelines.config.store_address, and of two master setups with one store."""

from pathlib import Path

import pytest

from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines.config.store_address import comparable_address
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
