"""The meanings of statuses, and which setups contradict themselves."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, Status, UnknownStatus
from npf_pipelines.rules.setup_check import NOT_READ, misfits
from npf_pipelines.rules.status_meaning import Meaning, StatusMeanings, status_meanings

STORE = (
    *SHIPPED_STATUSES,
    Status(letter="E", name="On hold", takes_stock=True),
    Status(letter="R", name="Refunded", takes_stock=False),
    Status(letter="X", name="Printed", takes_stock=False, moves_stock=False),
)
LETTERS = st.sampled_from("PCOFDBINTERX?")


def setup(tracking: dict[str, Any] | None = None, **orders: Any) -> MasterSetup:
    return MasterSetup.model_validate(
        {
            "id": "acme",
            "name": "Acme",
            "store": {
                "url": "https://shop.example",
                "api_user": "api@shop.example",
                "api_key_env": "KEY",
                "user_id": 1,
                "time_zone": "UTC",
            },
            "orders": {"start_date": date(2026, 11, 1), "statuses": ["Processed"]} | orders,
            "tracking": tracking or {},
            "stock": {"quantity": "off"},
        }
    )


def meanings(tracking: dict[str, Any] | None = None, *, were_read: bool = True, **orders: Any) -> StatusMeanings:
    return status_meanings(setup(tracking, **orders), STORE, were_read=were_read)


@pytest.mark.parametrize(
    ("letter", "meaning"),
    [
        ("P", Meaning.WANTED),
        ("C", Meaning.FINAL),
        ("O", Meaning.UNCLEAR),
        ("E", Meaning.UNCLEAR),
        ("X", Meaning.UNCLEAR),
        ("?", Meaning.UNCLEAR),
        ("F", Meaning.STOP),
        ("I", Meaning.STOP),
        ("R", Meaning.STOP),
        ("B", Meaning.OUT_OF_STOCK),
        ("N", Meaning.HIDDEN),
        ("T", Meaning.HIDDEN),
    ],
)
def test_without_names_the_stores_own_parameter_decides(letter: str, meaning: Meaning) -> None:
    assert meanings().of(letter) is meaning


@given(
    st.builds(
        StatusMeanings,
        statuses=st.just(STORE),
        were_read=st.booleans(),
        wanted=st.frozensets(LETTERS),
        continued=st.frozensets(LETTERS),
        stopping=st.frozensets(LETTERS),
        shipped=st.none() | LETTERS,
        partially_shipped=st.none() | LETTERS,
        short_shipped=st.none() | LETTERS,
    ),
    LETTERS,
)
def test_what_the_setup_names_wins_over_everything_else(found: StatusMeanings, letter: str) -> None:
    meaning = found.of(letter)
    named = {found.shipped, found.partially_shipped, found.short_shipped}
    if letter in found.wanted:
        assert meaning is Meaning.WANTED
    elif letter in found.continued:
        assert meaning is Meaning.CONTINUE
    elif letter in found.stopping:
        assert meaning is Meaning.STOP
    elif letter in named:
        assert meaning is Meaning.FINAL
    elif letter in "EX?":
        assert meaning is Meaning.UNCLEAR


def test_complete_is_final_only_as_long_as_nothing_else_says_what_is() -> None:
    renamed = tuple(one.model_copy(update={"name": "Packed"}) if one.letter == "C" else one for one in STORE)
    own = replace(meanings({"shipped_status": "On hold"}), statuses=renamed)
    assert own.final == {"E"}
    assert own.of("C") is Meaning.UNCLEAR
    assert replace(own, were_read=False).final == {"E", "C"}
    assert meanings({"shipped_status": "On hold"}).final == {"E", "C"}
    assert meanings({"shipped_status": "On hold"}, continue_statuses=["Complete"]).of("C") is Meaning.CONTINUE


@pytest.mark.parametrize(
    ("tracking", "orders"),
    [
        ({"shipped_status": "Complete"}, {"statuses": ["Processed", "Complete"]}),
        ({"partially_shipped_status": "Open"}, {"statuses": ["Processed", "Open"]}),
        ({"partially_shipped_status": "On hold"}, {"continue_statuses": ["On hold"]}),
        ({"shipped_status": "Complete", "short_shipped_status": "Complete"}, {}),
        ({}, {"continue_statuses": ["Processed"]}),
    ],
)
def test_no_contradiction(tracking: dict[str, str], orders: dict[str, Any]) -> None:
    meanings(tracking, **orders)
    assert not any("can't both" in one for one in misfits(setup(tracking, **orders), STORE, were_read=True))


@pytest.mark.parametrize(
    ("tracking", "orders", "field"),
    [
        ({}, {"stop_statuses": ["processed"]}, "orders.statuses"),
        ({}, {"stop_statuses": ["On hold"], "continue_statuses": [" on HOLD"]}, "orders.continue_statuses"),
        ({"shipped_status": "Complete"}, {"stop_statuses": ["Complete"]}, "tracking.shipped_status"),
        ({"partially_shipped_status": "E"}, {"stop_statuses": ["E"]}, "tracking.partially_shipped_status"),
        ({"short_shipped_status": "E"}, {"stop_statuses": ["E"]}, "tracking.short_shipped_status"),
    ],
)
def test_a_contradiction_that_the_text_shows_is_refused_at_loading(
    tracking: dict[str, str], orders: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError, match=rf"orders\.stop_statuses names .* and {field} names"):
        setup(tracking, **orders)


def test_letters_differ_by_their_case() -> None:
    assert setup(statuses=["p"], stop_statuses=["P"]).orders.stop_statuses == ("P",)


@pytest.mark.parametrize(
    ("tracking", "orders", "field"),
    [
        ({}, {"stop_statuses": ["Paid"]}, "orders.statuses"),
        ({}, {"stop_statuses": ["E"], "continue_statuses": ["On hold"]}, "orders.continue_statuses"),
        ({"shipped_status": "C"}, {"stop_statuses": ["Completed"]}, "tracking.shipped_status"),
    ],
)
def test_two_names_of_one_status_contradict_each_other_in_the_store(
    tracking: dict[str, str], orders: dict[str, Any], field: str
) -> None:
    written = setup(tracking, **orders)
    with pytest.raises(SetupError, match=rf"orders\.stop_statuses names .* and {field} names"):
        status_meanings(written, STORE, were_read=True)
    assert any(field in one and "the same status" in one for one in misfits(written, STORE, were_read=True))


def test_all_names_that_the_store_lacks_are_said_at_once_each_with_its_field() -> None:
    written = setup({"shipped_status": "Compleet"}, statuses=["Payd", "Processed"], stop_statuses=["Zzz"])
    with pytest.raises(UnknownStatus) as refused:
        status_meanings(written, (*STORE, Status(letter="Y", name="Paid", takes_stock=True)), were_read=True)
    assert str(refused.value).startswith(
        "orders.statuses: 'Payd' is no status of the store (did you mean Paid?); "
        "orders.stop_statuses: 'Zzz' is no status of the store; "
        "tracking.shipped_status: 'Compleet' is no status of the store (did you mean Complete?). It has: "
    )


def test_every_field_is_checked_against_the_store() -> None:
    written = setup(
        {"short_shipped_status": "Refunded"}, continue_statuses=["Shiny"], stop_statuses=["Dull"], statuses=["Paid"]
    )
    found = misfits(written, STORE, were_read=False)
    assert [one.partition(":")[0] for one in found] == [
        NOT_READ.partition(":")[0],
        "orders.continue_statuses",
        "orders.stop_statuses",
        "tracking.short_shipped_status",
    ]
