"""The map of a store's product codes to the warehouse's: another code (alias), several of one (pack), several (kit).

Not here: how a map is read (config/sku_file.py, platform/kit_reads.py), which maps are refused (rules/sku_map.py).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MapRow:
    """One part of a code, as it is written.

    Attributes:
        store_sku: the store's code.
        warehouse_sku: the part: a code of the warehouse, or another code of the map.
        quantity: how many of it are in one of the code.
        place: where it is written, for a person.
    """

    store_sku: str
    warehouse_sku: str
    quantity: int
    place: str = field(default="", compare=False)


@dataclass(frozen=True)
class SkuMap:
    """A client's map. A code that it doesn't have is the same in store and warehouse.

    Attributes:
        parts: the units of each of the warehouse's codes in one of the store's code.
    """

    parts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def parts_of(self, sku: str) -> Mapping[str, int]:
        """The units of each of the warehouse's codes in one of a store's code."""
        return self.parts.get(sku) or {sku: 1}

    def units_of(self, sku: str, quantity: int) -> Counter[str]:
        """The units of the warehouse's codes in some units of a store's code."""
        return Counter({part: each * quantity for part, each in self.parts_of(sku).items()})


NO_MAP = SkuMap()
"""The map of a client without `orders.skus`."""
