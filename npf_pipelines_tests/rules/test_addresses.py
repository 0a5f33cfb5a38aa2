"""Tests of npf_pipelines.rules.addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.store_orders import Address
from npf_pipelines.rules.addresses import IncompleteAddress, address_of_earlier_releases, deliver_to
from npf_pipelines_tests.builders import ADDRESS, NO_ADDRESS, order

PERTH = ADDRESS.model_copy(update={"city": "Perth", "state": "WA", "postcode": "6000"})
CHECKOUT_DEFAULT = NO_ADDRESS.model_copy(
    update={"name": "Ann Lee", "phone": "1", "country_code": "US", "country": "United States", "state": "NY"}
)
PARTS = ("address_1", "city", "postcode")

addresses = st.builds(
    lambda has, country: ADDRESS.model_copy(
        update={part: "" for part in PARTS if part not in has} | {"country_code": country}
    ),
    st.sets(st.sampled_from(PARTS)),
    st.sampled_from(["AU", "US"]),
)


def without(*parts: str, of: Address = ADDRESS) -> Address:
    return of.model_copy(update=dict.fromkeys(parts, ""))


def _is_complete(address: Address) -> bool:
    return bool(address.address_1) and bool(address.city or address.postcode)


@given(ship_to=addresses, bill_to=addresses)
def test_an_address_is_a_street_and_a_place_whatever_the_country(ship_to: Address, bill_to: Address) -> None:
    one = order(ship_to=ship_to, bill_to=bill_to)
    has_a_part = any(getattr(ship_to, part) for part in PARTS)
    if _is_complete(ship_to):
        assert deliver_to(one) is ship_to
    elif not has_a_part and _is_complete(bill_to):
        assert deliver_to(one) is bill_to
    else:
        with pytest.raises(IncompleteAddress):
            deliver_to(one)


def test_the_default_country_of_the_checkout_is_no_address() -> None:
    one = order(ship_to=CHECKOUT_DEFAULT, bill_to=PERTH)
    assert deliver_to(one) == PERTH
    assert address_of_earlier_releases(one) == CHECKOUT_DEFAULT


@pytest.mark.parametrize(
    ("ship_to", "bill_to", "missing"),
    [
        (without("address_1"), PERTH, "the delivery address has no street"),
        (without("city", "postcode"), PERTH, "the delivery address has neither city nor postcode"),
        (without("address_1", "city"), PERTH, "the delivery address has no street"),
        (
            NO_ADDRESS.model_copy(update={"address_2": "Unit 5"}),
            PERTH,
            "the delivery address has no street and neither city nor postcode",
        ),
        (
            CHECKOUT_DEFAULT,
            without("address_1"),
            "the delivery address is empty, and the billing address has no street",
        ),
        (
            NO_ADDRESS,
            NO_ADDRESS,
            "the delivery address is empty, and the billing address has no street and neither city nor postcode",
        ),
    ],
)
def test_what_is_missing_is_named_without_what_is_there(ship_to: Address, bill_to: Address, missing: str) -> None:
    with pytest.raises(IncompleteAddress) as refused:
        deliver_to(order(ship_to=ship_to, bill_to=bill_to))
    assert str(refused.value) == missing


@pytest.mark.parametrize("dash", ["-", ".", " -- "])
def test_a_dash_is_no_street(dash: str) -> None:
    with pytest.raises(IncompleteAddress, match="no street"):
        deliver_to(order(ship_to=ADDRESS.model_copy(update={"address_1": dash})))


def test_a_street_and_one_of_city_and_postcode_suffice() -> None:
    assert deliver_to(order(ship_to=without("city"), bill_to=PERTH)).city == ""
    assert deliver_to(order(ship_to=without("postcode"), bill_to=PERTH)).city == "Sydney"
