"""Countries as people and stores write them: names and variants to ISO 3166 codes, and back to full English names.

Not here: a client's countries (master_setup.py) and what follows from them (rules/).
"""

import functools
import re
import unicodedata
from collections.abc import Iterator

import pycountry
from babel import Locale

_OTHER_NAMES = {
    "AE": ("Emirates", "UAE"),
    "BA": ("Bosnia", "Bosnia-Herzegovina", "Bosnia and Herzegowina"),
    "BL": ("St. Barts",),
    "BQ": ("Bonaire", "Bonaire, Saint Eustatius and Saba"),
    "CC": ("Cocos Islands", "Keeling Islands"),
    "CD": ("DR Congo", "Zaire"),
    "CI": ("Ivory Coast",),
    "CN": ("Mainland China", "PR China"),
    "FO": ("Faeroe Islands",),
    "FR": ("France, Metropolitan",),
    "GB": ("Britain", "England", "Great Britain", "Northern Ireland", "Scotland", "UK", "Wales"),
    "GS": ("S. Georgia and S. Sandwich Isls.", "South Georgia", "South Georgia/Sandwich Islands"),
    "HK": ("Hong Kong SAR",),
    "HM": ("Heard and Mc Donald Islands", "Heard and McDonald Islands"),
    "HR": ("Croatia (local name: Hrvatska)", "Hrvatska"),
    "IE": ("Eire", "Republic of Ireland"),
    "KP": ("Korea, Democratic People's Republic", "Korea, North"),
    "KR": ("Korea", "Korea, South"),
    "LY": ("Libyan Arab Jamahiriya",),
    "MK": (
        "FYROM",
        "Macedonia",
        "Macedonia, The Former Yugoslav Republic",
        "Macedonia, The Former Yugoslav Republic of",
    ),
    "MM": ("Burma",),
    "MO": ("Macao SAR", "Macau"),
    "NL": ("Holland",),
    "PS": ("Palestine", "Palestinian Authority", "Palestinian Territory", "Palestinian Territory, Occupied"),
    "PW": ("Belau",),
    "SH": ("Saint Helena",),
    "SJ": ("Svalbard and Jan Mayen Islands",),
    "SX": ("Saint Martin (Dutch part)", "St. Maarten"),
    "SZ": ("Swaziland",),
    "TC": ("Turks and Caicos",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "TW": ("Taiwan, ROC",),
    "UM": ("United States (US) Minor Outlying Islands", "US Minor Outlying Islands"),
    "US": ("America",),
    "VA": ("Vatican", "Vatican City State", "Holy See"),
    "VC": ("St. Vincent",),
    "VI": ("United States (US) Virgin Islands", "United States Virgin Islands"),
    "WF": ("Wallis and Futuna Islands",),
    "WS": ("Western Samoa",),
    "XK": ("Republic of Kosovo",),
}
"""Names that people and the lists of common carts have, and neither ISO 3166 nor CLDR."""

_KOSOVO = ("XK", "Kosovo")
"""No ISO code, but used by stores and carriers."""
_KEPT = 1000
"""Answers that are kept: most orders of a store go to the same few countries."""


class UnknownCountry(ValueError):
    """The text names no country."""


@functools.lru_cache(maxsize=_KEPT)
def country_code(written: str) -> str:
    """The two-letter code of a country given by code, English name or common variant.

    Exact names only, and "A (B)" where A and B name the same country: nothing is guessed.

    Raises:
        UnknownCountry: it names none.
    """
    code = _codes().get(_folded(written)) or _named_twice(written)
    if code is None:
        raise UnknownCountry(f"{written[:60]!r} is no country: write its English name or its two-letter ISO code")
    return code


@functools.lru_cache(maxsize=_KEPT)
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


def _named_twice(written: str) -> str | None:
    """The country of "United Kingdom (UK)", as shops write it."""
    parts = re.fullmatch(r"([^()]+)\(([^()]+)\)", written.strip())
    codes = {_codes().get(_folded(part)) for part in parts.groups()} if parts else set()
    return codes.pop() if len(codes) == 1 else None


@functools.cache
def _codes() -> dict[str, str]:
    codes = {"xk": "XK"}
    for code, name in _names():
        codes.setdefault(_folded(name), code)
        codes.setdefault(_folded(_plain_order(name)), code)
    return codes


def _names() -> Iterator[tuple[str, str]]:
    """Every country with its codes and names. The norm comes first: what it names is never another country."""
    fields = ("alpha_2", "alpha_3", "name", "common_name", "official_name")
    iso = [(country.alpha_2, country) for country in pycountry.countries]
    yield from ((code, getattr(country, field)) for code, country in iso for field in fields if hasattr(country, field))
    known = {_KOSOVO[0]} | {code for code, _ in iso}
    yield from ((code, name) for code, name in Locale("en").territories.items() if code in known)
    yield from ((code, name) for code, names in _OTHER_NAMES.items() for name in names)


def _plain_order(name: str) -> str:
    """`Korea, Republic of` → `Republic of Korea`."""
    head, comma, tail = name.partition(", ")
    return f"{tail} {head}" if comma and tail.endswith((" of", " of the")) else name


def _folded(written: str) -> str:
    plain = unicodedata.normalize("NFKD", written.casefold().replace("&", " and ").replace(".", ""))
    words = re.sub(r"[^a-z0-9 ]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).split()
    if len(words) > 1:  # By itself it is the code of São Tomé.
        words = ["saint" if word == "st" else word for word in words]
    return " ".join(word for word in words if word != "the")
