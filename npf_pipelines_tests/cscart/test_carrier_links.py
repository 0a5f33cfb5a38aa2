"""Tests of npf_pipelines.cscart.carrier_links."""

from npf_pipelines.cscart.carrier_links import CarrierLinks
from npf_pipelines.domain.store_shipments import Shipment
from npf_pipelines_tests.builders import shipment


def made(carrier: str, link: str, number: str = "T1") -> Shipment:
    return shipment("1", number).model_copy(update={"carrier": carrier, "tracking_url": link})


def test_no_code_is_trusted_before_it_has_shown_a_link() -> None:
    links = CarrierLinks()
    assert not links.yields_link("aup")
    links.learn([made("aup", "https://x"), made("usps", ""), made("dhl", "https://x", number=""), made("", "")])
    assert links.known == {"aup": True, "usps": False}
    assert links.yields_link("aup")
    assert not links.yields_link("usps")


def test_a_carrier_that_is_switched_off_or_on_is_noticed() -> None:
    links = CarrierLinks({"aup": True, "usps": False})
    links.learn([made("aup", "https://x")])
    assert not links.is_changed
    links.learn([made("aup", ""), made("usps", "https://x")])
    assert links.known == {"aup": False, "usps": True}
    assert links.is_changed


def test_a_carrier_of_which_one_shipment_has_no_link_counts_as_without() -> None:
    for answers in (["https://x", ""], ["", "https://x"]):
        links = CarrierLinks()
        links.learn(made("aup", link) for link in answers)
        assert links.known == {"aup": False}


def test_a_code_whose_shipment_came_without_its_carrier_counts_as_without() -> None:
    links = CarrierLinks({"aup": True})
    links.learn([made("", "")])
    assert not links.is_changed
    links.learn_missing("aup")
    assert links.known == {"aup": False}
    assert links.is_changed
