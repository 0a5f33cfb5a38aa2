"""The amounts of aliases, packs and kits, and the laws that they keep."""

from collections import Counter
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.domain.sku_map import NO_MAP, SkuMap
from npf_pipelines.rules.in_flight import in_flight_rule, units_by_sku
from npf_pipelines.rules.kit_stock import scarcest_first, uncounted_kits, with_kits, with_parts_named
from npf_pipelines.rules.stock import StockRow, TargetAmount, plan, target_amount
from npf_pipelines.sandbox.stock_agreement import expected_amount
from npf_pipelines_tests.builders import line, order, product
from npf_pipelines_tests.rules.test_in_flight import ORDERS

MAP = SkuMap({"T": {"TEA": 1}, "BOX": {"TEA": 2}, "SET": {"CUP": 1, "TEA": 2}, "DUO": {"CUP": 2, "SPOON": 1}})
PARTS = ("TEA", "CUP", "SPOON")
CODES = {*MAP.parts, *PARTS}
AVAILABLE = StockSetup(quantity="available", negative_as_zero=True)


def amounts(
    on_hand: Mapping[str, int], in_flight: Mapping[str, int] | None = None, setup: StockSetup = AVAILABLE
) -> dict[str, TargetAmount]:
    """The amount of each code that the store has."""
    counted = {
        sku: target_amount(StockFigure(sku, units, 0, 0), (in_flight or {}).get(sku, 0), setup)
        for sku, units in on_hand.items()
    }
    return with_kits(MAP, counted, CODES, setup)


def test_the_scarcest_part_decides_and_is_named() -> None:
    found = amounts({"TEA": 9, "CUP": 5, "SPOON": 9}, {"TEA": 2})
    assert {sku: amount.after(0) for sku, amount in found.items()} == {
        "TEA": 7, "CUP": 5, "SPOON": 9, "T": 7, "BOX": 3, "SET": 3, "DUO": 2,
    }  # fmt: skip
    assert found["BOX"].why == "3 of BOX: TEA has 7, 2 in each (9 on hand, less 2 in flight)"
    assert found["DUO"].why == "2 of DUO: CUP has 5, 2 in each (5 on hand)"


def test_a_negative_part_makes_a_negative_kit_or_none() -> None:
    box = amounts({"TEA": 1, "CUP": 5}, {"TEA": 4})["BOX"]
    assert (box.figure, box.after(0)) == (-2, 0)
    assert box.why.endswith(", negative (-2) as 0")


def test_a_kit_with_a_part_that_is_not_counted_or_counted_twice_has_no_amount() -> None:
    assert amounts({"TEA": 9, "SPOON": 9}).keys() == {"TEA", "SPOON", "T", "BOX"}
    assert amounts({"TEA": 9, "TEA ": 9}).keys() == {"TEA", "TEA "}
    assert uncounted_kits(MAP, {"CUP": "on_hand is missing"}, CODES) == {
        "SET": "its part CUP: on_hand is missing",
        "DUO": "its part CUP: on_hand is missing",
    }


def test_a_code_of_the_map_never_gets_the_count_of_the_warehouses_own_code() -> None:
    assert "BOX" not in with_kits(MAP, {"BOX": TargetAmount(7, floor=True, less_sales=True, why="")}, CODES, AVAILABLE)


def test_a_part_without_a_product_is_sold_as_something_else() -> None:
    counted = amounts({"TEA": 9, "CUP": 5, "SPOON": 1})
    rows = with_parts_named(
        plan(counted, [product("1", "BOX", 0), product("2", "CUP", 0)]), MAP, {"BOX", "CUP"}, counted
    )
    found = {row.sku: (row.outcome, row.reason) for row in rows}
    assert found["TEA"] == (StockOutcome.SOLD_AS, "sold as BOX")
    assert found["SPOON"][0] is StockOutcome.NOT_IN_STORE, "no product of the store has it in any form"
    assert found["BOX"][0] is None


def test_a_kit_names_its_part_that_the_warehouse_does_not_count() -> None:
    (row,) = with_parts_named(plan({}, [product("1", "SET", 3)]), MAP, {"SET"}, {"TEA"})
    assert (row.outcome, row.wanted) == (StockOutcome.NOT_IN_WAREHOUSE, None)
    assert row.reason == "the warehouse has no stock row of its part CUP: left alone"


def test_products_that_share_a_part_are_written_first_and_the_scarcest_of_them_before_all() -> None:
    rows = [StockRow(sku, sku, wanted, 0, None, "") for sku, wanted in (("KITE", 0), ("TEA", 7), ("BOX", 3), ("T", 7))]
    assert [row.sku for row in scarcest_first(rows, MAP)] == ["BOX", "TEA", "T", "KITE"]
    assert scarcest_first(rows, NO_MAP) == rows


