"""Which amount each product of the store should have, and what has to be written for it.

Not here: how the platform's figures come about (platform/gateway.py), what is in flight (in_flight.py), when a push
stops (change_limit.py), what is done when the store's amount moves meanwhile (stock_step.py).
"""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.domain.keys import as_stored, shown
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.domain.products import BY_COMBINATION, LARGEST_AMOUNT, Product, UnreadableProduct

NOT_TRACKED = "D"
"""The store's letter for a product whose amount it doesn't count."""


RIGHT = frozenset({StockOutcome.CONFIRMED, StockOutcome.ALREADY_RIGHT})
"""The store has the amount that it should have."""
DIFFERS = frozenset(
    {
        StockOutcome.MOVED,
        StockOutcome.OVER_LIMIT,
        StockOutcome.REFUSED,
        StockOutcome.WAITING,
        StockOutcome.UNREADABLE,
        StockOutcome.UNCOUNTED,
    }
)
"""The store may have another amount than it should have."""


def available(figure: StockFigure) -> int:
    """Available SOH: SOH less orders in process and back orders; it can be negative."""
    return figure.on_hand - figure.in_process - figure.back_orders


@dataclass(frozen=True, slots=True)
class Wanted:
    """The amount that a SKU should have in the store.

    Attributes:
        figure: before negatives become 0.
        floor: whether a negative figure becomes 0.
        less_sales: whether what the store sells after the count is taken off.
        why: how the figure comes about, in words.
    """

    figure: int
    floor: bool
    less_sales: bool
    why: str

    def after(self, sold: int) -> int:
        """The amount when so many units were sold since the count, of orders that will come to the warehouse."""
        figure = self.figure - (sold if self.less_sales else 0)
        return max(0, figure) if self.floor else figure


def wanted_amount(figure: StockFigure, in_flight: int, setup: StockSetup) -> Wanted:
    """The amount the store should have, by the master setup's stock mode (`on_hand` or `available`).

    Args:
        figure: the platform's.
        in_flight: units of orders that the warehouse doesn't know yet but will.
        setup: the master setup's stock part.
    """
    less_sales = setup.takes_sales_off
    taken = {"in process": figure.in_process, "on back order": figure.back_orders}
    off = (taken if setup.quantity == "available" else {}) | ({"in flight": in_flight} if less_sales else {})
    amount = figure.on_hand - sum(off.values())
    why = f"{figure.on_hand} on hand" + "".join(f", less {units} {name}" for name, units in off.items() if units)
    if setup.negative_as_zero and amount < 0:
        why += f", negative ({amount}) as 0"
    return Wanted(amount, setup.negative_as_zero, less_sales, why)


@dataclass(frozen=True, slots=True)
class StockRow:
    """One SKU at one product of the store: what it should have and has, and what is to be done or why nothing is.

    `product_id` is the product's key, with its option combination behind a slash. `outcome` is None where the amount
    has to be written.
    """

    sku: str
    product_id: str | None
    wanted: int | None
    before: int | None
    outcome: StockOutcome | None
    reason: str


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product of the store without its amount.

    `unreadable` says why its id or code can't be read, so that nobody knows which product it is; empty otherwise.
    """

    key: str
    sku: str
    is_download: bool
    unreadable: str = ""


def known_product(product: Product | UnreadableProduct) -> KnownProduct:
    """A product that was read, or couldn't be, without its amount."""
    unreadable = product.reason if isinstance(product, UnreadableProduct) and not product.is_named else ""
    return KnownProduct(product.key, product.sku, product.is_download, unreadable)


def what_to_correct(reason: str) -> str:
    """What a person has to do about a product's row that can't be read."""
    return f"the store's row of the product can't be read: {reason}. Correct it there: the next push takes it up"


