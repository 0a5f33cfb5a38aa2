"""The label of a lodged parcel in a store's shipment: tracking number, carrier and comments.

Not here: its units (allocation.py), which code a carrier has (cscart/carriers.py).
"""

import re
from dataclasses import dataclass

from npf_pipelines.domain.keys import as_label, shown
from npf_pipelines.domain.platform_orders import LodgedShipment
from npf_pipelines.domain.store_shipments import LONGEST_LABEL, Shipment

_SEPARATORS = re.compile(r"[,;|]| / ")
_SHOWN = 60
"""Characters of a store's text that a reason quotes."""


@dataclass(frozen=True)
class Label:
    """The texts of a shipment that the shopper sees.

    Attributes:
        comments: seen by merchant and shopper; with the tracking URL unless the store is known to build a link.
        comments_beside_link: the same where the store builds a link.
    """

    tracking_number: str
    carrier: str
    tracking_url: str
    comments: str
    comments_beside_link: str


def label_of(parcel: LodgedShipment, carrier: str, *, has_link: bool) -> Label | None:
    """The label to write for a parcel.

    Several tracking numbers in one field make no working link, so the URL goes into the comments. If they are too
    long for the store's column, the first is the number, and the comments hold all of them.

    Args:
        parcel: the parcel.
        carrier: the store's code for its carrier, or the name.
        has_link: whether the store is known to build a link for the code.

    Returns:
        The label; None if the tracking number fits nowhere.
    """
    numbers = _numbers(parcel.tracking_number)
    number, listed = parcel.tracking_number, ""
    if len(number) > LONGEST_LABEL:
        if len(numbers) == 1 or len(numbers[0]) > LONGEST_LABEL:
            return None
        number, listed = numbers[0], f"Tracking numbers: {parcel.tracking_number}"
    needs_url = not has_link or len(numbers) != 1
    return Label(
        tracking_number=number,
        carrier=carrier[:LONGEST_LABEL].strip(),
        tracking_url=parcel.tracking_url,
        comments="\n".join(filter(None, [listed, parcel.tracking_url if needs_url else ""])),
        comments_beside_link=listed if len(numbers) == 1 else "\n".join(filter(None, [listed, parcel.tracking_url])),
    )


def number_forms(tracking_number: str) -> frozenset[str]:
    """The forms in which a store may have a tracking number: whole, its first, and cut to the column's length."""
    if len(tracking_number) <= LONGEST_LABEL:
        return frozenset({tracking_number})
    return frozenset({tracking_number, _numbers(tracking_number)[0], tracking_number[:LONGEST_LABEL].strip()})


def is_as_labelled(label: Label, store_shipment: Shipment) -> bool:
    """Whether a shipment of the store shows this label and nothing else."""
    is_same = (as_label(store_shipment.tracking_number), as_label(store_shipment.carrier)) == (
        label.tracking_number,
        label.carrier,
    )
    comments = as_label(store_shipment.comments)
    beside_link = as_label(label.comments_beside_link)
    shows_url = store_shipment.tracking_url or not label.tracking_url or label.tracking_url in beside_link
    return is_same and (comments == as_label(label.comments) or bool(comments == beside_link and shows_url))


def lacks_link(label: Label, store_shipment: Shipment) -> bool:
    """Whether the store built no link although it was expected to, so that the shopper sees no URL."""
    return bool(label.tracking_url) and label.tracking_url not in label.comments and not store_shipment.tracking_url


def differences(label: Label, store_shipment: Shipment) -> str:
    """The differences between the label and the shipment that the shopper sees, in words; empty if there are none.

    The store's own link replaces the tracking URL. Additions of an add-on to the comments don't count.
    """
    said = []
    pairs = {
        "tracking number": (store_shipment.tracking_number, label.tracking_number),
        "carrier": (store_shipment.carrier, label.carrier),
    }
    for name, (has, written) in pairs.items():
        if as_label(has) != written:
            said.append(f"the {name} {_quoted(has)} instead of {_quoted(written)}")
    comments = as_label(store_shipment.comments)
    parts = as_label(label.comments_beside_link if store_shipment.tracking_url else label.comments)
    if parts not in comments:
        said.append("the comments without the tracking " + ("URL" if label.tracking_url else "numbers"))
    return " and ".join(said)


def _numbers(text: str) -> list[str]:
    """The tracking numbers in one field; at least one, be it empty."""
    numbers = [number.strip() for number in _SEPARATORS.split(text) if number.strip()]
    return numbers if len(numbers) > 1 else text.split() or [text]


def _quoted(text: str) -> str:
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return shown(short) if short else "none"
