"""Countries as people and stores write them: names and variants to ISO 3166 codes, and back to full English names.

Not here: which countries a client wants (master_setup.py) or what follows from it (rules/).
"""

import functools
import re
import unicodedata

import pycountry

_VARIANTS = {
    "america": "US",
    "bolivia": "BO",
    "bosnia": "BA",
    "brunei": "BN",
    "burma": "MM",
    "cape verde": "CV",
    "czech republic": "CZ",
    "east timor": "TL",
    "emirates": "AE",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "iran": "IR",
    "ivory coast": "CI",
    "kosovo": "XK",
    "laos": "LA",
    "macau": "MO",
    "macedonia": "MK",
    "moldova": "MD",
    "northern ireland": "GB",
    "palestine": "PS",
    "russia": "RU",
    "scotland": "GB",
    "south korea": "KR",
    "north korea": "KP",
    "swaziland": "SZ",
    "syria": "SY",
    "taiwan": "TW",
    "tanzania": "TZ",
    "turkey": "TR",
    "uae": "AE",
    "uk": "GB",
    "united states of america": "US",
    "vatican": "VA",
    "vatican city": "VA",
    "venezuela": "VE",
    "vietnam": "VN",
    "wales": "GB",
}
"""What people write that ISO 3166 doesn't list."""

_KOSOVO = ("XK", "Kosovo")
"""No ISO code, but the one that stores and carriers use."""


class UnknownCountry(ValueError):
    """What was written names no country."""


def country_code(written: str) -> str:
    """The two-letter code of a country given by code, English name or common variant.

    Raises:
        UnknownCountry: it names none.
    """
    code = _codes().get(_folded(written))
    if code is None:
        raise UnknownCountry(f"{written[:60]!r} is no country: write its English name or its two-letter ISO code")
    return code


def country_name(code: str) -> str:
    """The full English name of a two-letter code, as the platform wants it.

    Raises:
        UnknownCountry: ISO 3166 doesn't have the code.
    """
    if code == _KOSOVO[0]:
        return _KOSOVO[1]
    country = pycountry.countries.get(alpha_2=code)
    if country is None:
        raise UnknownCountry(f"{code[:60]!r} is no ISO country code")
    return _plain_order(getattr(country, "common_name", country.name))


@functools.cache
def _codes() -> dict[str, str]:
    codes = dict(_VARIANTS) | {"xk": "XK"}
    for country in pycountry.countries:
        spellings = [country.alpha_2, country.alpha_3, country.name]
        spellings += [getattr(country, field, "") for field in ("common_name", "official_name")]
        for spelling in filter(None, spellings):
            codes[_folded(spelling)] = country.alpha_2
            codes[_folded(_plain_order(spelling))] = country.alpha_2
    return codes


def _plain_order(name: str) -> str:
    """`Korea, Republic of` → `Republic of Korea`."""
    head, comma, tail = name.partition(", ")
    return f"{tail} {head}" if comma and tail.endswith((" of", " of the")) else name


def _folded(written: str) -> str:
    plain = unicodedata.normalize("NFKD", written.casefold().replace("&", " and ").replace(".", ""))
    words = re.sub(r"[^a-z0-9 ]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).split()
    return " ".join(word for word in words if word != "the")
