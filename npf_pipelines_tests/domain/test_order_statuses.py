"""Tests of npf_pipelines.domain.order_statuses."""

import pytest

from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, Status, UnknownStatus, status_letter


def has(**names: str) -> list[Status]:
    return [Status(letter=letter, name=name, takes_stock=True) for letter, name in names.items()]


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("Processed", "P"),
        ("Paid", "P"),
        ("complete", "C"),
        ("Completed", "C"),
        ("OPEN", "O"),
        ("Failed", "F"),
        ("Declined", "D"),
        ("Back Ordered", "B"),
        ("Backordered", "B"),
        ("back-order", "B"),
        ("Backorders", "B"),
        ("Cancelled", "I"),
        ("Canceled", "I"),
        (" canceled ", "I"),
        ("P", "P"),
        ("I", "I"),
    ],
)
def test_shipped_names_in_common_spellings(name: str, letter: str) -> None:
    assert status_letter(name, SHIPPED_STATUSES) == letter


def test_the_shipped_list_is_as_documented() -> None:
    assert {status.letter for status in SHIPPED_STATUSES if status.takes_stock} == set("PCO")
    assert {status.letter for status in SHIPPED_STATUSES if not status.takes_stock} == set("FDBI")


def test_the_stores_own_names_come_first() -> None:
    assert status_letter("Complete", has(C="Closed", E="Complete")) == "E"
    assert status_letter("Completed", has(C="Closed", E="Complete")) == "E"
    assert status_letter("Packed", has(P="Paid", X="Packed")) == "X"
    assert status_letter("Оплачен", has(P="Оплачен")) == "P"


def test_shipped_names_hold_where_the_store_still_has_the_letter() -> None:
    assert status_letter("Processed", has(P="Bezahlt", C="Fertig")) == "P"
    with pytest.raises(UnknownStatus):
        status_letter("Backordered", has(P="Bezahlt", C="Fertig"))


def test_the_exact_name_wins_over_another_spelling() -> None:
    both = has(B="Backordered", X="Back order")
    assert status_letter("back order", both) == "X"
    assert status_letter("Backordered", both) == "B"
    with pytest.raises(UnknownStatus, match="several"):
        status_letter("Back-ordered", both)


@pytest.mark.parametrize("name", ["Canc", "Shipped", "", "  ", "-", "Z", "N", "p", "Incomplete"])
def test_an_unknown_name_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(UnknownStatus, match=r"Processed \(P\), Complete \(C\)"):
        status_letter(name, SHIPPED_STATUSES)
