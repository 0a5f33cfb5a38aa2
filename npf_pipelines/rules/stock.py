"""The amount that each product of the store should have, and the plan of a push.

Not here: the platform's figures (platform/gateway.py), the orders in flight (in_flight.py), when a push stops
(change_limit.py), the next step when the store's amount moves during the push (stock_step.py).
"""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.domain.keys import as_stored, shown
from npf_pipelines.domain.outcomes import Amount, StockOutcome
from npf_pipelines.domain.platform_orders import StockFigure
from npf_pipelines.domain.products import BY_COMBINATION, LARGEST_AMOUNT, NOT_TRACKED, Product, UnreadableProduct
from npf_pipelines.rules.offer import ALL, Offer, offer_of
from npf_pipelines.rules.same_sku import WHOLE, Share

RIGHT = frozenset(outcome for outcome in StockOutcome if outcome.amount is Amount.RIGHT)
"""The store has the amount that it should have."""
DIFFERS = frozenset(
    outcome for outcome in StockOutcome if outcome.amount is Amount.WRONG and outcome.is_pair and not outcome.is_planned
)
"""The store may have another amount than it should have."""


def available(figure: StockFigure) -> int:
    """Available SOH: SOH less orders in process and back orders; it can be negative."""
    return figure.on_hand - figure.in_process - figure.back_orders


@dataclass(frozen=True, slots=True)
class PartAmount:
    """A part of a kit: its figure, how many of it are in each kit, and how much of the figure is offered in kits."""

    sku: str
    figure: int
    each: int
    offer: Offer = ALL

    def left(self, sold: int = 0) -> int:
        """The units that may go into kits after some were sold."""
        figure = self.figure - sold
        return figure - self.offer.buffer(figure)


