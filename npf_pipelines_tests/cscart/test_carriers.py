"""Tests of npf_pipelines.cscart.carriers."""

import pytest

from npf_pipelines.cscart.carriers import carrier_code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UPS", "ups"),
        ("ups", "ups"),
        ("USPS", "usps"),
        ("U.S. Postal Service", "usps"),
        ("FedEx", "fedex"),
        ("Fed-Ex", "fedex"),
        ("DHL Express", "dhl"),
        ("Canada Post", "can"),
        ("AUSTRALIA POST", "aup"),
        (" Australia Post ", "aup"),
        ("AusPost", "aup"),
        ("aup", "aup"),
        ("Swiss Post", "swisspost"),
    ],
)
def test_carriers_that_the_store_knows(name: str, code: str) -> None:
    assert carrier_code(name) == (code, True)


@pytest.mark.parametrize("name", ["StarTrack", "Post", "UPS Freight Forwarding", "Couriers Please", "", "--"])
def test_other_carriers_keep_their_name(name: str) -> None:
    assert carrier_code(name) == (name, False)


def test_the_clients_own_table_comes_first() -> None:
    own = {"Australia Post": "aup_express", "StarTrack": "startrack"}
    assert carrier_code("australia post", own) == ("aup_express", True)
    assert carrier_code("STARTRACK", own) == ("startrack", True)
    assert carrier_code("DHL", own) == ("dhl", True)
