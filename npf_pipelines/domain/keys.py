"""Text by which a thing is found again on the other side: tracking numbers, carriers, URLs and SKUs.

Here: the one form in which each is compared and written, and how it is shown to a person. Not here: which parcel is
which (shipments.py), what is written into a store's shipment (parcels.py).
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable

from npf_pipelines.domain.text import clean_text

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Unicode's categories of control, format, surrogate, private and unassigned characters."""


def as_stored(text: str) -> str:
    """Text as it is read from a store: fit for any database, without blanks around it. SKUs are compared so."""
    return clean_text(text).strip()


def as_label(text: str) -> str:
    """A tracking number, carrier or URL as it can be read on a label: one line without characters that nobody sees."""
    text = " ".join(clean_text(text).split())
    if text.isascii() and text.isprintable():
        return text
    return " ".join("".join(letter for letter in text if unicodedata.category(letter) not in _INVISIBLE).split())


def units_by_key(quantities: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Units by SKU, in the order given; SKUs that differ by blanks are added up, lines without units left out."""
    units: Counter[str] = Counter()
    for sku, quantity in quantities:
        units[as_stored(sku)] += quantity
    return {sku: quantity for sku, quantity in units.items() if quantity}


def shown(key: str) -> str:
    """A key for a sentence: as it is, or quoted and with escapes where blanks or invisible characters would mislead."""
    if key.isprintable() and key == key.strip():
        return key
    escaped = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in key)
    return f'"{escaped}"'
