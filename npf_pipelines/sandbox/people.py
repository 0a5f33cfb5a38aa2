"""The people and places that generated orders are drawn from: made up, in several countries and scripts.

Telephone numbers and mail addresses are of the ranges kept free for examples.
"""

import random
from dataclasses import replace
from typing import NamedTuple

from npf_pipelines.sandbox.model import Address, Customer

NOTES = (
    "Please leave it at the door.",
    "Gift: no invoice in the parcel, please.",
    "Ring twice.\nThe dog is friendly.",
    "Bitte im Büro abgeben, danke!",
    "문 앞에 놓아 주세요",
    "I ordered the same thing last year and it was lovely. " * 6,
)


class _Country(NamedTuple):
    code: str
    description: str
    weight: int
    phone: str
    names: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]
    places: tuple[tuple[str, str, str, str], ...]
    """City, state's code, state's description, postcode."""


_ENGLISH = (("Olivia", "Smith"), ("Jack", "O'Brien"), ("Zoë", "Nguyen"), ("Noah", "Williams-Brown"), ("Mia", "Lee"))

_COUNTRIES = (
    _Country(
        "AU",
        "Australia",
        52,
        "0491 570 {:03d}",
        _ENGLISH,
        ("{} George Street", "Unit 4/{} Beach Road", "PO Box {}"),
        (
            ("Sydney", "NSW", "New South Wales", "2000"),
            ("Melbourne", "VIC", "Victoria", "3000"),
            ("Brisbane", "QLD", "Queensland", "4000"),
            ("Darwin", "NT", "Northern Territory", "0800"),
            ("Hobart", "TAS", "Tasmania", "7000"),
        ),
    ),
    _Country(
        "NZ",
        "New Zealand",
        18,
        "+64 21 000 {:03d}",
        (("Aroha", "Ngāta"), ("Liam", "Taylor"), ("Māia", "Walker")),
        ("{} Queen Street", "{} Lambton Quay"),
        (("Auckland", "AUK", "Auckland", "1010"), ("Wellington", "WGN", "Wellington", "6011")),
    ),
    _Country(
        "US",
        "United States",
        10,
        "+1 202-555-0{:03d}",
        (("James", "Johnson"), ("José", "García")),
        ("{} Main street", "{} 5th Ave, Apt 12"),
        (("Boston", "MA", "Massachusetts", "02134"), ("New York", "NY", "New York", "10001-1234")),
    ),
    _Country(
        "GB",
        "United Kingdom",
        8,
        "+44 7700 900{:03d}",
        (("Amelia", "Jones"), ("Siân", "Evans")),
        ("{} High Street", "Flat 2, {} Church Lane"),
        (("London", "", "London", "SW1A 1AA"), ("Cardiff", "", "", "CF10 1EP")),
    ),
    _Country(
        "KR",
        "Korea, Republic of",
        6,
        "+82 10-0000-0{:03d}",
        (("민준", "김"), ("Seo-yeon", "Park")),
        ("세종대로 {}", "{} Teheran-ro, Gangnam-gu"),
        (("서울", "", "", "04524"), ("Busan", "", "", "48058")),
    ),
    _Country(
        "DE",
        "Germany",
        6,
        "+49 30 23125 {:03d}",
        (("Jürgen", "Müßig"), ("Änne", "Groß")),
        ("Königstraße {}", "Am Mühlbach {}"),
        (("Berlin", "BE", "Berlin", "10115"), ("Köln", "NRW", "Nordrhein-Westfalen", "50667")),
    ),
)
_COMPANIES = ("", "", "", "", "Example Pty Ltd", "Beispiel & Söhne GmbH", 'The "Best" Shop')


def draw_customer(dice: random.Random, number: int) -> Customer:
    """Somebody, with the user id `number`; one in ten has a bill sent elsewhere."""
    ship_to = _draw_address(dice)
    bill_to = _draw_address(dice) if dice.random() < 0.1 else ship_to  # noqa: PLR2004
    return Customer(
        user_id=number,
        email=f"customer{number}@example.{dice.choice(('com', 'net', 'org'))}",
        phone=bill_to.phone,
        company=dice.choice(_COMPANIES),
        ship_to=ship_to,
        bill_to=bill_to,
    )


def customer_in(country: str) -> Customer:
    """Somebody in a country, given by its two letters; in another than those here the address is Australian else."""
    known = next((known for known in _COUNTRIES if known.code == country), _COUNTRIES[0])
    address = replace(_address_in(known, random.Random(0)), country=country)
    return Customer(1, "test-orders@example.com", address.phone, "", ship_to=address, bill_to=address)


def _draw_address(dice: random.Random) -> Address:
    return _address_in(dice.choices(_COUNTRIES, [country.weight for country in _COUNTRIES])[0], dice)


def _address_in(country: _Country, dice: random.Random) -> Address:
    firstname, lastname = dice.choice(country.names)
    city, state, state_descr, zipcode = dice.choice(country.places)
    return Address(
        firstname=firstname,
        lastname=lastname,
        address=dice.choice(country.streets).format(dice.randint(1, 400)),
        address_2=dice.choice(("", "", "", "Level 3")),
        city=city,
        county="",
        state=state,
        state_descr=state_descr,
        country=country.code,
        country_descr=country.description,
        zipcode=zipcode,
        phone=country.phone.format(dice.randint(100, 199)),
    )
