"""The meanings of a store's order statuses: by the master setup, then by the store's own stock parameter.

Not here: the letter of a name (domain/order_statuses.py), what follows for an order (after_import.py, order_status.py,
in_flight.py).
"""

import enum
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.status_names import contradictions
from npf_pipelines.domain.order_statuses import SHIPPED_STATUSES, Status, UnknownStatus, is_called_as_shipped
from npf_pipelines.rules.status_names import named_statuses

INCOMPLETE, PARENT = "N", "T"
"""CS-Cart's own letters for an order that was never finished, and for a Multi-Vendor parent (documented)."""
_BACK_ORDERED = "B"
"""The letter that CS-Cart itself gives an order for which stock has run out (documented)."""
_COMPLETE = "C"
"""The letter of a completed order as shipped."""


class Meaning(enum.StrEnum):
    """The meaning of a status for an imported order."""

    WANTED = "wanted"
    """The setup imports orders in it."""
    CONTINUE = "continue"
    """A stage of the merchant's own: the setup says that the order goes on."""
    STOP = "stop"
    """The setup says that the order stops, or the store gives its stock back."""
    FINAL = "final"
    """Shipped, partially shipped or short shipped."""
    OUT_OF_STOCK = "out_of_stock"
    """The store may have set it by itself because stock ran out: a person decides."""
    HIDDEN = "hidden"
    """Incomplete, or a parent: the store doesn't list such orders."""
    UNCLEAR = "unclear"
    """It keeps the stock and the setup doesn't name it: the order goes on, and a person has to name it."""


@dataclass(frozen=True)
class StatusMeanings:
    """The statuses of one store, and the letters of the statuses that the master setup names.

    Attributes:
        statuses: the store's own, or CS-Cart's where the store's can't be read.
        were_read: whether the store's own could be read.
        wanted: the letters of `orders.statuses`.
        continued: the letters of `orders.continue_statuses`.
        stopping: the letters of `orders.stop_statuses`.
        shipped: the letter of `tracking.shipped_status`; None if the setup has none.
        partially_shipped: the letter of `tracking.partially_shipped_status`, or None.
        short_shipped: the letter of `tracking.short_shipped_status`, or None.
    """

    statuses: Sequence[Status] = SHIPPED_STATUSES
    were_read: bool = False
    wanted: frozenset[str] = frozenset()
    continued: frozenset[str] = frozenset()
    stopping: frozenset[str] = frozenset()
    shipped: str | None = None
    partially_shipped: str | None = None
    short_shipped: str | None = None

    def of(self, letter: str) -> Meaning:
        """The meaning of a status; the setup takes precedence."""
        for named, meaning in (
            (self.wanted, Meaning.WANTED),
            (self.continued, Meaning.CONTINUE),
            (self.stopping, Meaning.STOP),
            (self.final, Meaning.FINAL),
            ({INCOMPLETE, PARENT}, Meaning.HIDDEN),
        ):
            if letter in named:
                return meaning
        status = self._by_letter.get(letter)
        if status is None or not status.gives_back:
            return Meaning.UNCLEAR
        return Meaning.OUT_OF_STOCK if letter == _BACK_ORDERED else Meaning.STOP

    @property
    def going_on(self) -> frozenset[str]:
        """The letters in which the setup says that an order goes on."""
        return self.wanted | self.continued

    @functools.cached_property
    def final(self) -> frozenset[str]:
        """The letters of orders that are done, or that the pipeline itself has moved on.

        The letter that means Complete as shipped is one of them where the setup doesn't name it, and nothing else says
        which status ends an order: the setup names no shipped status, the store's statuses can't be read, or the store
        still calls it so.
        """
        named = {self.shipped, self.partially_shipped, self.short_shipped} - {None}
        final = frozenset(letter for letter in named if letter)
        if _COMPLETE in self.going_on | self.stopping | final:
            return final
        status = self._by_letter.get(_COMPLETE)
        is_complete = self.shipped is None or not self.were_read or (status and is_called_as_shipped(status))
        return final | {_COMPLETE} if is_complete else final

    @functools.cached_property
    def taking(self) -> frozenset[str]:
        """The letters of the statuses in which the store has taken an order's stock and not given it back."""
        return frozenset(status.letter for status in self.statuses if not status.gives_back)

    def knows(self, letter: str) -> bool:
        """Whether the store is known to have a status of this letter."""
        return letter in self._by_letter or letter in {INCOMPLETE, PARENT}

    def name(self, letter: str) -> str:
        """A status as a person knows it: `On hold (E)`; the letter alone if the store has no such status."""
        status = self._by_letter.get(letter)
        return f"{status.name} ({letter})" if status and status.name else letter

    def label(self, letter: str) -> str:
        """The letter, and the store's name for it where that isn't CS-Cart's own: `E, On hold`."""
        status = self._by_letter.get(letter)
        is_plain = status is None or not status.name or is_called_as_shipped(status)
        return letter if is_plain or status is None else f"{letter}, {status.name}"

    @functools.cached_property
    def _by_letter(self) -> Mapping[str, Status]:
        return {status.letter: status for status in self.statuses}


def status_meanings(setup: MasterSetup, statuses: Sequence[Status], *, were_read: bool) -> StatusMeanings:
    """Resolve the names of a master setup against its store.

    Args:
        setup: the client's master setup.
        statuses: the store's own, or SHIPPED_STATUSES where they can't be read.
        were_read: whether they could be read.

    Raises:
        UnknownStatus: names mean none of the statuses, or several: all of them, each with its field.
        SetupError: two fields contradict each other.
    """
    named = named_statuses(setup, statuses)
    if named.unknown:
        raise UnknownStatus("; ".join(named.unknown), statuses)
    letters = named.letters
    if found := contradictions(letters):
        raise SetupError(f"{setup.id}: {'; '.join(found)}")

    def letter_of(field: str) -> str | None:
        return next(iter(letters[field]), None)

    return StatusMeanings(
        statuses=tuple(statuses),
        were_read=were_read,
        wanted=frozenset(letters["orders.statuses"]),
        continued=frozenset(letters["orders.continue_statuses"]),
        stopping=frozenset(letters["orders.stop_statuses"]),
        shipped=letter_of("tracking.shipped_status"),
        partially_shipped=letter_of("tracking.partially_shipped_status"),
        short_shipped=letter_of("tracking.short_shipped_status"),
    )
