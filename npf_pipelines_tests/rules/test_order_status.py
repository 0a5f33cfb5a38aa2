"""Tests of npf_pipelines.rules.order_status."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.outcomes import StatusOutcome
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.order_status import StatusPlan, next_status
from npf_pipelines_tests.builders import line, order

PLAN = StatusPlan(imported_from=frozenset("PO"), shipped="C", partially_shipped="B")

plans = st.builds(
    StatusPlan,
    imported_from=st.frozensets(st.sampled_from("POA"), min_size=1),
    shipped=st.none() | st.sampled_from("CE"),
    partially_shipped=st.none() | st.sampled_from("BH"),
)
letters = st.sampled_from("POACEBHID")


def kites(*shipped: int, status: str = "P") -> Order:
    """An order of single kites, one line for each, of which some have shipped."""
    lines = (line(f"i{number}", "KITE", 1, shipped=units) for number, units in enumerate(shipped))
    return order(*lines, status=status)


@pytest.mark.parametrize("status", ["P", "O", "B"])
def test_an_order_shipped_in_full_becomes_shipped(status: str) -> None:
    step = next_status(kites(1, status=status), PLAN, on_back_order=False)
    assert (step.letter, step.outcome) == ("C", StatusOutcome.SET)


def test_an_order_with_its_rest_on_back_order_becomes_partially_shipped() -> None:
    step = next_status(kites(1, 0), PLAN, on_back_order=True)
    assert (step.letter, step.outcome) == ("B", StatusOutcome.SET)


def test_an_order_whose_rest_is_only_late_is_not_touched() -> None:
    step = next_status(kites(1, 0), PLAN, on_back_order=False)
    assert (step.letter, step.outcome) == (None, StatusOutcome.NOT_ASKED)
    assert "still to be lodged" in step.reason


def test_an_order_shipped_short_keeps_its_status_or_gets_the_one_for_it() -> None:
    step = next_status(kites(1, 0), PLAN, on_back_order=False, is_over=True)
    assert (step.letter, step.outcome) == (None, StatusOutcome.NOT_ASKED)
    assert "1 of KITE were not shipped" in step.reason
    short = replace(PLAN, short_shipped="H")
    assert next_status(kites(1, 0), short, on_back_order=False, is_over=True).letter == "H"
    assert next_status(kites(1, 0, status="H"), short, on_back_order=True).letter == "B"
    assert next_status(kites(1, 1, status="H"), short, on_back_order=False, is_over=True).letter == "C"


def test_lines_whose_ids_were_changed_count_by_what_is_in_the_store() -> None:
    again = order(line("new", "KITE", 2, shipped=0), line("i2", "DRUM", 1, shipped=1))
    assert next_status(again, PLAN, on_back_order=False, in_store={"KITE": 2, "DRUM": 1}).letter == "C"
    assert next_status(again, PLAN, on_back_order=False, in_store={"KITE": 1, "DRUM": 1}).letter is None


def test_what_the_setup_does_not_ask_for_is_not_done() -> None:
    nothing = replace(PLAN, shipped=None, partially_shipped=None)
    for one in (kites(1, 0), kites(1, 1)):
        step = next_status(one, nothing, on_back_order=True)
        assert (step.letter, step.outcome) == (None, StatusOutcome.NOT_ASKED)


@pytest.mark.parametrize("status", ["I", "D", "F", "E"])
def test_what_the_merchant_has_decided_stays(status: str) -> None:
    step = next_status(kites(1, status=status), PLAN, on_back_order=False)
    assert (step.letter, step.outcome) == (None, StatusOutcome.LEFT_ALONE)
    assert f"status {status}" in step.reason


def test_a_shipped_order_is_never_set_back() -> None:
    """Not even when the merchant adds a line to it that then waits for stock."""
    step = next_status(kites(1, 0, status="C"), PLAN, on_back_order=True)
    assert (step.letter, step.outcome) == (None, StatusOutcome.LEFT_ALONE)


MIXED = order(line("i1", shipped=1), line("i2", "PDF", is_download=True), line("i3", ""), line("i4", "DRUM", 0))


def test_downloads_and_lines_that_the_setup_leaves_out_need_no_parcel() -> None:
    assert next_status(MIXED, replace(PLAN, leaves_out_lines_without_code=True), on_back_order=False).letter == "C"


def test_an_order_is_not_complete_while_a_line_without_a_code_has_not_shipped() -> None:
    step = next_status(MIXED, PLAN, on_back_order=False)
    assert (step.letter, step.outcome) == (None, StatusOutcome.NOT_ASKED)
    assert step.reason.startswith("the lines i3 have no product code and have not shipped")
    by_the_merchant = MIXED.model_copy(
        update={"lines": tuple(one.model_copy(update={"shipped": one.quantity}) for one in MIXED.lines)}
    )
    assert next_status(by_the_merchant, PLAN, on_back_order=False).letter == "C"


def test_more_shipped_than_ordered_is_shipped_in_full() -> None:
    assert next_status(kites(1, 2), PLAN, on_back_order=True).letter == "C"
    assert next_status(kites(2, 0), PLAN, on_back_order=True).letter == "B"


@given(
    status=letters, plan=plans, shipped=st.lists(st.integers(0, 2), min_size=1, max_size=3), on_back_order=st.booleans()
)
def test_a_status_is_set_once_and_only_on_an_order_that_is_ours_to_move(
    status: str, plan: StatusPlan, shipped: list[int], on_back_order: bool
) -> None:
    step = next_status(kites(*shipped, status=status), plan, on_back_order=on_back_order)
    assert step.reason
    assert (step.letter is None) == (step.outcome is not StatusOutcome.SET)
    if step.letter:
        assert step.letter != status
        assert status in plan.imported_from | {plan.partially_shipped}
        again = next_status(kites(*shipped, status=step.letter), plan, on_back_order=on_back_order)
        assert (again.letter, again.outcome) == (None, StatusOutcome.ALREADY_SET)


@given(plan=plans, parcels=st.permutations(range(4)), waits=st.lists(st.booleans(), min_size=4, max_size=4))
def test_an_orders_status_goes_only_forwards(plan: StatusPlan, parcels: list[int], waits: list[bool]) -> None:
    status = min(plan.imported_from)
    ranks = {status: 0, plan.partially_shipped: 1, plan.shipped: 2}
    shipped = [0] * 4
    for number, wait in zip(parcels, waits, strict=True):
        shipped[number] = 1
        step = next_status(kites(*shipped, status=status), plan, on_back_order=wait)
        assert step.letter is None or ranks[step.letter] > ranks[status]
        status = step.letter or status
    assert status == plan.shipped or plan.shipped is None
