"""The order statuses of a store, and which letter a status name means.

Not here: reading the store's own list (cscart/store.py), what a status means for an order (rules/status_meaning.py).
"""

import functools
import re
from collections.abc import Iterable

from pydantic import Field

from npf_pipelines.domain.store_orders import StoreRecord
from npf_pipelines.errors import NpfError


class Status(StoreRecord):
    """An order status.

    Attributes:
        letter: its one letter.
        name: what the merchant calls it.
        takes_stock: an order that comes into it takes stock.
        moves_stock: whether it takes stock or gives it back; otherwise an order keeps its stock.
        mails: whether the store e-mails the customer when an order comes into it; None where it isn't known. Not kept.
    """

    letter: str
    name: str
    takes_stock: bool
    moves_stock: bool = True
    mails: bool | None = Field(default=None, exclude=True)

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
"""The list that a new store has (documented); incomplete (`N`) and parent (`T`) orders have no entry in it."""

_NEWER_NAMES = (Status(letter="P", name="Paid", takes_stock=True),)


class UnknownStatus(NpfError, ValueError):
    """A name that means no status of the store, or several.

    Attributes:
        problem: the first sentence, without the store's statuses and the advice.
    """

    def __init__(self, problem: str, statuses: Iterable[Status]) -> None:
        self.problem = problem
        has = ", ".join(f"{status.name} ({status.letter})" for status in statuses)
        super().__init__(f"{problem}. It has: {has}. Write one of these names, or its letter.")


def status_letter(name: str, statuses: Iterable[Status]) -> str:
    """The letter that a name in a master setup means in this store.

    The store's own names come first: a merchant may have given a shipped name to another letter. Then the shipped
    names, for a merchant who renamed what the setup calls by its usual name. Case, blanks, hyphens, number and
    common spellings don't matter.

    Args:
        name: as a person wrote it, or a bare letter.
        statuses: the store's own, or SHIPPED_STATUSES where they can't be read.

    Raises:
        UnknownStatus: with the store's statuses.
    """
    statuses = tuple(statuses)
    stripped, folded = name.strip(), _folded(name)
    here = {status.letter for status in statuses}
    usual = {status.letter for status in SHIPPED_STATUSES + _NEWER_NAMES if _folded(status.name) == folded}
    letters = (
        here & {stripped}
        or {status.letter for status in statuses if status.name.casefold() == stripped.casefold()}
        or {status.letter for status in statuses if folded and _folded(status.name) == folded}
        or here & usual
    )
    if len(letters) == 1:
        return letters.pop()
    problem = "means several statuses of the store" if letters else "is no status of the store"
    raise UnknownStatus(f"{name!r} {problem}", statuses)


def is_called_as_shipped(status: Status) -> bool:
    """Whether a status has CS-Cart's own name, spelling apart, so that the merchant hasn't changed its meaning."""
    return any(
        (status.letter, _folded(status.name)) == (shipped.letter, _folded(shipped.name))
        for shipped in SHIPPED_STATUSES + _NEWER_NAMES
    )


@functools.lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    """Letters and digits alone, "cancelled" as "canceled", and the word's end off: backorders, back-ordered."""
    plain = "".join(letter for letter in name.casefold() if letter.isalnum()).replace("ll", "l")
    return re.sub(r"(ed|es|e|(?<!s)s)$", "", plain)
