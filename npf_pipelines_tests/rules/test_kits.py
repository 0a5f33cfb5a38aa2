"""Orders in parts, and back: edits and cancellations compare what the store sold."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from npf_pipelines.domain.platform_orders import OrderStatus, PlatformOrder, PlatformRecord
from npf_pipelines.domain.sku_map import NO_MAP, SkuMap
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.rules.after_import import Action
from npf_pipelines.rules.changes import plan_order_update
from npf_pipelines.rules.imports import platform_order
from npf_pipelines.rules.kits import as_sold, in_parts, map_at_import
from npf_pipelines_tests.builders import NOON, criteria, line, order

MAP = SkuMap({"T": {"TEA": 1}, "TEA6": {"TEA": 6}, "SET": {"CUP": 1, "TEA": 2}})
CRITERIA = criteria()


def record(in_store: Order, sku_map: SkuMap = MAP, **shipped: int) -> PlatformRecord:
    """The platform's record of an order, with units shipped by line as `i1_2` for `i1/2`."""
    return of_lines(in_parts(platform_order(in_store, "CS"), sku_map), **shipped)


def of_lines(imported: PlatformOrder, **shipped: int) -> PlatformRecord:
    """The record of an order as it was imported."""
    by_line = {name.replace("_", "/"): units for name, units in shipped.items()}
    open_units: Counter[str] = Counter()
    for part in imported.lines:
        open_units[part.sku] += part.quantity - by_line.get(part.line_id, 0)
    return PlatformRecord(
        imported, OrderStatus.IMPORTED, sum(by_line.values()), NOON, NOON, open_units, shipped=by_line
    )


def test_each_part_is_a_line_that_knows_its_kit() -> None:
    sold = order(line("i1", "SET", 3, price=Decimal(30), options="Size: L"), line("i2", "KITE"), line("i3", "T"))
    lines = in_parts(platform_order(sold, "CS"), MAP).lines
    assert [(part.line_id, part.sku, part.quantity, part.kit_sku, part.kit_quantity) for part in lines] == [
        ("i1/1", "CUP", 3, "SET", 3),
        ("i1/2", "TEA", 6, "SET", 3),
        ("i2", "KITE", 1, None, None),
        ("i3", "TEA", 1, "T", 1),
    ]
    assert [part.unit_price for part in lines[:2]] == [10, 10]
    assert {part.options for part in lines[:2]} == {"Size: L"}


def test_an_order_without_codes_of_the_map_stays_as_it_is() -> None:
    plain = platform_order(order(), "CS")
    assert in_parts(plain, MAP) is plain
    imported = record(order())
    assert as_sold(imported) is imported


lines_of = st.lists(st.tuples(st.sampled_from(["T", "TEA6", "SET", "KITE", "TEA"]), st.integers(1, 4)), min_size=1)


@given(lines_of)
def test_an_order_in_parts_is_the_order_that_was_sold(written: list[tuple[str, int]]) -> None:
    sold = order(*(line(f"i{number}", sku, units) for number, (sku, units) in enumerate(written)))
    imported = as_sold(record(sold))
    assert replace(imported.order, lines=()) == replace(platform_order(sold, "CS"), lines=())
    assert {part.line_id: replace(part, unit_price=Decimal(0)) for part in imported.order.lines} == {
        part.line_id: replace(part, unit_price=Decimal(0)) for part in platform_order(sold, "CS").lines
    }
    assert plan_order_update(sold, imported, "CS", CRITERIA, NOON).step is Action.NOTHING


@example(before=[("T", 4)], after=[("TEA6", 1), ("TEA6", 3)])
@example(before=[("T", 2), ("TEA6", 1), ("T", 1)], after=[("T", 1), ("T", 1)])
@given(lines_of, lines_of)
def test_an_edit_is_planned_in_the_codes_of_the_store_and_written_in_parts(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    first, second = (
        order(*(line(f"i{number}", sku, units) for number, (sku, units) in enumerate(written)))
        for written in (before, after)
    )
    imported = as_sold(record(first))
    plan = plan_order_update(second, imported, "CS", CRITERIA, NOON)
    written = in_parts(plan.order, map_at_import(imported, MAP, MAP.parts)) if plan.order else record(first).order
    after_edit = as_sold(of_lines(written))
    assert plan_order_update(second, after_edit, "CS", CRITERIA, NOON).step is Action.NOTHING


@pytest.mark.parametrize("price", [None, "12,50"])
def test_a_part_without_a_readable_price_is_no_edit(price: Any) -> None:
    """A view of NPF's, or a line that the warehouse has split by hand."""
    whole = record(order(line("i1", "SET", 3)))
    parts = tuple(replace(part, unit_price=price) for part in whole.order.lines)
    imported = as_sold(replace(whole, order=replace(whole.order, lines=parts)))
    plan = plan_order_update(order(line("i1", "SET", 3)), imported, "CS", CRITERIA, NOON)
    assert plan.step is Action.NOTHING


def test_a_kit_counts_as_shipped_once_all_of_its_parts_are() -> None:
    sold = order(line("i1", "SET", 3))
    assert as_sold(record(sold, i1_1=3, i1_2=3)).open_units == {"SET": 2}
    assert as_sold(record(sold, i1_1=3, i1_2=6)).open_units == {"SET": 0}


def test_an_imported_order_keeps_what_it_was_imported_with() -> None:
    sold = order(line("i1", "TEA6", 2), line("i2", "KITE"))
    changed = SkuMap({"TEA6": {"TEA": 5}, "KITE": {"PAPER": 1}, "T": {"TEA": 1}})
    imported = as_sold(record(sold))
    assert plan_order_update(sold, imported, "CS", CRITERIA, NOON).step is Action.NOTHING
    edited = order(line("i1", "TEA6", 3), line("i2", "KITE", 2), line("i3", "T"))
    plan = plan_order_update(edited, imported, "CS", CRITERIA, NOON)
    assert plan.step is Action.UPDATE
    assert plan.differs == (
        "1 of KITE on the platform, 2 in the store; 0 of T on the platform, 1 in the store; "
        "2 of TEA6 on the platform, 3 in the store"
    )
    assert plan.order
    written = in_parts(plan.order, map_at_import(imported, changed, changed.parts)).lines
    assert [(part.sku, part.quantity) for part in written] == [("TEA", 18), ("KITE", 2), ("TEA", 1)]


def test_an_order_imported_before_there_was_a_map_shows_no_edit() -> None:
    sold = order(line("i1", "TEA6", 2))
    imported = as_sold(record(sold, NO_MAP))
    assert plan_order_update(sold, imported, "CS", CRITERIA, NOON).step is Action.NOTHING
    assert in_parts(imported.order, map_at_import(imported, MAP, MAP.parts)) == imported.order


def test_lines_that_the_warehouse_has_cut_to_no_whole_kits_are_reported() -> None:
    sold = order(line("i1", "TEA6", 2))
    whole = record(sold)
    cut = replace(whole.order.lines[0], quantity=11)
    imported = as_sold(replace(whole, order=replace(whole.order, lines=(cut,))))
    plan = plan_order_update(sold, imported, "CS", CRITERIA, NOON)
    assert plan.step is Action.REPORT
    assert "the line i1 is no whole number of TEA6" in plan.differs


def test_a_cancellation_follows() -> None:
    sold = order(line("i1", "TEA6"), status="I")
    stopping = criteria(meanings=replace(CRITERIA.meanings, stopping=frozenset("I")))
    assert plan_order_update(sold, as_sold(record(sold)), "CS", stopping, NOON).step is Action.CANCEL
