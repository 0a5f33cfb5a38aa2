"""Tests of npf_pipelines.assets.sparkline."""

import base64
import re
from xml.etree import ElementTree

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.assets.sparkline import sparkline

SHOWN_AT_ONCE = 1000
"""Characters from which on the UI hides a value behind a link, as seen in 1.13.27."""


def drawn(value: dg.MetadataValue) -> list[list[tuple[int, int]]]:
    encoded = re.search(r"base64,([^)]*)", str(value.value))
    assert encoded
    svg = ElementTree.fromstring(base64.b64decode(encoded[1]))  # noqa: S314 - drawn by us
    return [[tuple(map(int, one.split(","))) for one in line.attrib["points"].split()] for line in svg]  # type: ignore[misc]


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(-(10**6), 10**9)), max_size=100))
def test_whatever_it_shows_is_seen_at_once_and_inside(points: list[tuple[int, int]]) -> None:
    value = sparkline({"on hand": [one for one, _ in points], "available": [two for _, two in points]})
    assert len(str(value.value)) < SHOWN_AT_ONCE
    assert all(0 <= x <= 240 and 0 <= y <= 60 for line in drawn(value) for x, y in line)


def test_more_is_higher_and_later_is_further_right() -> None:
    ((first, second, third),) = drawn(sparkline({"on hand": [1, 5, 3]}))
    assert second[1] < third[1] < first[1]
    assert first[0] < second[0] < third[0]


def test_the_last_figures_are_in_words() -> None:
    assert "on hand 1,500 (grey), available 7 (blue)" in str(
        sparkline({"on hand": [3, 1500], "available": [3, 7]}).value
    )
