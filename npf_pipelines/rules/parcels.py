"""What a lodged parcel is called in a store's shipment: tracking number, carrier and comments, and whether it came so.

Not here: its units (shipments.py), which code a carrier has (cscart/carriers.py).
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
    """What a shipment shows its shopper.

    Attributes:
        comments: seen by merchant and shopper; with the tracking URL where no link is known to come.
        comments_beside_link: what they hold of it where the store builds a link.
    """

    tracking_number: str
    carrier: str
    tracking_url: str
    comments: str
    comments_beside_link: str


def label_of(parcel: LodgedShipment, carrier: str, *, has_link: bool) -> Label | None:
    """What is written for a parcel.

    Several tracking numbers in one field make no link that works, so that the URL goes into the comments. If they
    don't fit the store's column together, the first is the number, and all of them are in the comments.

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


def is_as_labelled(label: Label, theirs: Shipment) -> bool:
    """Whether a shipment shows this label and nothing else."""
    is_same = (as_label(theirs.tracking_number), as_label(theirs.carrier)) == (label.tracking_number, label.carrier)
    comments = as_label(theirs.comments)
    beside_link = as_label(label.comments_beside_link)
    shows_url = theirs.tracking_url or not label.tracking_url or label.tracking_url in beside_link
    return is_same and (comments == as_label(label.comments) or bool(comments == beside_link and shows_url))


def lacks_link(label: Label, theirs: Shipment) -> bool:
    """Whether the link that was counted on hasn't come, so that the shopper sees no URL at all."""
    return bool(label.tracking_url) and label.tracking_url not in label.comments and not theirs.tracking_url


def differences(label: Label, theirs: Shipment) -> str:
    """What the shopper sees otherwise than it was written, in words; empty if nothing.

    A link of the store's stands in for the tracking URL. What an add-on puts beside them in the comments is no matter.
    """
    said = []
    pairs = {
        "tracking number": (theirs.tracking_number, label.tracking_number),
        "carrier": (theirs.carrier, label.carrier),
    }
    for name, (has, written) in pairs.items():
        if as_label(has) != written:
            said.append(f"the {name} {_quoted(has)} instead of {_quoted(written)}")
    comments = as_label(theirs.comments)
    parts = as_label(label.comments_beside_link if theirs.tracking_url else label.comments)
    if parts not in comments:
        said.append("the comments without the tracking " + ("URL" if label.tracking_url else "numbers"))
    return " and ".join(said)


def _numbers(text: str) -> list[str]:
    """The tracking numbers in one field; at least one, be it empty."""
    numbers = [one.strip() for one in _SEPARATORS.split(text) if one.strip()]
    return numbers if len(numbers) > 1 else text.split() or [text]


def _quoted(text: str) -> str:
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return shown(short) if short else "none"
