"""Tests of npf_pipelines.config.countries."""

from pathlib import Path

import pycountry
import pytest
from babel import Locale

from npf_pipelines.config.countries import UnknownCountry, country_code, country_name

PLATFORM_NAMES = Path(__file__).parent / "data" / "platform_countries.txt"
"""The name of each country as orders have always had it on the platform."""

CODES = ["XK", *sorted(country.alpha_2 for country in pycountry.countries)]


def test_every_code_has_a_name_that_leads_back_to_it() -> None:
    assert [country_code(code) for code in CODES] == CODES
    assert [country_code(country_name(code)) for code in CODES] == CODES
    assert [country_code(country_name(code).upper()) for code in CODES] == CODES


def test_no_two_countries_share_a_name() -> None:
    assert len({country_name(code) for code in CODES}) == len(CODES)


def test_the_names_on_the_platform_never_change() -> None:
    names = dict(line.split(" ", 1) for line in PLATFORM_NAMES.read_text(encoding="utf-8").splitlines())
    assert {code: country_name(code) for code in CODES} == names


def test_every_english_name_of_unicode_means_its_own_country() -> None:
    names = {code: name for code, name in Locale("en").territories.items() if code in CODES}
    assert {code: country_code(name) for code, name in names.items()} == {code: code for code in names}


