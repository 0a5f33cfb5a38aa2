"""Whether a store has the amounts that it should offer, by plain counting.

Not here: the warehouse's figures, and all other differences (agreement.py).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.sandbox.store import SandboxStore


def amount_disagreements(
    store: SandboxStore, parts_of: Callable[[str, int], Counter[str]], figures: Mapping[str, int], setup: StockSetup
) -> Iterator[str]:
    """A sentence for each product with another amount than it should have.

    Args:
        store: the store.
        parts_of: the units of the warehouse's codes in some units of a store's code.
        figures: the figures of the warehouse's codes.
        setup: the master setup's stock part.
    """
    on_sale: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, code, amount in _on_sale(store, setup.store_location):
        on_sale[code].append((f"product {number}", amount))
    for code, products in on_sale.items():
        parts = parts_of(code, 1)
        if parts.keys() <= figures.keys():
            expected = expected_amount(code, parts, figures, setup)
            if setup.same_sku == "split":
                products = [("all products", sum(amount for _, amount in products))]  # noqa: PLW2901
            for name, amount in products:
                if amount != expected:
                    yield f"{code} ({name}) has the amount {amount}, not {expected}"


def expected_amount(code: str, parts: Mapping[str, int], figures: Mapping[str, int], setup: StockSetup) -> int:
    """The units of a store's code that the figures of its parts allow, less the buffer and within the maximum."""
    is_own = code in setup.buffer
    units = min(
        (figures[part] - (0 if is_own else _kept_back(part, figures[part], setup))) // each
        for part, each in parts.items()
    )
    if is_own:
        units -= _kept_back(code, units, setup)
    if setup.negative_as_zero:
        units = max(0, units)
    return units if setup.maximum is None else min(units, setup.maximum)


def _kept_back(code: str, figure: int, setup: StockSetup) -> int:
    size = setup.buffer.get(code, setup.buffer.get("*", "0"))
    buffer = (figure * int(size[:-1]) + 99) // 100 if size.endswith("%") else int(size)
    return min(buffer, figure) if figure > 0 else 0


def _on_sale(store: SandboxStore, locations: Collection[int]) -> Iterator[tuple[int, str, int]]:
    """Product id, code and amount of everything that the store counts: products, or combinations in their place.

    Of a product whose stock is split the amount is that of the named locations, if there are any.
    """
    for product in store.products.values():
        if product.tracking == "O" and product.combinations:
            for combination in product.combinations.values():
                yield product.product_id, combination.product_code, combination.amount
        elif product.tracking != "D":
            share = (
                sum(product.warehouses.get(place, 0) for place in locations)
                if locations and product.warehouses
                else product.amount
            )
            yield product.product_id, product.product_code, share
