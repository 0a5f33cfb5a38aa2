"""A shopper's options, as one text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.options import chosen_options
from npf_pipelines.cscart.order_parser import parse_order
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.sandbox.samples import documented

SIZE = {"option_id": "3", "option_name": "Size", "option_type": "S", "value": "12", "variant_name": "L"}
ENGRAVING = {"option_id": "4", "option_name": "Engraving", "option_type": "I", "value": "With love", "variant_name": ""}
ITEM = "1061624811"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("values", "choices", "text"),
    [
        ([SIZE, ENGRAVING], {"3": "12", "4": "With love"}, "Size: L; Engraving: With love"),
        ({"0": SIZE, "1": ENGRAVING}, [], "Size: L; Engraving: With love"),
        ([SIZE], {"3": "12", "4": "With love"}, "Size: L; Option 4: With love"),
        ([], {"3": "12"}, "Option 3: 12"),
        (None, None, ""),
        (False, [], ""),
        ([ENGRAVING | {"value": ""}], {"4": ""}, ""),
        ([SIZE | {"option_name": ""}], [], "Option: L"),
        ([SIZE | {"variant_name": ["L", "Tall"]}], [], "Size: L, Tall"),
        ([ENGRAVING | {"value": " With\r\n  love "}], [], "Engraving: With love"),
        ([ENGRAVING | {"value": "Tom &amp; Zo&euml;"}], [], "Engraving: Tom & Zoë"),
        ([ENGRAVING | {"value": "&amp;amp;"}], [], "Engraving: &amp;"),
        ([ENGRAVING | {"value": "a\0b\ud800"}], [], "Engraving: ab?"),
        (["odd", 7, [SIZE]], "odd", ""),
        ([ENGRAVING | {"value": 10**5000}], [], ""),
    ],
)
def test_options_are_one_text(values: object, choices: object, text: str) -> None:
    assert chosen_options(values, choices) == text


@given(values=json_values, choices=json_values)
def test_no_options_refuse_an_order(values: object, choices: object) -> None:
    text = chosen_options(values, choices)
    assert text == " ".join(text.split())
    text.encode()


def _read(extra: dict[str, Any]) -> Order:
    raw = documented("order-96.json")
    line = raw["products"][ITEM]
    order = parse_order(raw | {"products": {ITEM: line | {"extra": line["extra"] | extra}}})
    assert isinstance(order, Order)
    return order


def test_a_line_of_the_documented_order_carries_what_was_chosen() -> None:
    assert _read({}).lines[0].options == ""
    chosen = _read({"product_options_value": [SIZE, ENGRAVING]}).lines[0]
    assert (chosen.options, chosen.description) == ("Size: L; Engraving: With love", "ASUS CP6130")


def test_options_in_any_form_leave_the_order_readable() -> None:
    odds: list[Any] = [None, False, "", "x" * 100_000, 7, [[]], {"a": {"b": []}}, [{"option_name": {"x": 1}}]]
    for odd in odds:
        assert json.dumps(odd)
        _read({"product_options_value": odd, "product_options": odd})
