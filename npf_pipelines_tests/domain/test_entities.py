"""HTML entities in the store's texts."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.parsing import parse_order
from npf_pipelines.domain.entities import without_entities
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.sandbox.samples import documented


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("O&#039;Brien", "O'Brien"),
        ("O&#x27;Brien", "O'Brien"),
        ("Zo&euml; &amp; Co", "Zoë & Co"),
        ("&quot;The Mill&quot;", '"The Mill"'),
        ("&amp;amp;", "&amp;"),
        ("&amp;#039;", "&#039;"),
        ("AT&T", "AT&T"),
        ("Marks &amp Spencer", "Marks &amp Spencer"),
        ("a&copy=2", "a&copy=2"),
        ("&notit;", "&notit;"),
        ("&nosuch; &;", "&nosuch; &;"),
        ("& ; &#; &#x;", "& ; &#; &#x;"),
    ],
)
def test_only_whole_entities_are_decoded_and_once(kept: str, typed: str) -> None:
    assert without_entities(kept) == typed


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_a_form_escaped_is_read_as_it_was_typed(typed: str) -> None:
    assert without_entities(html.escape(typed)) == typed


@given(st.text("&#;xamp039"))
def test_no_text_is_refused(text: str) -> None:
    assert isinstance(without_entities(text), str)


def test_names_and_addresses_of_an_order_are_decoded_and_its_notes_are_not() -> None:
    raw = documented("order-96.json") | {
        "s_firstname": "Zo&euml;",
        "s_lastname": "O&#039;Brien",
        "s_address": "1 King&#039;s &amp; Queen&#039;s Rd",
        "s_city": "&nbsp;",
        "company": "Lee &amp;amp; Sons",
        "notes": "&amp;",
    }
    order = parse_order(raw)
    assert isinstance(order, Order)
    assert (order.ship_to.name, order.ship_to.address_1) == ("Zoë O'Brien", "1 King's & Queen's Rd")
    assert (order.ship_to.city, order.company, order.notes) == ("", "Lee &amp; Sons", "&amp;")