def test_orders_in_flight_hold_parts() -> None:
    rule = in_flight_rule(ORDERS, MAP)
    in_flight = units_by_sku([order(line("i1", "SET", 2), line("i2", "T")), order(line("i1", "KITE"))], rule)
    assert in_flight == {"CUP": 2, "TEA": 5, "KITE": 1}


stocks = st.fixed_dictionaries({sku: st.integers(-3, 12) for sku in PARTS})
sales = st.lists(st.tuples(st.sampled_from(sorted(CODES)), st.integers(1, 3)), max_size=6)


@given(stocks, sales)
def test_no_product_alone_offers_more_than_its_parts_allow(
    on_hand: dict[str, int], sold: list[tuple[str, int]]
) -> None:
    in_flight: Counter[str] = Counter()
    for sku, units in sold:
        in_flight.update(MAP.units_of(sku, units))
    for sku, amount in amounts(on_hand, in_flight).items():
        offered = amount.after(0)
        if offered:
            needed = MAP.units_of(sku, offered)
            assert all(units <= on_hand[part] - in_flight[part] for part, units in needed.items())
            more = MAP.units_of(sku, offered + 1)
            assert any(units > on_hand[part] - in_flight[part] for part, units in more.items()), "and no less"


@given(stocks, sales)
def test_sales_during_a_push_lower_a_kit_as_a_new_count_would(
    on_hand: dict[str, int], sold: list[tuple[str, int]]
) -> None:
    in_flight: Counter[str] = Counter()
    for sku, units in sold:
        in_flight.update(MAP.units_of(sku, units))
    before, after = amounts(on_hand), amounts(on_hand, in_flight)
    for sku in CODES:
        assert before[sku].after(before[sku].sold(sku, in_flight)) == after[sku].after(0)


@given(stocks, st.lists(st.sampled_from(sorted(CODES)), max_size=12))
def test_with_a_push_after_each_sale_no_part_is_sold_twice(on_hand: dict[str, int], wants: list[str]) -> None:
    in_flight: Counter[str] = Counter()
    for sku in wants:
        if amounts(on_hand, in_flight)[sku].after(0) > 0:
            in_flight.update(MAP.units_of(sku, 1))
    assert all(in_flight[part] <= max(0, units) for part, units in on_hand.items())


def test_what_is_kept_back_of_a_part_is_in_no_kit_and_a_kits_own_buffer_replaces_that() -> None:
    setup = StockSetup.model_validate(AVAILABLE.model_dump() | {"buffer": {"*": 3, "SET": 1}, "maximum": 4})
    found = amounts({"TEA": 12, "CUP": 5, "SPOON": 9}, {"TEA": 1}, setup)
    assert {sku: amount.after(0) for sku, amount in found.items()} == {
        "TEA": 4, "CUP": 2, "SPOON": 4, "T": 4, "BOX": 4, "SET": 4, "DUO": 1,
    }  # fmt: skip
    assert found["BOX"].explained == (
        "4 of BOX: TEA has 8, 2 in each (12 on hand, less 1 in flight, less 3 kept back (stock.buffer))"
    )
    assert found["SET"].explained == ("5 of SET: CUP has 5, 1 in each (5 on hand), less 1 kept back (stock.buffer)")
    assert found["T"].explained.endswith("(stock.buffer)), at most 4 (stock.maximum)")


@given(
    on_hand=st.fixed_dictionaries({part: st.integers(-3, 30) for part in PARTS}),
    sold=st.fixed_dictionaries({part: st.integers(0, 5) for part in PARTS}),
    buffer=st.dictionaries(st.sampled_from(["*", *sorted(CODES)]), st.sampled_from(["0", "3", "25%", "100%"])),
    maximum=st.none() | st.integers(1, 9),
)
def test_a_buffer_offers_no_more_and_the_same_before_and_after_the_count(
    on_hand: dict[str, int], sold: dict[str, int], buffer: dict[str, str], maximum: int | None
) -> None:
    setup = StockSetup.model_validate(AVAILABLE.model_dump() | {"buffer": buffer, "maximum": maximum})
    before, after = amounts(on_hand, setup=setup), amounts(on_hand, sold, setup)
    for sku, whole in amounts(on_hand).items():
        amount = before[sku]
        assert 0 <= amount.after(0) <= whole.after(0)
        assert amount.after(amount.sold(sku, sold)) == after[sku].after(0)
        assert amount.after(0) == expected_amount(sku, MAP.parts_of(sku), on_hand, setup)


@given(on_hand=st.fixed_dictionaries({part: st.integers(0, 30) for part in PARTS}), buffer=st.integers(0, 12))
def test_a_buffer_leaves_units_for_the_other_products_with_the_same_part(on_hand: dict[str, int], buffer: int) -> None:
    setup = StockSetup.model_validate(AVAILABLE.model_dump() | {"buffer": buffer})
    for sku, amount in amounts(on_hand, setup=setup).items():
        for part, each in MAP.parts_of(sku).items():
            assert on_hand[part] - amount.after(0) * each >= min(buffer, on_hand[part])
