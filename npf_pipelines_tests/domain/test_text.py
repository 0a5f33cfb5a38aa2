"""Tests of npf_pipelines.domain.text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.text import clean_text, one_line, passable_address
from npf_pipelines_tests.growth import assert_linear

any_text = st.text(st.characters(codec=None, categories=None)) | st.text("\0\x1b\t\r\n\x85\u2028\u202e\u2066\ud800aB é")
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
PERSIAN = "\u0645\u06cc\N{ZERO WIDTH NON-JOINER}\u062e\u0648\u0627\u0647\u0645"


@given(any_text)
def test_what_comes_through_hurts_nobody(text: str) -> None:
    clean = clean_text(text)
    clean.encode()
    assert {unicodedata.category(letter) for letter in clean.replace("\n", "")}.isdisjoint({"Cc", "Cs"})
    assert set(clean).isdisjoint("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert clean_text(clean) == clean


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_letters_of_all_scripts_stay(text: str) -> None:
    kept = "".join(letter for letter in text if letter not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert clean_text(text) == kept


@pytest.mark.parametrize(
    "text", [FAMILY, PERSIAN, "\u200e(02) 1234\u200f", "O\u2019Brien & S\u00f8n\n2nd line", "\U0001f1e6\U0001f1fa"]
)
def test_joiners_emoji_and_line_breaks_stay(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("bad \ud800 end", "bad ? end"),
        ("a\0b", "ab"),
        ("\x1b[31mred\x9b0m", "[31mred0m"),
        ("leave it\r\nat the\rdoor\u2028please\x85", "leave it\nat the\ndoor\nplease\n"),
        ("a\tb", "a b"),
        ("exe.\u202efdp", "exe.fdp"),
    ],
)
def test_what_becomes_of_the_rest(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(any_text, st.integers(1, 20))
def test_no_text_is_longer_than_asked_for(text: str, longest: int) -> None:
    assert len(clean_text(text, longest)) <= longest
    assert clean_text(text, len(text)) == clean_text(text)


@given(any_text)
def test_one_line_is_one(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    "url",
    ["https://auspost.example/1Z", "HTTP://x.example", "www.carrier.example/1Z", "carrier.example:80/1Z", "", "1Z 9"],
)
def test_an_address_of_the_web_is_passed_on(url: str) -> None:
    assert passable_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:x",
        " java\tscript:x",
        "java\nscript:x",
        "\x01javascript:x",
        "data:text/html,x",
    ],
)
def test_code_and_files_are_not(url: str) -> None:
    assert passable_address(url) == ""


@pytest.mark.parametrize("unit", ["a", "\x1b", "\ud800", "\r", " ", "\u202e\u00e9"])
def test_cleaning_costs_in_proportion(unit: str) -> None:
    assert_linear(clean_text, unit)
    assert_linear(one_line, unit)
