"""Tests of how PHP reads values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.sandbox.php import MEDIUMINT, first_letter, identifier, query, several, truth, whole_number

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("value", ["N", "false", "no", 1, -1, [0], True])
def test_truth(value: object) -> None:
    assert truth(value)


@pytest.mark.parametrize("value", ["0", "", 0, 0.0, None, False, [], {}])
def test_untruth(value: object) -> None:
    assert not truth(value)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("abc", 0),
        (None, 0),
        (12.7, 13),
        ("12.7", 13),
        (-2.5, -3),
        ("12 pieces", 12),
        (8_388_608, 8_388_607),
        ("1e400", 8_388_607),
        (-9e9, -8_388_608),
        (True, 1),
        ([5], 0),
    ],
)
def test_an_amount_is_coerced(value: object, stored: int) -> None:
    assert whole_number(value) == stored


@given(_JSON)
def test_any_value_becomes_an_amount_that_the_column_holds(value: object) -> None:
    low, high = MEDIUMINT
    assert low <= whole_number(value) <= high


@given(st.integers(*MEDIUMINT))
def test_a_whole_number_stays_itself(number: int) -> None:
    assert whole_number(number) == whole_number(str(number)) == number


def test_the_first_letter_is_kept() -> None:
    assert first_letter("Canceled") == "C"
    assert first_letter("p") == "p"
    assert first_letter(None) == first_letter("") == first_letter(["P"]) == ""


def test_a_query_collects_brackets_and_keeps_the_last_plain_value() -> None:
    read = query([("a[]", "1"), ("a[]", "2"), ("b", "1"), ("b", "2,3")])
    assert read == {"a": ["1", "2"], "b": "2,3"}
    assert several(read, "a") == ["1", "2"]
    assert several(read, "b") == ["2,3"]
    assert several(read, "b", commas=True) == ["2", "3"]


def test_an_identifier_that_is_none_is_nobodys() -> None:
    assert identifier("12") == 12
    assert identifier("abc") == identifier("-1") == identifier("") == 0
