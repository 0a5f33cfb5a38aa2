"""The base of a store's calls: the connection, and rows of its lists that can't be read.

Not here: the calls themselves (order_calls.py, shipment_calls.py, product_calls.py, status_calls.py), HTTP (http.py).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from npf_pipelines.cscart.errors import MalformedResponse
from npf_pipelines.cscart.fields import Unreadable
from npf_pipelines.cscart.http import StoreHttp
from npf_pipelines.cscart.unreadable import UnreadableRow, row_id_of

ROWS_PER_PAGE = 250
"""Rows of a list that are asked for at first, unless they are whole orders."""

T = TypeVar("T")


class StoreCalls:
    """Calls to one store over one connection.

    Attributes:
        unreadable: rows of lists that couldn't be read so far and that have no other report.
    """

    def __init__(self, http: StoreHttp) -> None:
        self.unreadable: list[UnreadableRow] = []
        self._http = http

    def _readable(self, parse: Callable[[object], T], name: str, id_name: str, rows: Sequence[object]) -> list[T]:
        """The readable rows of a list, parsed; the others are added to `unreadable`.

        Raises:
            MalformedResponse: none of the rows can be read.
        """
        good: list[T] = []
        for row in rows:
            try:
                good.append(parse(row))
            except Unreadable as why:
                bad = UnreadableRow(name, row_id_of(row, id_name), str(why))
                if bad not in self.unreadable:
                    self.unreadable.append(bad)
        return good if good or not rows else [parsed(parse, rows[0])]


def is_store_id(text: str) -> bool:
    """Whether a text has the form of the store's ids, which are numbers."""
    return text.isascii() and text.isdigit()


def checked_id(store_id: str) -> str:
    """The id, if it is safe in a path.

    Raises:
        ValueError: it is no number.
    """
    if not is_store_id(store_id):
        raise ValueError(f"The store's ids are numbers, not {store_id!r}.")
    return store_id


def parsed(parse: Callable[[object], T], raw: object) -> T:
    """The parsed answer.

    Raises:
        MalformedResponse: it can't be read.
    """
    try:
        return parse(raw)
    except Unreadable as why:
        raise MalformedResponse(
            f"The store's answer can't be read: {why}. Check its version and its add-ons."
        ) from None
