"""Tests of npf_pipelines.cscart.unreadable."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.cscart.unreadable import read_combination, read_product, read_stub
from npf_pipelines.domain.products import Product, UnreadableProduct
from npf_pipelines.domain.store_orders import OrderStub, UnreadableOrder

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize("amount", [None, "", "1.5", 1.5, "many", [], {"1": "2"}, "99999999999999999999", False])
def test_an_amount_that_is_no_whole_number_is_named_with_its_product(amount: Any) -> None:
    row = {"product_id": "7", "product_code": " KITE ", "amount": amount, "tracking": "B", "is_edp": "Y"}
    product = read_product(row, 3)
    assert isinstance(product, UnreadableProduct)
    assert (product.key, product.sku, product.tracking, product.is_download) == ("7", "KITE", "B", True)
    assert product.is_named
    assert product.reason.startswith("amount: ")
    assert product.amount is None


@pytest.mark.parametrize("amount", ["5.0", 5.0, "5.00", " 5 ", 5])
def test_a_whole_number_with_a_point_is_whole(amount: Any) -> None:
    product = read_product({"product_id": "7", "amount": amount}, 0)
    assert isinstance(product, Product)
    assert product.amount == 5


def test_a_product_without_id_or_code_has_a_name_of_its_own() -> None:
    nameless = read_product({"product_code": "KITE", "amount": "5"}, 3)
    assert isinstance(nameless, UnreadableProduct)
    assert (nameless.key, nameless.sku, nameless.is_named) == ("unnumbered-3", "KITE", False)
    codeless = read_product({"product_id": "7", "product_code": ["?"], "amount": "5"}, 3)
    assert isinstance(codeless, UnreadableProduct)
    assert (codeless.key, codeless.sku, codeless.is_named) == ("7", "", False)
    combination = read_combination({"product_id": "7", "amount": "5"}, "7", 2)
    assert isinstance(combination, UnreadableProduct)
    assert (combination.key, combination.is_named) == ("7/unnumbered-2", False)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("product_id", "product_code", "amount", "tracking"), JSON)) | JSON
)
def test_whatever_a_row_holds_it_is_a_product_or_a_reason(raw: object) -> None:
    for product in (read_product(raw, 1), read_combination(raw, "7", 1)):
        assert product.key
        assert isinstance(product, Product) or product.reason


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("order_id", "timestamp", "status"), JSON)) | JSON)
def test_whatever_a_row_holds_it_is_a_stub_or_a_reason(raw: object) -> None:
    stub = read_stub(raw)
    assert isinstance(stub, OrderStub) or (isinstance(stub, UnreadableOrder) and stub.reason)
