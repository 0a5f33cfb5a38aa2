"""Tests of the outcomes: each member says what follows from it, and nothing that is derived from them leaves one out.

Not here: that the SQL over the lake covers them (lake/test_open_rows.py).
"""

import copy
import pickle

import pytest

from npf_pipelines.domain.open_kinds import KINDS, OPEN_KINDS, open_key, open_kind
from npf_pipelines.domain.outcome import Outcome, sql_list, words_of
from npf_pipelines.domain.outcomes import (
    IN_STORE,
    SELF_RELEASING,
    Amount,
    Decision,
    OrderOutcome,
    PushOutcome,
    Rule,
    StatusOutcome,
    StockOutcome,
)
from npf_pipelines.lake.tables import TABLES
from npf_pipelines.rules.stock import DIFFERS, RIGHT

MEMBERS = [outcome for outcomes in Outcome.__subclasses__() for outcome in outcomes]
NOT_COUNTED = {StockOutcome.MOVED, StockOutcome.NO_CODE}
"""Outcomes that a healthy client always has a few of."""

members = pytest.mark.parametrize("outcome", MEMBERS, ids=lambda outcome: f"{type(outcome).__name__}.{outcome.name}")


@members
def test_each_outcome_has_words_and_only_a_persons_says_what_to_do(outcome: Outcome) -> None:
    assert outcome.words
    assert outcome.words == outcome.words.strip().rstrip(".")
    assert bool(outcome.what_to_do) == outcome.needs_person
    assert outcome.what_to_do == "" or outcome.what_to_do.endswith(".")
    assert outcome.is_open == ((outcome.needs_person or outcome.waits) and outcome not in NOT_COUNTED)


@members
def test_each_open_outcome_is_a_kind_of_the_backlog(outcome: Outcome) -> None:
    if isinstance(outcome, Decision):
        rules = [rule for rule in Rule if rule.decision is outcome and rule not in SELF_RELEASING]
        assert {rule.needs_person for rule in rules} == {outcome.needs_person}
        return
    assert (open_key(outcome) in KINDS) == outcome.is_open
    if outcome.is_open:
        kind = KINDS[open_key(outcome)]
        assert kind == open_kind(outcome)
        assert outcome.words in kind.name or isinstance(outcome, Rule)
        assert kind.what_to_do == outcome.what_to_do
        assert kind.about in {"orders", "shipments", "stock"}


def test_a_kind_has_one_outcome() -> None:
    assert len(OPEN_KINDS) == sum(outcome.is_open for outcome in MEMBERS if not isinstance(outcome, Decision))


@members
def test_a_table_of_the_lake_can_hold_each_outcome(outcome: Outcome) -> None:
    columns = [
        table.schema.columns[name]
        for table in TABLES.values()
        for name, outcomes in table.outcomes.items()
        if outcomes is type(outcome)
    ]
    assert columns
    assert all(str(outcome) in check.statistics["allowed_values"] for column in columns for check in column.checks)


@pytest.mark.parametrize("outcome", StockOutcome)
def test_a_wrong_amount_is_seen_by_the_check_of_drift_or_by_that_of_unknown_skus(outcome: StockOutcome) -> None:
    assert (outcome in RIGHT) == (outcome.amount is Amount.RIGHT)
    if outcome.amount is Amount.WRONG and not outcome.is_planned:
        assert (outcome in DIFFERS) == outcome.is_pair
    if outcome.needs_person or outcome.waits:
        assert outcome in DIFFERS or not outcome.is_pair


def test_a_shipment_in_the_store_waits_for_nothing() -> None:
    assert {outcome for outcome in PushOutcome if outcome.in_store} == IN_STORE
    assert not any(outcome.waits or outcome.is_planned for outcome in IN_STORE)


def test_the_stored_values_stay() -> None:
    """They are in tables and in the keys of alerts that earlier releases wrote."""
    assert {open_key(outcome) for outcome in MEMBERS if outcome.is_open and not isinstance(outcome, Decision)} == {
        "order_address_incomplete",
        "order_country_unreadable",
        "order_differs",
        "order_held",
        "order_held_by_person",
        "order_held_by_rule",
        "order_id_used_again",
        "order_no_despatch_code",
        "order_no_product_code",
        "order_no_storefront",
        "order_probable_test_item",
        "order_refused",
        "order_test_item_in_real_order",
        "order_unreadable",
        "shipment_differs_in_store",
        "shipment_refused",
        "shipment_set_aside",
        "shipment_waiting",
        "sku_braked",
        "sku_left_warehouse",
        "sku_not_in_store",
        "sku_refused",
        "sku_several_counts",
        "sku_several_products",
        "sku_uncounted",
        "sku_unreadable",
        "sku_waiting",
        "status_refused",
        "status_waiting",
    }


@members
def test_a_member_is_its_stored_value(outcome: Outcome) -> None:
    assert str(outcome) == outcome.value == outcome
    assert copy.deepcopy(outcome) is outcome
    assert pickle.loads(pickle.dumps(outcome)) is outcome  # noqa: S301 - made here
    assert words_of(type(outcome), str(outcome)) == outcome.words


def test_a_value_of_another_release_is_shown_as_it_is() -> None:
    assert words_of(Rule, "some_new_rule") == "some new rule"


def test_outcomes_become_a_list_of_sql() -> None:
    assert sql_list([OrderOutcome.REFUSED, StatusOutcome.WAITING]) == "('refused', 'waiting')"