def plan(
    wanted: Mapping[str, Wanted],
    products: Iterable[Product | UnreadableProduct],
    unread: Iterable[KnownProduct] = (),
    *,
    to_all: bool = True,
    left: Collection[str] = frozenset(),
) -> list[StockRow]:
    """Compare what should be with what is; every SKU and every product of either side comes out.

    Args:
        wanted: the amount by SKU. Codes are compared exactly, letter case included.
        products: the store's products, with their amounts. One that can't be read costs no other.
        unread: the further products, of which the amount was not read.
        to_all: whether several products with one SKU all get its amount; otherwise none does.
        left: the SKUs that were pushed before and have left the warehouse's count (stock_left.py).
    """
    by_sku: defaultdict[str, list[Product | UnreadableProduct]] = defaultdict(list)
    for product in products:
        by_sku[product.sku].append(product)
    without_code = by_sku.pop("", [])
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    for sku in wanted:
        spellings[as_stored(sku)].append(sku)
    rows = []
    for sku, amount in wanted.items():
        of_sku = by_sku.pop(sku, [])
        same = spellings[as_stored(sku)]
        rows += _rows_of(sku, amount, of_sku, to_all) if len(same) == 1 else _rows_of_several(sku, same, of_sku)
    rows += [
        _left_alone(known_product(product), product.amount, left)
        for product in [*without_code, *itertools.chain(*by_sku.values())]
    ]
    return rows + [_left_alone(product, None, left) for product in unread]


def _left_alone(product: KnownProduct, amount: int | None, left: Collection[str]) -> StockRow:
    """The row of a product that the warehouse doesn't have."""
    outcome, reason = StockOutcome.NOT_IN_WAREHOUSE, "the warehouse has no stock row with this code: left alone"
    if product.sku in left:
        outcome = StockOutcome.LEFT_WAREHOUSE
        reason = "pushed before, and the warehouse no longer counts it: left as it is (stock.missing_sku)"
    elif product.is_download:
        outcome, reason = StockOutcome.DOWNLOAD, "a download, which no warehouse has: left alone"
    elif product.unreadable:
        outcome, reason = StockOutcome.UNREADABLE, what_to_correct(product.unreadable)
    elif not product.sku:
        outcome, reason = StockOutcome.NO_CODE, "the product has no code, so that nothing tells its stock: left alone"
    return StockRow(product.sku, product.key, None, amount, outcome, reason)


def _rows_of_several(
    sku: str, spellings: Iterable[str], products: Sequence[Product | UnreadableProduct]
) -> list[StockRow]:
    """The rows of a code of which the platform has several counts."""
    named = " and ".join(map(shown, spellings))
    reason = f"the platform counts {named}, which the store can't tell apart: keep one of them there"
    several = StockOutcome.SEVERAL_COUNTS
    if not products:
        return [StockRow(sku, None, None, None, several, reason)]
    return [StockRow(sku, one.key, None, one.amount, several, reason) for one in products]


def _rows_of(sku: str, wanted: Wanted, products: Sequence[Product | UnreadableProduct], to_all: bool) -> list[StockRow]:
    if not products:
        code = "this code" if shown(sku) == sku else f"the code {shown(sku)}"
        reason = f"no product or combination of the store has {code}: give it one, or check spelling and letter case"
        return [StockRow(sku, None, wanted.after(0), None, StockOutcome.NOT_IN_STORE, reason)]
    if len(products) > 1 and not to_all:
        keys = ", ".join(product.key for product in products)
        reason = f"the products {keys} have the same code: give each its own, or allow it by stock.same_sku: all"
        several = StockOutcome.SEVERAL_PRODUCTS
        return [
            _row(sku, wanted, one)
            if isinstance(one, UnreadableProduct)
            else StockRow(sku, one.key, wanted.after(0), one.amount, several, reason)
            for one in products
        ]
    return [_row(sku, wanted, product) for product in products]


def _row(sku: str, wanted: Wanted, product: Product | UnreadableProduct) -> StockRow:
    outcome: StockOutcome | None = None
    amount = wanted.after(0)
    reason = f"{product.amount} in the store, {amount} wanted ({wanted.why})"
    if product.tracking == NOT_TRACKED:
        outcome, reason = StockOutcome.NOT_TRACKED, "the store doesn't count this product's stock: left alone"
    elif product.tracking == BY_COMBINATION and not product.combination:
        outcome, reason = StockOutcome.NOT_TRACKED, "counted by option combinations, of which it has none: left alone"
    elif isinstance(product, UnreadableProduct):
        outcome, reason = StockOutcome.UNREADABLE, what_to_correct(product.reason)
    elif abs(amount) > LARGEST_AMOUNT:
        outcome, reason = StockOutcome.REFUSED, f"no store can hold {amount}: correct the count on the platform"
    elif product.amount == amount:
        outcome, reason = StockOutcome.ALREADY_RIGHT, f"the store has the wanted amount ({wanted.why})"
    return StockRow(sku, product.key, amount, product.amount, outcome, reason)
