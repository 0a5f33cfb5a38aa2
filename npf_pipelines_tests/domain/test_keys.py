"""Tests of npf_pipelines.domain.keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.fields import Row
from npf_pipelines.domain.keys import as_label, as_stored, shown, units_by_key


@given(st.text())
def test_a_label_is_one_line_that_can_be_seen_and_stays_so(text: str) -> None:
    label = as_label(text)
    assert as_label(label) == label
    assert label == label.strip()
    assert label.isprintable()


@given(st.text())
def test_what_is_compared_is_what_the_store_gives_back(text: str) -> None:
    assert as_stored(as_stored(text)) == as_stored(text)
    assert Row({"sku": text}).text("sku") == as_stored(text)
    assert as_label(as_stored(text)) == as_label(text)


@pytest.mark.parametrize(
    ("text", "label"),
    [(" T 1 ", "T 1"), ("T\u200b1", "T1"), ("T1\nT2", "T1 T2"), ("T\xa01", "T 1"), ("\0T1", "T1"), ("\u200b ", "")],
)
def test_blanks_become_one_and_what_nobody_sees_goes(text: str, label: str) -> None:
    assert as_label(text) == label


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("KITE", "KITE"),
        ("KITE ", '"KITE "'),
        ("KI\u200bTE", '"KI\\u200bTE"'),
        ("Ünïcode 1", "Ünïcode 1"),
        ("\t", '"\\t"'),
    ],
)
def test_what_would_mislead_is_escaped(key: str, said: str) -> None:
    assert shown(key) == said


def test_units_of_skus_that_differ_by_blanks_are_added_up() -> None:
    assert units_by_key([("KITE ", 1), ("DRUM", 0), ("KITE", 2)]) == {"KITE": 3}
