"""Cutting what is too much for one request or one query into parts.

Not here: how large the parts are; that is known where they are sent.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def chunked(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """The items in their order, so many at a time; the last ones may be fewer."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
