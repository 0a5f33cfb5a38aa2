"""Order statuses out of the store's answers. Not here: how a single value is read (fields.py)."""

from npf_pipelines.cscart.fields import Row
from npf_pipelines.domain.order_statuses import Status

_TAKING_STOCK, _GIVING_BACK = frozenset("PCO"), frozenset("FDBI")
"""The letters that take stock, and the letters that give it back, in a new store (documented)."""


def parse_status(raw: object) -> Status:
    """A row of `GET /statuses`. By its `params.inventory`, `D` takes stock and `I` gives it back (documented).

    By its `params.notify`, `Y` mails the customer and `N` doesn't (documented).
    Where it is missing, the letter's meaning as shipped counts; for a merchant's own status no stock moves (inferred).

    Raises:
        Unreadable: naming the field.
    """
    row = Row(raw)
    letter = row.required_text("status")
    params = row.row("params")
    inventory = params.text("inventory")
    return Status(
        letter=letter,
        name=row.text("description"),
        takes_stock=inventory == "D" if inventory else letter in _TAKING_STOCK,
        moves_stock=inventory in {"D", "I"} or letter in _TAKING_STOCK | _GIVING_BACK,
        mails=params.flag("notify") if params.text("notify") else None,
    )
