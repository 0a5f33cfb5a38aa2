"""Rows of the store's lists that can't be read, each with as much of it as could be.

One row that an add-on or an old import has spoilt costs itself, never its list. Not here: orders (models.py), how a
single value is read (fields.py). Shipments have no place here: one that is overlooked would be made again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.cscart.parsing import parse_combination, parse_product, unreadable_order
from npf_pipelines.domain.products import BY_COMBINATION, Product, UnreadableProduct
from npf_pipelines.domain.store_orders import OrderStub, UnreadableOrder

T = TypeVar("T")


@dataclass(frozen=True)
class UnreadableRow:
    """A row of one of the store's lists.

    Attributes:
        name: the list's.
        row_id: the row's id; empty if that can't be read either.
        reason: the field and what is wrong with it.
    """

    name: str
    row_id: str
    reason: str

    def __str__(self) -> str:
        which = f" {self.row_id}" if self.row_id else ""
        return f"in the store's list of {self.name}, the row{which} can't be read: {self.reason}"


def read_product(raw: object, place: int) -> Product | UnreadableProduct:
    """A row of `GET /products`; never an exception. `place` names one that has no readable id."""
    try:
        return parse_product(raw)
    except Unreadable as why:
        product_id, sku = _read(raw, "product_id", Row.number_id), _read(raw, "product_code", Row.text)
        return UnreadableProduct(
            product_id=product_id or f"unnumbered-{place}",
            sku=sku or "",
            tracking=_read(raw, "tracking", Row.text) or None,
            reason=str(why),
            is_download=bool(_read(raw, "is_edp", Row.flag)) and not _read(raw, "edp_shipping", Row.flag),
            is_named=product_id is not None and sku is not None,
        )


def read_combination(raw: object, product_id: str, place: int) -> Product | UnreadableProduct:
    """A row of the combinations of a product; never an exception. `place` names one that has no readable hash."""
    try:
        return parse_combination(raw)
    except Unreadable as why:
        combination, sku = _read(raw, "combination_hash", Row.number_id), _read(raw, "product_code", Row.text)
        return UnreadableProduct(
            product_id=_read(raw, "product_id", Row.number_id) or product_id,
            sku=sku or "",
            tracking=BY_COMBINATION,
            reason=str(why),
            combination=combination or f"unnumbered-{place}",
            is_named=combination is not None and sku is not None,
        )


def read_stub(raw: object) -> OrderStub | UnreadableOrder:
    """A row of a list of orders; never an exception."""
    try:
        row = Row(raw)
        order_id, placed_at = row.number_id("order_id"), row.moment("timestamp")
    except Unreadable as why:
        return unreadable_order(raw, str(why))
    return OrderStub(order_id=order_id, status=_read(raw, "status", Row.text) or "", placed_at=placed_at)


def row_id_of(raw: object, name: str) -> str:
    """A row's id under a name, whatever it is; empty if it isn't readable."""
    return _read(raw, name, Row.text) or ""


def _read(raw: object, name: str, how: Callable[[Row, str], T]) -> T | None:
    try:
        return how(Row(raw), name)
    except Unreadable:
        return None
