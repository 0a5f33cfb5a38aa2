"""Tests of npf_pipelines.cscart.redaction."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.redaction import clean_words, secrets_of

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
