"""The part of a figure that a store may offer: without the buffer, and at most the maximum.

Not here: the figure (stock.py), kits (kit_stock.py).
"""

import functools
from dataclasses import dataclass

from npf_pipelines.config.master_setup import StockSetup
from npf_pipelines.config.setup_fields import REST


@dataclass(frozen=True, slots=True)
class Offer:
    """How much of a figure a store may offer.

    Attributes:
        units: the buffer in units.
        percent: the buffer in percent of the figure, rounded up to whole units.
        maximum: the most that is offered; None without a limit.
    """

    units: int = 0
    percent: int = 0
    maximum: int | None = None

    def buffer(self, figure: int) -> int:
        """The units that are kept back. They never make a figure negative."""
        return max(0, min(figure, self.units - -figure * self.percent // 100))

    def of(self, figure: int) -> int:
        """The units offered. A negative figure stays as it is."""
        offered = figure - self.buffer(figure)
        return offered if self.maximum is None else min(offered, self.maximum)

    def words(self, figure: int) -> str:
        """The part of a reason's calculation that concerns the offer; empty where all is offered."""
        buffer = self.buffer(figure)
        share = f"{self.percent} %, " if self.percent else ""
        said = f", less {buffer} kept back ({share}stock.buffer)" if buffer else ""
        if self.maximum is not None and figure - buffer > self.maximum:
            said += f", at most {self.maximum} (stock.maximum)"
        return said


ALL = Offer()
"""The whole figure is offered."""


def has_own_buffer(sku: str, setup: StockSetup) -> bool:
    """Whether the setup names a buffer for this code itself."""
    return sku in setup.buffer and sku != REST


def offer_of(sku: str, setup: StockSetup) -> Offer:
    """The offer of a SKU: its own buffer, or else the client's."""
    return _offer(setup.buffer.get(sku) or setup.buffer.get(REST, "0"), setup.maximum)


@functools.lru_cache(maxsize=1024)
def _offer(buffer: str, maximum: int | None) -> Offer:
    number = int(buffer.removesuffix("%"))
    return Offer(percent=number, maximum=maximum) if buffer.endswith("%") else Offer(number, maximum=maximum)
