"""Products and option combinations out of the store's answers.

Not here: rows that can't be read (unreadable.py), how a single value is read (fields.py).
"""

from collections.abc import Mapping

from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.domain.products import BY_COMBINATION, Product


def parse_product(raw: object) -> Product:
    """A row of `GET /products`.

    Raises:
        Unreadable: naming the field.
    """
    row = Row(raw)
    return Product(
        product_id=row.number_id("product_id"),
        sku=row.text("product_code"),
        amount=row.whole("amount"),
        tracking=row.text("tracking") or None,
        status=row.text("status"),
        is_download=row.flag("is_edp") and not row.flag("edp_shipping"),
        shares=_shares(row),
    )


def _shares(row: Row) -> Mapping[str, int] | None:
    """Units by store location (inferred: as they are written, an object of amounts); None where none can be read."""
    try:
        places = row.row("warehouses")
        return {place: places.whole(place) for place in places.names()} or None
    except Unreadable:
        return None


def product_id_of(raw: object) -> str | None:
    """The product's id, even if the rest is unreadable; None if it isn't readable."""
    try:
        return Row(raw).number_id("product_id")
    except Unreadable:
        return None


def parse_combination(raw: object) -> Product:
    """A row of `GET /combinations`; its product's code isn't its own (documented).

    Raises:
        Unreadable: naming the field.
    """
    row = Row(raw)
    return Product(
        product_id=row.number_id("product_id"),
        sku=row.text("product_code"),
        amount=row.whole("amount"),
        tracking=BY_COMBINATION,
        status="",
        combination=row.number_id("combination_hash"),
    )
