"""The order statuses of a store, and which letter a status name means.

Not here: reading the store's own list (cscart/store.py), what a status means for an order (rules/status_meaning.py).
"""

import re
from collections.abc import Iterable

from npf_pipelines.domain.store_orders import StoreRecord


class Status(StoreRecord):
    """An order status.

    Attributes:
        letter: its one letter.
        name: what the merchant calls it.
        takes_stock: an order that comes into it takes stock.
        moves_stock: whether it says what becomes of stock; otherwise an order keeps what it has taken.
    """

    letter: str
    name: str
    takes_stock: bool
    moves_stock: bool = True

    @property
    def gives_back(self) -> bool:
        """Whether an order that comes into it gives its stock back."""
        return self.moves_stock and not self.takes_stock


SHIPPED_STATUSES = (
    Status(letter="P", name="Processed", takes_stock=True),
    Status(letter="C", name="Complete", takes_stock=True),
    Status(letter="O", name="Open", takes_stock=True),
    Status(letter="F", name="Failed", takes_stock=False),
    Status(letter="D", name="Declined", takes_stock=False),
    Status(letter="B", name="Backordered", takes_stock=False),
    Status(letter="I", name="Canceled", takes_stock=False),
)
"""The list that a new store has (documented); incomplete (`N`) and parent (`T`) orders stand outside it."""

_NEWER_NAMES = (Status(letter="P", name="Paid", takes_stock=True),)


class UnknownStatus(ValueError):
    """A name that means none of the store's statuses, or several."""


def status_letter(name: str, statuses: Iterable[Status]) -> str:
    """The letter that a name in a master setup means in this store.

    The store's own names come first: a merchant may have given a shipped name to another letter. Then the shipped
    names, for a merchant who renamed what the setup calls by its usual name. Case, blanks, hyphens, number and
    common spellings don't matter.

    Args:
        name: as a person wrote it, or a bare letter.
        statuses: what the store has, or SHIPPED_STATUSES where that can't be read.

    Raises:
        UnknownStatus: with what the store has.
    """
    statuses = tuple(statuses)
    wanted, folded = name.strip(), _folded(name)
    here = {status.letter for status in statuses}
    usual = {status.letter for status in SHIPPED_STATUSES + _NEWER_NAMES if _folded(status.name) == folded}
    letters = (
        here & {wanted}
        or {status.letter for status in statuses if status.name.casefold() == wanted.casefold()}
        or {status.letter for status in statuses if folded and _folded(status.name) == folded}
        or here & usual
    )
    if len(letters) == 1:
        return letters.pop()
    trouble = "means several statuses of the store" if letters else "is no status of the store"
    has = ", ".join(f"{status.name} ({status.letter})" for status in statuses)
    raise UnknownStatus(f"{name!r} {trouble}. It has: {has}. Write one of these names, or its letter.")


def is_called_as_shipped(status: Status) -> bool:
    """Whether the store calls a status as CS-Cart does, spelling apart: a merchant hasn't made another one of it."""
    return any(
        (status.letter, _folded(status.name)) == (shipped.letter, _folded(shipped.name))
        for shipped in SHIPPED_STATUSES + _NEWER_NAMES
    )


def _folded(name: str) -> str:
    """Letters and digits alone, "cancelled" as "canceled", and the word's end off: backorders, back-ordered."""
    plain = "".join(letter for letter in name.casefold() if letter.isalnum()).replace("ll", "l")
    return re.sub(r"(ed|es|e|(?<!s)s)$", "", plain)