def kits_in(parts: Iterable[PartAmount], sold: Mapping[str, int] = MappingProxyType({})) -> int:
    """How many whole kits the parts allow after units of them were sold."""
    return min(part.left(sold.get(part.sku, 0)) // part.each for part in parts)


@dataclass(frozen=True, slots=True)
class TargetAmount:
    """The amount that a SKU should have in the store, or a product's share of it.

    Attributes:
        figure: before negatives become 0, and before anything is kept back.
        floor: whether a negative figure becomes 0.
        less_sales: whether units that the store sells after the count are taken off.
        why: the calculation of the figure in words.
        parts: of a pack or kit (kit_stock.py); empty for a SKU that the warehouse counts.
        offer: how much of it the store offers.
        share: the product's share of what is offered.
    """

    figure: int
    floor: bool
    less_sales: bool
    why: str
    parts: tuple[PartAmount, ...] = ()
    offer: Offer = ALL
    share: Share = WHOLE

    def split(self, share: Share) -> "TargetAmount":
        """A product's share of this amount."""
        return self if share == WHOLE else replace(self, share=share)

    @property
    def explained(self) -> str:
        """The whole calculation in words."""
        return self.why + self.offer.words(self.figure) + self.share.words(self._offered(0))

    def sold(self, sku: str, in_flight: Mapping[str, int]) -> int:
        """By how many units sales have lowered the figure.

        Args:
            sku: the SKU whose amount this is.
            in_flight: units sold since the count, by the warehouse's SKU.
        """
        return self.figure - kits_in(self.parts, in_flight) if self.parts else in_flight.get(sku, 0)

    def after(self, sold: int) -> int:
        """The amount after units were sold since the count, in orders that will come to the warehouse."""
        return self.share.of(self._offered(sold))

    def _offered(self, sold: int) -> int:
        figure = self.figure - (sold if self.less_sales else 0)
        return self.offer.of(max(0, figure) if self.floor else figure)


def target_amount(figure: StockFigure, in_flight: int, setup: StockSetup) -> TargetAmount:
    """The amount the store should have, by the master setup's stock mode (`on_hand` or `available`).

    Args:
        figure: the platform's.
        in_flight: units of the orders in flight.
        setup: the master setup's stock part.
    """
    less_sales = setup.takes_sales_off
    taken = {"in process": figure.in_process, "on back order": figure.back_orders}
    off = (taken if setup.quantity == "available" else {}) | ({"in flight": in_flight} if less_sales else {})
    amount = figure.on_hand - sum(off.values())
    why = f"{figure.on_hand} on hand" + "".join(f", less {units} {name}" for name, units in off.items() if units)
    if setup.negative_as_zero and amount < 0:
        why += f", negative ({amount}) as 0"
    return TargetAmount(amount, setup.negative_as_zero, less_sales, why, offer=offer_of(figure.sku, setup))


@dataclass(frozen=True, slots=True)
class StockRow:
    """One SKU at one product of the store: the amounts, and the outcome if nothing has to be written.

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

    `unreadable` says why its id or code can't be read, so that the product is unknown; empty otherwise.
    """

    key: str
    sku: str
    is_download: bool
    unreadable: str = ""


def known_product(product: Product | UnreadableProduct) -> KnownProduct:
    """A product, readable or not, without its amount."""
    unreadable = product.reason if isinstance(product, UnreadableProduct) and not product.is_named else ""
    return KnownProduct(product.key, product.sku, product.is_download, unreadable)


def what_to_correct(reason: str) -> str:
    """The sentence about a product's row that can't be read, with what to do."""
    return f"the store's row of the product can't be read: {reason}. Correct it there: the next push takes it up"


def plan(
    wanted: Mapping[str, TargetAmount],
    products: Iterable[Product | UnreadableProduct],
    unread: Iterable[KnownProduct] = (),
    *,
    same_sku: Literal["all", "split", "none"] = "all",
    shares: Mapping[str, Share] = MappingProxyType({}),
    left: Collection[str] = frozenset(),
) -> list[StockRow]:
    """Compare the right amounts with the store's; every SKU and every product of either side gets a row.

    Args:
        wanted: the amount by SKU. Codes are compared exactly, letter case included.
        products: the store's products with their amounts. An unreadable product affects no other.
        unread: further products, whose amount was not read.
        same_sku: what several products with one SKU get, as the master setup says.
        shares: the shares of the products that split an amount (same_sku.py), by product key.
        left: the SKUs that were pushed before and have left the warehouse's count (stock_left.py).
    """
    by_sku: defaultdict[str, list[Product | UnreadableProduct]] = defaultdict(list)
    for product in products:
        by_sku[product.sku].append(product)
    without_code = by_sku.pop("", [])
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    for sku in wanted:
        spellings[as_stored(sku)].append(sku)
    rows: list[StockRow] = []
    for sku, amount in wanted.items():
        of_sku = by_sku.pop(sku, [])
        same = spellings[as_stored(sku)]
        if len(same) > 1:
            rows += _rows_of_several(sku, same, of_sku)
        else:
            rows += _rows_of(sku, amount, of_sku, same_sku, shares)
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
        outcome, reason = StockOutcome.NO_CODE, "the product has no code, so that its stock is unknown: left alone"
    return StockRow(product.sku, product.key, None, amount, outcome, reason)


def _rows_of_several(
    sku: str, spellings: Iterable[str], products: Sequence[Product | UnreadableProduct]
) -> list[StockRow]:
    """The rows of a code that the platform counts several times."""
    named = " and ".join(map(shown, spellings))
    reason = f"the platform counts {named}, which are one code to the store: keep only one of them there"
    several = StockOutcome.SEVERAL_COUNTS
    if not products:
        return [StockRow(sku, None, None, None, several, reason)]
    return [StockRow(sku, product.key, None, product.amount, several, reason) for product in products]


def _rows_of(
    sku: str,
    wanted: TargetAmount,
    products: Sequence[Product | UnreadableProduct],
    same_sku: str,
    shares: Mapping[str, Share],
) -> list[StockRow]:
    if not products:
        code = "this code" if shown(sku) == sku else f"the code {shown(sku)}"
        reason = f"no product or combination of the store has {code}: give it one, or check spelling and letter case"
        return [StockRow(sku, None, wanted.after(0), None, StockOutcome.NOT_IN_STORE, reason)]
    if len(products) > 1 and same_sku == "none":
        keys = ", ".join(product.key for product in products)
        reason = f"the products {keys} have the same code: give each its own, or allow it by stock.same_sku"
        several = StockOutcome.SEVERAL_PRODUCTS
        return [
            _row(sku, wanted, product)
            if isinstance(product, UnreadableProduct)
            else StockRow(sku, product.key, wanted.after(0), product.amount, several, reason)
            for product in products
        ]
    return [_row(sku, wanted.split(shares.get(product.key, WHOLE)), product) for product in products]


def _row(sku: str, wanted: TargetAmount, product: Product | UnreadableProduct) -> StockRow:
    outcome: StockOutcome | None = None
    amount = wanted.after(0)
    reason = f"{product.amount} in the store, {amount} wanted ({wanted.explained})"
    if product.tracking == NOT_TRACKED:
        outcome, reason = StockOutcome.NOT_TRACKED, "the store doesn't count this product's stock: left alone"
    elif product.tracking == BY_COMBINATION and not product.combination:
        outcome, reason = StockOutcome.NOT_TRACKED, "counted by option combinations, of which it has none: left alone"
    elif isinstance(product, UnreadableProduct):
        outcome, reason = StockOutcome.UNREADABLE, what_to_correct(product.reason)
    elif abs(amount) > LARGEST_AMOUNT:
        outcome, reason = StockOutcome.REFUSED, f"no store can hold {amount}: correct the count on the platform"
    elif product.amount == amount:
        outcome, reason = StockOutcome.ALREADY_RIGHT, f"the store has the wanted amount ({wanted.explained})"
    return StockRow(sku, product.key, amount, product.amount, outcome, reason)
