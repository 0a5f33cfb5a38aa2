"""Tests of npf_pipelines.rules.parcels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import normalised
from npf_pipelines.domain.store_shipments import LONGEST_LABEL, Shipment
from npf_pipelines.rules.parcels import Label, differences, is_as_labelled, label_of, lacks_link, number_forms
from npf_pipelines_tests.builders import lodged, shipment

URL = "https://track.example/T1"
LINK = "https://carrier.example/T1"
MANY = ", ".join(f"TN{number:08}" for number in range(30))


def label(number: str = "T1", carrier: str = "aup", *, has_link: bool = False) -> Label:
    found = label_of(lodged("S1", number, tracking_url=URL), carrier, has_link=has_link)
    assert found
    return found


def as_made(one: Label, link: str = "") -> Shipment:
    made = shipment("7", one.tracking_number)
    return made.model_copy(update={"carrier": one.carrier, "comments": one.comments, "tracking_url": link})


@given(number=st.text(), carrier=st.text(), has_link=st.booleans())
def test_what_is_written_fits_is_seen_as_written_and_known_again(number: str, carrier: str, *, has_link: bool) -> None:
    parcel = normalised(lodged("S1", number, carrier=carrier, tracking_url=URL))
    one = label_of(parcel, parcel.carrier, has_link=has_link)
    if one is None:
        assert len(parcel.tracking_number) > LONGEST_LABEL
        return
    assert max(len(one.tracking_number), len(one.carrier)) <= LONGEST_LABEL
    assert one.tracking_number in number_forms(parcel.tracking_number)
    made = as_made(one, LINK if has_link else "")
    assert (differences(one, made), is_as_labelled(one, made), lacks_link(one, made)) == ("", True, False)


def test_the_url_is_in_the_comments_unless_a_link_is_known_to_come() -> None:
    assert label().comments == URL
    assert label(has_link=True).comments == ""
    assert label("T1, T2", has_link=True).comments == URL
    assert label("T1 T2", has_link=True).comments == URL
    assert label("", has_link=True).comments == ""


def test_several_numbers_that_do_not_fit_together() -> None:
    one = label(MANY, has_link=True)
    assert one.tracking_number == "TN00000000"
    assert one.comments == f"Tracking numbers: {MANY}\n{URL}"
    assert number_forms(MANY) == {MANY, "TN00000000", MANY[:LONGEST_LABEL]}
    assert label_of(lodged("S1", "9" * 256), "aup", has_link=False) is None


def test_a_link_replaces_the_url() -> None:
    made = as_made(label(has_link=True), LINK)
    assert differences(label(), made) == ""
    assert is_as_labelled(label(), made)
    assert lacks_link(label(has_link=True), as_made(label(has_link=True)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tracking_number": "T2"}, "the tracking number T2 instead of T1"),
        ({"carrier": ""}, "the carrier none instead of aup"),
        ({"comments": ""}, "the comments without the tracking URL"),
        ({"comments": f"{URL} Thank you!"}, ""),
        ({"comments": "", "carrier": "x"}, "the carrier x instead of aup and the comments without the tracking URL"),
    ],
)
def test_what_differs_is_said(changes: dict[str, str], said: str) -> None:
    assert differences(label(), as_made(label()).model_copy(update=changes)) == said
