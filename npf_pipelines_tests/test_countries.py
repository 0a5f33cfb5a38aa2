"""Tests of npf_pipelines.countries."""

import pycountry
import pytest

from npf_pipelines.countries import UnknownCountry, country_code, country_name

CODES = ["XK", *sorted(country.alpha_2 for country in pycountry.countries)]


def test_every_code_has_a_name_that_leads_back_to_it() -> None:
    assert [country_code(code) for code in CODES] == CODES
    assert [country_code(country_name(code)) for code in CODES] == CODES
    assert [country_code(country_name(code).upper()) for code in CODES] == CODES


def test_no_two_countries_share_a_name() -> None:
    assert len({country_name(code) for code in CODES}) == len(CODES)


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


@pytest.mark.parametrize(
    ("code", "name"),
    [("AU", "Australia"), ("KR", "South Korea"), ("TW", "Taiwan"), ("PS", "State of Palestine"), ("XK", "Kosovo")],
)
def test_names_are_in_plain_order(code: str, name: str) -> None:
    assert country_name(code) == name


@pytest.mark.parametrize(
    "written", ["", " ", "the", "-", "XX", "Korea", "Atlantis", "Austria-Hungary", "A", "日本", "61"]
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
