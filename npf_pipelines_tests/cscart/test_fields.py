"""Tests of npf_pipelines.cscart.fields."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from npf_pipelines.cscart.fields import Row, Unreadable

EMPTY: list[Any] = [None, False, "", [], {}]


def row(value: Any) -> Row:
    return Row({"field": value})


@pytest.mark.parametrize(
    ("value", "number"), [("12", 12), (12, 12), (12.0, 12), ("12.00", 12), (" 12 ", 12), ("0", 0), ("1e3", 1000)]
)
def test_whole_numbers_come_in_any_dress(value: Any, number: int) -> None:
    assert row(value).quantity("field") == number


NO_QUANTITIES: list[Any] = [*EMPTY, "1.5", 1.5, "-1", -1, "1000000", 10**6, "abc", "1_000", "1,000", "0x10", "١٢"]
NO_QUANTITIES += [True, [1], {"a": 1}, "NaN", "Infinity", float("nan"), float("inf"), "1e99", "1e999999999"]
NO_QUANTITIES += [10**5000, "9" * 5000]


@pytest.mark.parametrize("value", NO_QUANTITIES, ids=range(len(NO_QUANTITIES)))
def test_other_quantities_are_unreadable(value: Any) -> None:
    with pytest.raises(Unreadable, match=r"^field: "):
        row(value).quantity("field")


def test_money_keeps_its_cents() -> None:
    assert row("972.10").money("field") == Decimal("972.10")
    assert row(9.74).money("field") == Decimal("9.74")
    assert row(972).money("field") == 972
    assert row("-3.5").money("field") == Decimal("-3.5")
    with pytest.raises(Unreadable):
        row("free").money("field")


@pytest.mark.parametrize("value", EMPTY)
def test_php_has_many_words_for_nothing(value: Any) -> None:
    nothing = row(value)
    assert nothing.text("field") == ""
    assert nothing.money("field") == 0
    assert nothing.optional_id("field") is None
    assert nothing.optional_quantity("field") is None
    assert nothing.ids("field") == ()
    assert list(nothing.rows("field")) == []
    assert nothing.row("field").text("deeper") == ""


def test_zero_is_a_number() -> None:
    assert row("0").optional_quantity("field") == 0
    assert row(0).text("field") == "0"
    assert row("0").optional_id("field") is None


def test_text_is_fit_for_a_table() -> None:
    assert row(" A\0B ").text("field") == "AB"
    row("\ud800x").text("field").encode()
    assert row(2134).text("field") == "2134"
    for value in (["a"], {"a": 1}, True):
        with pytest.raises(Unreadable):
            row(value).text("field")


def test_ids_are_numbers_kept_as_text() -> None:
    assert row("96").number_id("field") == row(96).number_id("field") == "96"
    for value in ("0", "-1", "A1", "1.5", "../1", ""):
        with pytest.raises(Unreadable):
            row(value).number_id("field")
    assert row(["5", 6]).ids("field") == row({"a": 5, "b": "6"}).ids("field") == ("5", "6")


def test_moments_are_utc() -> None:
    assert row("1448517775").moment("field") == datetime(2015, 11, 26, 6, 2, 55, tzinfo=UTC)
    assert row(253402300799).moment("field").year == 9999
    for value in (253402300800, -1, "yesterday"):
        with pytest.raises(Unreadable):
            row(value).moment("field")


@pytest.mark.parametrize(
    ("value", "truth"),
    [("Y", True), (True, True), (1, True), ("1", True), ("N", False), (0, False), (False, False), ([], False)],
)
def test_flags(value: Any, truth: bool) -> None:
    assert row(value).flag("field") is truth


def test_flags_have_a_default() -> None:
    assert Row({}).flag("field", default=True)
    assert not row(False).flag("field", default=True)


def test_the_reason_names_the_path_and_quotes_little() -> None:
    with pytest.raises(Unreadable) as caught:
        dict(Row({"products": {"77": {"amount": "x" * 500}}}).rows("products"))["77"].quantity("amount")
    assert str(caught.value).startswith("products.77.amount: 'xxx")
    assert str(caught.value).count("x") <= 60
    with pytest.raises(Unreadable, match=r"^products: a number is neither"):
        Row({"products": 5}).items("products")
    with pytest.raises(Unreadable, match=r"^products\.0: a number is not an object"):
        list(Row({"products": [5]}).rows("products"))


def test_text_ends_where_the_stores_column_does() -> None:
    assert len(row("x" * 65_535).text("field")) == 65_535
    with pytest.raises(Unreadable, match="longer than 65535") as caught:
        row("x" * 65_536).text("field")
    assert len(str(caught.value)) < 200


def test_keys_are_bounded_and_writable_too() -> None:
    with pytest.raises(Unreadable, match="key longer than 65535") as caught:
        row({"x" * 65_536: {}}).items("field")
    assert len(str(caught.value)) < 200
    assert row({"a\ud800\0": 1}).items("field") == [("a?", 1)]
    with pytest.raises(Unreadable) as caught:
        list(row({"\ud800" + "x" * 1000: 5}).rows("field"))
    assert len(str(caught.value).encode()) < 200


@pytest.mark.parametrize("name", ["\ud800", "a\x1b[31m", "\u202e1"])
def test_a_name_that_can_not_be_written_is_unreadable_and_its_reason_can(name: str) -> None:
    named = Row({name: "x"}, "products")
    for read in (named.names, lambda: named.quantity(name)):
        with pytest.raises(Unreadable) as caught:
            read()
        str(caught.value).encode()
        assert str(caught.value).isprintable()
