"""Tests of npf_pipelines.cscart.redaction."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.redaction import clean_words, secrets_of
from npf_pipelines_tests.growth import assert_linear

printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6)


@given(user=printable, key=printable, before=st.text(max_size=330), after=st.text())
def test_neither_user_nor_key_is_left(user: str, key: str, before: str, after: str) -> None:
    words = clean_words(f"{before} {user} {key} {after}", secrets_of(user, key))
    outside = clean_words(f"{before} {after}", secrets_of(user, key)) + "[removed]"
    assert user not in words or user in outside
    assert key not in words or key in outside


def test_the_cut_leaves_no_head_of_a_key() -> None:
    words = clean_words("x" * 290 + " S3cr3tKeyS3cr3tKey", secrets_of("u@x.example", "S3cr3tKeyS3cr3tKey"))
    assert "S3cr" not in words


def test_headers_and_urls_give_nothing_away() -> None:
    secrets = secrets_of("api@acme.example", "a/b+c")
    token = base64.b64encode(b"api@acme.example:a/b+c").decode()
    words = clean_words(f"{token} API%40ACME.EXAMPLE a%2Fb%2Bc", secrets)
    assert words == "[removed] [removed] [removed]"


@pytest.mark.parametrize(
    "words",
    [
        "password=hunter2",
        "Password: hunter2",
        '{"user_key_password": "hunter2 and more"}',
        "api_key = 'hunter2'",
        "Authorization: Bearer hunter2",
        "got Basic hunter2",
        "https://me:hunter2@host/",
        "access_token=hunter2&x=1",
    ],
)
def test_anything_like_a_credential_goes(words: str) -> None:
    assert "hunter2" not in clean_words(words, ())


def test_what_is_left_is_one_short_line() -> None:
    assert clean_words("<p>Out\n of</p>  stock", ()) == "Out of stock"
    assert len(clean_words("word " * 1000, ())) == 300
    assert clean_words("", secrets_of("", "")) == ""


@given(at=st.integers(0, 4000), filler=st.sampled_from(["x ", "x", "<b>", "\u4e2d"]))
def test_a_cut_secret_leaves_no_head_wherever_it_is(at: int, filler: str) -> None:
    """Read only in part, a long message could end in half a key."""
    key = "S3cr3tKey" * 30
    words = clean_words((filler * 4000)[:at] + key + " " + "y " * 3000, secrets_of("api@acme.example", key))
    assert "S3cr" not in words
    assert len(words) <= 300


@given(
    before=st.text("<> \n\0\x1b\u202eab", max_size=2300),
    words=st.sampled_from(["//me:hunter2@host", "password=hunter2"]),
)
def test_nothing_like_a_credential_is_left_of_a_long_message(before: str, words: str) -> None:
    assert "hunter2" not in clean_words(f"{before} {words} " + "z " * 2000, ())


@given(st.text(st.characters(codec=None, categories=None), max_size=400))
def test_no_message_holds_what_can_not_be_written(words: str) -> None:
    clean = clean_words(words, ())
    clean.encode()
    assert "\0" not in clean
    assert len(clean.splitlines()) <= 1


def test_half_a_character_in_an_error_becomes_a_question_mark() -> None:
    assert clean_words("bad \ud800 end", ()) == "bad ? end"


@pytest.mark.parametrize("unit", ["x", "<", "key", "a-", "//", "basic ", '"', "password", "key= ", "//a", " "])
def test_the_cost_grows_in_proportion(unit: str) -> None:
    """A word of 10,000 letters once took 54 s, in which no other store was served."""
    assert_linear(lambda words: clean_words(words, secrets_of("api@acme.example", "S3cr3t/Key+1")), unit)
