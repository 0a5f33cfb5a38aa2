"""Products of a store: items with an amount of their own, and rows that can't be read.

Not here: how they are parsed (cscart/product_parser.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

LARGEST_AMOUNT = 8_388_607
"""Units that a product's column holds; more would be cut (inferred)."""


DISABLED = "D"
"""The letter of a product that isn't on sale (documented)."""
NOT_TRACKED = "D"
"""The letter of a product whose amount the store doesn't count."""
BY_COMBINATION = "O"
"""The letter of products whose amounts belong to their option combinations (documented; 4.11 and older)."""


@dataclass(frozen=True, slots=True)
class Product:
    """An item with an amount of its own: a product, a variation, or an option combination of a product.

    No pydantic model: a catalogue of them is in memory at once, and each of those takes a kilobyte.

    Attributes:
        sku: the product code, a combination's own; empty if it has none.
        amount: the store's stock; it can be negative.
        tracking: `B` tracked, `D` not tracked, `O` by option combination (4.11 only), None the store's default.
        status: the store's letter; empty for a combination, which has none.
        combination: the combination's hash; empty for a whole product.
        is_download: nothing to ship, so that no warehouse has it.
        shares: units by store location, where stock is split over several and the store shows them; otherwise None.
    """

    product_id: str
    sku: str
    amount: int
    tracking: str | None
    status: str
    combination: str = ""
    is_download: bool = False
    shares: Mapping[str, int] | None = None

    @property
    def key(self) -> str:
        """The name by which its amount is read and set: `12`, or `12/822274303` for a combination."""
        return f"{self.product_id}/{self.combination}" if self.combination else self.product_id


@dataclass(frozen=True, slots=True)
class UnreadableProduct:
    """A product or option combination whose amount can't be read, or not even whose it is.

    Attributes:
        product_id: the store's; its place among such rows where that can't be read.
        sku: the product code; empty if it has none, or it can't be read.
        tracking: as for `Product`; None where it can't be read.
        reason: the field and what is wrong with it.
        combination: as for `Product`.
        is_download: as for `Product`.
        is_named: whether id and code could be read, so that it is known which product it is.
        amount: always None, for it isn't known.
    """

    product_id: str
    sku: str
    tracking: str | None
    reason: str
    combination: str = ""
    is_download: bool = False
    is_named: bool = True
    amount: None = None

    @property
    def key(self) -> str:
        """As for `Product`."""
        return f"{self.product_id}/{self.combination}" if self.combination else self.product_id
