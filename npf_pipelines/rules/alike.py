"""Whether a value of the store and the platform's value of it are the same.

Not here: which values are compared (after_import.py).
"""

from decimal import Decimal

from npf_pipelines.domain.entities import without_entities
from npf_pipelines.domain.keys import as_stored

_ALIKE_WITHIN = Decimal("0.005")
"""A platform may keep sums to the cent: half of one is its rounding."""


def alike(in_store: str | Decimal | None, on_platform: str | Decimal | None) -> bool:
    """Whether two values are the same.

    An optional column without a value is like any other: the platform lacks it, or the order was imported before it was
    written.
    """
    if in_store == on_platform or in_store is None or on_platform is None:
        return True
    if isinstance(in_store, Decimal) and isinstance(on_platform, Decimal):
        return abs(in_store - on_platform) <= _ALIKE_WITHIN
    return _texts_alike(str(in_store), str(on_platform))


def _texts_alike(in_store: str, on_platform: str) -> bool:
    """Whether two texts are the same, or differ by HTML entities that an earlier release left in: that is no edit."""
    in_store, on_platform = as_stored(in_store), as_stored(on_platform)
    return (
        in_store == on_platform
        or without_entities(in_store) == on_platform
        or in_store == without_entities(on_platform)
    )
