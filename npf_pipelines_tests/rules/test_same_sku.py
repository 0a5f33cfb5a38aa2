"""Several products with one code that split its amount: each unit is offered once."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.products import Product, UnreadableProduct
from npf_pipelines.rules.same_sku import WHOLE, shares_of
from npf_pipelines.rules.stock import TargetAmount, plan
from npf_pipelines_tests.builders import product

twins = st.lists(
    st.tuples(st.sampled_from(["KITE", "DRUM"]), st.sampled_from(["B", "D", "O", None]), st.sampled_from("ADH")),
    max_size=7,
).map(
    lambda rows: [
        replace(product(str(number), sku, 0, tracking=tracking), status=status)
        for number, (sku, tracking, status) in enumerate(rows, 8)
    ]
)


@given(products=twins, amount=st.integers(-20, 500), sold=st.integers(0, 30), dice=st.randoms())
def test_the_shares_of_a_code_add_up_to_its_amount_in_any_order_of_the_products(
    products: list[Product], amount: int, sold: int, dice: random.Random
) -> None:
    shares = shares_of(products)
    mixed = dice.sample(products, len(products))
    assert shares_of(mixed) == shares
    target = TargetAmount(amount, floor=False, less_sales=True, why="counted")
    for sku in ("KITE", "DRUM"):
        counted = [each for each in products if each.sku == sku and each.tracking not in {"D", "O"}]
        if counted:
            split = [target.split(shares.get(each.key, WHOLE)).after(sold) for each in counted]
            assert sum(split) == target.after(sold)
            on_sale = [units for units, each in zip(split, counted, strict=True) if each.status != "D"]
            assert sum(on_sale or split) == target.after(sold)


@given(products=twins, amount=st.integers(0, 50))
def test_no_unit_is_offered_twice_while_shares_are_written_lowest_first(products: list[Product], amount: int) -> None:
    rows = plan(
        {"KITE": TargetAmount(amount, floor=True, less_sales=True, why="counted")},
        products,
        same_sku="split",
        shares=shares_of(products),
    )
    wanted = [row.wanted or 0 for row in rows if row.sku == "KITE" and row.product_id and row.outcome is None]
    assert sum(wanted) <= amount


def test_a_disabled_product_has_none_and_an_unreadable_one_keeps_its_share() -> None:
    unreadable = UnreadableProduct("12", "KITE", "B", "amount: is no number")
    shares = shares_of([product("9", "KITE"), replace(product("3", "KITE"), status="D"), unreadable])
    target = TargetAmount(7, floor=True, less_sales=True, why="7 on hand")
    assert {key: target.split(share).after(0) for key, share in shares.items()} == {"3": 0, "9": 4, "12": 3}
    assert target.split(shares["9"]).explained == "7 on hand; its share of 7 among 2 products with this code"
    assert target.split(shares["3"]).explained == "7 on hand; the products on sale with this code share it"
    assert shares_of([product("9", "KITE"), product("10", "kite"), product("11", "")]) == {}
