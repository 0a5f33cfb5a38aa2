"""A generated store's products, drawn from dice, oddities of real shops included. Not here: its orders."""

import random
from collections.abc import Iterator

from npf_pipelines.sandbox.model import Combination, Product
from npf_pipelines.sandbox.store_orders import item_id

TEST_ITEMS = ("Test001", "Test002", "Test003")
"""The product codes of orders that only prove an integration; every generated store has them."""

_THINGS = ("Robot", "Kite", "Puzzle", "Teddy bear", "Train set", "Yo-yo", "Doll's house", "Drum", "Marbles")
_COLOURS = ("Red", "Blue", "Green", "Yellow")
_SIZES = ("S", "M", "L")

_PRODUCT_ODDITIES = {
    4: "variations",
    6: "combinations",
    7: "not tracked",
    9: "default tracking",
    11: "no code",
    13: "same code",
    15: "other case",
    17: "download",
}
"""The odd ones of each twenty products."""


def draw_products(dice: random.Random, count: int, *, with_combinations: bool) -> Iterator[Product]:
    """`count` products, the odd ones among them."""
    previous = TEST_ITEMS[0]
    for number in range(count):
        name = dice.choice(_THINGS)
        code = f"{''.join(filter(str.isalpha, name))[:3].upper()}-{number:05d}"
        product = Product(
            product_id=number + 11,
            product_code=code,
            name=f"{name} no. {number}",
            cents=dice.randrange(250, 30_000, 5),
            amount=dice.choice((0, dice.randrange(1, 20), dice.randrange(20, 500))),
        )
        match _PRODUCT_ODDITIES.get(number % 20):
            case "variations":
                colour, size = dice.choice(_COLOURS), dice.choice(_SIZES)
                product.product_code = f"{code}-{colour.upper()}-{size}"
                product.name += f", {colour}, {size}"
            case "combinations" if with_combinations:
                product.tracking = "O"
                product.combinations = {made.combination_hash: made for made in _combinations(dice, product)}
            case "not tracked":
                product.tracking = "D"
            case "default tracking":
                product.tracking = None
            case "no code":
                product.product_code = ""
            case "same code":
                product.product_code = previous
            case "other case":
                product.product_code = previous.swapcase()
            case "download":
                product.is_edp = True
                product.name += " (PDF)"
            case _:
                previous = code
        yield product


def _combinations(dice: random.Random, product: Product) -> Iterator[Combination]:
    """A colour in all sizes, the last without a code of its own."""
    colour = dice.randrange(len(_COLOURS))
    for number, size in enumerate(_SIZES):
        choices = {1: colour + 1, 2: number + 1}
        code = f"{product.product_code}/{_COLOURS[colour].upper()}/{size}" if size != _SIZES[-1] else ""
        # The hash is made as a cart's is (inferred).
        yield Combination(int(item_id(product.product_id, choices)), code, choices, amount=dice.randrange(60))
