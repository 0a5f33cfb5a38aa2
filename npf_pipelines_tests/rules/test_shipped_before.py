"""Units that were shipped elsewhere before the import: not ordered, and no edit afterwards."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformRecord
from npf_pipelines.domain.store_orders import OrderLine
from npf_pipelines.rules.after_import import Action
from npf_pipelines.rules.changes import plan_order_update
from npf_pipelines.rules.imports import platform_order
from npf_pipelines.rules.shipped_before import as_ordered_here, is_shipped, left_to_ship
from npf_pipelines_tests.builders import NOON, criteria, line, order

CRITERIA = criteria()
quantities = st.integers(0, 5).flatmap(lambda shipped: st.tuples(st.integers(max(1, shipped), 6), st.just(shipped)))
rows = st.lists(st.tuples(st.sampled_from(["KITE", "DRUM"]), quantities), min_size=1, max_size=4)


def lines(chosen: list[tuple[str, tuple[int, int]]]) -> list[OrderLine]:
    """The store's lines: SKU, units, and units in its shipments."""
    return [
        line(str(place), sku, quantity, shipped=shipped) for place, (sku, (quantity, shipped)) in enumerate(chosen, 1)
    ]


def record_of(chosen: list[OrderLine], shipped_here: int = 0) -> PlatformRecord:
    """The platform's records of them after their import, and after so many units of each SKU were shipped."""
    imported = platform_order(left_to_ship(order(*chosen)), "CS")
    ordered: Counter[str] = Counter()
    for one in imported.lines:
        ordered[one.sku] += one.quantity
    open_units = {sku: units - min(units, shipped_here) for sku, units in ordered.items()}
    status = OrderStatus.BACK_ORDER if shipped_here else OrderStatus.IMPORTED
    return PlatformRecord(imported, status, shipped_here, NOON, NOON, open_units)


@given(rows)
def test_what_was_shipped_elsewhere_is_not_ordered_and_is_no_edit(chosen: list[tuple[str, tuple[int, int]]]) -> None:
    bought = lines(chosen)
    if is_shipped(order(*bought)):
        return
    record = record_of(bought)
    for imported in record.order.lines:
        theirs = bought[int(imported.line_id) - 1]
        assert imported.quantity == theirs.quantity - theirs.shipped
    assert plan_order_update(order(*bought), record, "CS", CRITERIA, NOON).step is Action.NOTHING


@given(rows, st.integers(1, 3))
def test_what_the_warehouse_ships_is_no_edit(chosen: list[tuple[str, tuple[int, int]]], units: int) -> None:
    bought = lines(chosen)
    if is_shipped(order(*bought)):
        return
    record = record_of(bought, units)
    left = {sku: sum(one.quantity for one in record.order.lines if one.sku == sku) for sku in ("KITE", "DRUM")}
    to_lay = {sku: min(units, left[sku]) for sku in left}
    pushed = []
    for one in bought:
        laid = min(to_lay[one.sku], one.quantity - one.shipped)
        to_lay[one.sku] -= laid
        pushed.append(one.model_copy(update={"shipped": one.shipped + laid}))
    assert plan_order_update(order(*pushed), record, "CS", CRITERIA, NOON).step is Action.NOTHING


@given(rows, st.integers(1, 5))
def test_a_raised_quantity_is_ordered(chosen: list[tuple[str, tuple[int, int]]], more: int) -> None:
    bought = lines(chosen)
    if is_shipped(order(*bought)):
        return
    record = record_of(bought)
    raised = [bought[0].model_copy(update={"quantity": bought[0].quantity + more}), *bought[1:]]
    ordered: Counter[str] = Counter()
    for one in as_ordered_here(order(*raised), record).lines:
        ordered[one.sku] += one.quantity
    # The store's full quantity is taken for that of an order from before this rule, which was imported whole.
    sku = bought[0].sku
    imported = sum(one.quantity for one in record.order.lines if one.sku == sku)
    assert ordered[sku] == imported + more


def test_of_an_order_that_was_imported_whole_nothing_is_taken_off() -> None:
    bought = [line(quantity=3)]
    record = record_of(bought)
    theirs = order(line(quantity=3, shipped=1))
    assert plan_order_update(theirs, record, "CS", CRITERIA, NOON).step is Action.NOTHING


def test_an_order_raised_after_all_was_shipped_is_reported() -> None:
    record = record_of([line(quantity=1)], 1)
    assert (
        plan_order_update(order(line(quantity=2, shipped=1)), record, "CS", CRITERIA, NOON).step is not Action.NOTHING
    )
