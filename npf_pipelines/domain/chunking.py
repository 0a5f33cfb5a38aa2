"""Chunks of items that are too many for one request or query.

Not here: the sizes, which belong to the requests and queries.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def chunked(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """The items in their order, in chunks of a size; the last chunk may be smaller."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