def test_every_spelling_of_the_norm_means_its_own_country() -> None:
    spellings = {
        (spelling, country.alpha_2)
        for country in pycountry.countries
        for field in ("alpha_2", "alpha_3", "name", "common_name", "official_name")
        if (spelling := getattr(country, field, ""))
    }
    assert {(spelling, country_code(spelling)) for spelling, _ in spellings} == spellings


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Australia", "AU"),
        ("  new   zealand ", "NZ"),
        ("NZ", "NZ"),
        ("nzl", "NZ"),
        ("NO", "NO"),
        ("UK", "GB"),
        ("U.K.", "GB"),
        ("England", "GB"),
        ("Great Britain", "GB"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("South Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("Republic of Korea", "KR"),
        ("Korea, Democratic People's Republic of", "KP"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("Taiwan", "TW"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("Turkiye", "TR"),
        ("Cote d'Ivoire", "CI"),
        ("CÔTE D’IVOIRE", "CI"),  # noqa: RUF001 - the apostrophe of typesetters
        ("Trinidad & Tobago", "TT"),
        ("the Netherlands", "NL"),
        ("Kosovo", "XK"),
    ],
)
def test_names_as_people_and_stores_write_them(written: str, code: str) -> None:
    assert country_code(written) == code


CARTS_NAMES = {
    "AX": ["Åland Islands", "Aland Islands"],
    "AG": ["Antigua & Barbuda"],
    "BA": ["Bosnia & Herzegovina", "Bosnia and Herzegowina", "Bosnia-Herzegovina"],
    "BL": ["Saint Barthélemy", "St. Barthélemy"],
    "BN": ["Brunei", "Brunei Darussalam"],
    "BO": ["Bolivia", "Bolivia, Plurinational State of"],
    "BQ": ["Bonaire, Saint Eustatius and Saba", "Caribbean Netherlands"],
    "BS": ["Bahamas", "The Bahamas"],
    "CC": ["Cocos (Keeling) Islands"],
    "CD": ["Congo (Kinshasa)", "Congo - Kinshasa", "Congo, The Democratic Republic of the"],
    "CG": ["Congo", "Congo (Brazzaville)", "Congo - Brazzaville", "Republic of the Congo"],
    "CI": ["Ivory Coast", "Côte d'Ivoire", "Cote D'ivoire"],
    "CV": ["Cape Verde", "Cabo Verde"],
    "CW": ["Curaçao", "Curacao"],
    "CZ": ["Czech Republic", "Czechia"],
    "FK": ["Falkland Islands", "Falkland Islands (Malvinas)"],
    "FM": ["Micronesia", "Micronesia, Federated States of"],
    "FO": ["Faroe Islands", "Faeroe Islands"],
    "FR": ["France, Metropolitan"],
    "GB": ["United Kingdom (UK)", "Great Britain (UK)", "Britain"],
    "GM": ["Gambia", "Gambia, The"],
    "GS": [
        "S. Georgia and S. Sandwich Isls.",
        "South Georgia & South Sandwich Islands",
        "South Georgia/Sandwich Islands",
    ],
    "HK": ["Hong Kong", "Hong Kong SAR China"],
    "HM": ["Heard & McDonald Islands", "Heard and McDonald Islands", "Heard Island and McDonald Islands"],
    "HR": ["Croatia (local name: Hrvatska)", "Croatia (Hrvatska)"],
    "IE": ["Republic of Ireland", "Ireland"],
    "IR": ["Iran", "Iran (Islamic Republic of)", "Islamic Republic of Iran"],
    "KN": ["Saint Kitts & Nevis", "St. Kitts & Nevis"],
    "KP": ["North Korea", "Korea, North", "Korea, Democratic People's Republic"],
    "KR": ["Korea", "Korea, South", "Korea (South)", "Korea, Republic of"],
    "LA": ["Laos", "Lao People's Democratic Republic"],
    "LC": ["Saint Lucia", "St. Lucia", "St Lucia"],
    "LY": ["Libya", "Libyan Arab Jamahiriya"],
    "MD": ["Moldova", "Moldova, Republic of"],
    "MF": ["Saint Martin", "St. Martin", "Saint Martin (French part)"],
    "MK": ["Macedonia", "North Macedonia", "Macedonia, The Former Yugoslav Republic of", "Macedonia (FYROM)"],
    "MM": ["Myanmar", "Myanmar (Burma)"],
    "MO": ["Macau", "Macao SAR China", "Macao S.A.R., China"],
    "PM": ["Saint Pierre and Miquelon", "St. Pierre & Miquelon"],
    "PN": ["Pitcairn", "Pitcairn Islands"],
    "PS": ["Palestinian Territory", "Palestinian Territories", "Palestinian Territory, Occupied"],
    "PW": ["Belau", "Palau"],
    "RE": ["Reunion", "Réunion"],
    "RU": ["Russia", "Russian Federation"],
    "SH": ["Saint Helena", "St. Helena"],
    "SJ": ["Svalbard & Jan Mayen", "Svalbard and Jan Mayen Islands"],
    "SK": ["Slovakia", "Slovakia (Slovak Republic)"],
    "ST": ["São Tomé & Príncipe", "Sao Tome and Principe"],
    "SX": ["Sint Maarten", "Saint Martin (Dutch part)", "St. Maarten"],
    "SY": ["Syria", "Syrian Arab Republic"],
    "SZ": ["Swaziland", "Eswatini"],
    "TC": ["Turks & Caicos Islands", "Turks and Caicos"],
    "TL": ["East Timor", "Timor-Leste"],
    "TR": ["Turkey", "Türkiye"],
    "TW": ["Taiwan", "Taiwan, Province of China"],
    "TZ": ["Tanzania", "Tanzania, United Republic of"],
    "UM": ["U.S. Outlying Islands", "United States (US) Minor Outlying Islands"],
    "US": ["United States (US)", "America", "United States of America"],
    "VA": ["Vatican", "Vatican City State", "Vatican City State (Holy See)", "Holy See (Vatican City State)"],
    "VC": ["St. Vincent & Grenadines", "Saint Vincent and The Grenadines"],
    "VE": ["Venezuela", "Venezuela, Bolivarian Republic of"],
    "VG": ["British Virgin Islands", "Virgin Islands (British)", "Virgin Islands, British"],
    "VI": [
        "U.S. Virgin Islands",
        "US Virgin Islands",
        "United States (US) Virgin Islands",
        "Virgin Islands (U.S.)",
        "Virgin Islands, U.S.",
    ],
    "VN": ["Vietnam", "Viet Nam"],
    "WF": ["Wallis & Futuna", "Wallis And Futuna Islands"],
    "WS": ["Samoa", "Western Samoa"],
}
"""Names in the countries' lists of CS-Cart, WooCommerce, Magento and Shopify that differ between them."""


@pytest.mark.parametrize(("code", "written"), [(code, name) for code, names in CARTS_NAMES.items() for name in names])
def test_names_as_carts_list_them(code: str, written: str) -> None:
    assert country_code(written) == code


@pytest.mark.parametrize(
    ("code", "name"),
    [("AU", "Australia"), ("KR", "South Korea"), ("TW", "Taiwan"), ("PS", "State of Palestine"), ("XK", "Kosovo")],
)
def test_names_are_in_plain_order(code: str, name: str) -> None:
    assert country_name(code) == name


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "the",
        "-",
        "XX",
        "Virgin Islands",
        "Atlantis",
        "Austria (Germany)",
        "Sydney",
        "British",
        "Austria-Hungary",
        "A",
        "日本",
        "61",
    ],
)
def test_what_is_no_country_is_refused(written: str) -> None:
    with pytest.raises(UnknownCountry, match="is no country"):
        country_code(written)


@pytest.mark.parametrize("code", ["", "XX", "AUS", "Australia"])
def test_a_code_of_no_country_has_no_name(code: str) -> None:
    with pytest.raises(UnknownCountry, match="no ISO country code"):
        country_name(code)


def test_a_long_mistake_is_quoted_short() -> None:
    with pytest.raises(UnknownCountry) as refused:
        country_code("x" * 1000)
    assert len(str(refused.value)) < 200
