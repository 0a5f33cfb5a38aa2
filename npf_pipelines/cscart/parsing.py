"""What is read of the store's answers, and nothing beside it.

Here: the models, and how each is read from decoded JSON. Not here: how a single value is read (fields.py).
The fields are an allow-list, because an order detail carries secrets that aren't ours: the merchant's carrier
accounts and passwords, payment data, the customer's IP address. Whatever isn't named here is never kept.
"""

from collections.abc import Mapping
from datetime import datetime

from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.cscart.options import chosen_options
from npf_pipelines.domain.order_statuses import Status
from npf_pipelines.domain.products import BY_COMBINATION, Product
from npf_pipelines.domain.store_orders import PICK_UP, Address, Order, OrderLine, ShippingMethod, UnreadableOrder
from npf_pipelines.domain.store_shipments import Shipment

_PARENT = "T"
_TAKING_STOCK, _GIVING_BACK = frozenset("PCO"), frozenset("FDBI")
"""The letters that take stock as shipped, and those that give it back (documented)."""


def parse_order(raw: object) -> Order | UnreadableOrder:
    """An order detail, or a row of a list with `get_orders_data=1`.

    Args:
        raw: any decoded JSON value.

    Returns:
        The order, or what is wrong with it; never an exception, so that no order costs another.
    """
    try:
        return _order(Row(raw))
    except Unreadable as why:
        return unreadable_order(raw, str(why))


def unreadable_order(raw: object, reason: str) -> UnreadableOrder:
    """What can still be told of an order that can't be used, for the given reason."""
    try:
        status = Row(raw).text("status")
    except Unreadable:
        status = ""
    return UnreadableOrder(order_id=order_id_of(raw), status=status, placed_at=placed_at_of(raw), reason=reason)


def order_id_of(raw: object) -> str | None:
    """The order's id, whatever else is wrong with it; None if it isn't readable."""
    try:
        return Row(raw).number_id("order_id")
    except Unreadable:
        return None


def placed_at_of(raw: object) -> datetime | None:
    """When the order was placed, whatever else is wrong with it; None if it isn't readable."""
    try:
        return Row(raw).moment("timestamp")
    except Unreadable:
        return None


def has_lines(raw: object) -> bool:
    """Whether a row is a whole order: those of a plain list have no `products` (documented)."""
    return isinstance(raw, dict) and "products" in raw


def parse_shipment(raw: object) -> Shipment:
    """A row of `GET /shipments`.

    Raises:
        Unreadable: naming the field.
    """
    row = Row(raw)
    products = row.row("products")
    return Shipment(
        shipment_id=row.number_id("shipment_id"),
        order_id=row.number_id("order_id"),
        shipping_id=row.optional_id("shipping_id"),
        carrier=row.text("carrier"),
        tracking_number=row.text("tracking_number"),
        comments=row.text("comments"),
        tracking_url=row.row("carrier_info").text("tracking_url"),
        created_at=row.moment("shipment_timestamp"),
        quantities={item_id: products.quantity(item_id) for item_id in products.names()},
    )


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
    """The product's id, whatever else is wrong with it; None if it isn't readable."""
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


def parse_status(raw: object) -> Status:
    """A row of `GET /statuses`. By its `params.inventory`, `D` takes stock and `I` gives it back (documented).

    Where it is missing, the letter's meaning as shipped counts; for a merchant's own status no stock moves (inferred).

    Raises:
        Unreadable: naming the field.
    """
    row = Row(raw)
    letter = row.required_text("status")
    inventory = row.row("params").text("inventory")
    return Status(
        letter=letter,
        name=row.text("description"),
        takes_stock=inventory == "D" if inventory else letter in _TAKING_STOCK,
        moves_stock=inventory in {"D", "I"} or letter in _TAKING_STOCK | _GIVING_BACK,
    )


def _order(row: Row) -> Order:
    row.demand("products")
    status = row.required_text("status")
    return Order(
        order_id=row.number_id("order_id"),
        status=status,
        placed_at=row.moment("timestamp"),
        is_parent=row.flag("is_parent_order") or status == _PARENT,
        parent_order_id=row.optional_id("parent_order_id"),
        company_id=row.text("company_id"),
        storefront_id=row.text("storefront_id"),
        total=row.money("total"),
        email=row.text("email"),
        phone=row.text("phone"),
        company=row.name("company"),
        notes=row.text("notes"),
        ship_to=_address(row, "s_"),
        bill_to=_address(row, "b_"),
        shipping=tuple(_shipping_method(method) for _, method in row.rows("shipping")),
        shipment_ids=row.ids("shipment_ids"),
        lines=_lines(row),
    )


def _lines(row: Row) -> tuple[OrderLine, ...]:
    picked_up = _picked_up_groups(row)
    lines = tuple(_line(key, line, picked_up) for key, line in row.rows("products"))
    if len({line.item_id for line in lines}) < len(lines):
        raise Unreadable("products: two lines have the same item_id")
    return lines


def _picked_up_groups(row: Row) -> frozenset[str]:
    """The groups of the order whose shipping is a pick-up: each line and each shipping names one (known behaviour)."""
    by_group: dict[str, set[bool]] = {}
    for _, method in row.rows("shipping"):
        by_group.setdefault(method.text("group_key"), set()).add(method.text("module") == PICK_UP)
    return frozenset(group for group, pick_ups in by_group.items() if group and pick_ups == {True})


def _line(key: str, line: Row, picked_up: frozenset[str]) -> OrderLine:
    extra = line.row("extra")
    return OrderLine(
        item_id=line.text("item_id") or key,
        product_id=line.text("product_id"),
        sku=line.text("product_code"),
        description=line.name("product"),
        quantity=line.quantity("amount"),
        price=line.money("price"),
        is_download=extra.flag("is_edp") and not extra.flag("edp_shipping"),
        shipped=line.optional_quantity("shipped_amount") or 0,
        to_ship=line.optional_quantity("shipment_amount"),
        options=chosen_options(extra.raw("product_options_value"), extra.raw("product_options")),
        is_pick_up=extra.text("group_key") in picked_up,
    )


def _address(row: Row, prefix: str) -> Address:
    return Address(
        # A checkout that asks for a name only once may leave it out of the address (inferred).
        name=_name(row, prefix) or _name(row, ""),
        address_1=row.name(f"{prefix}address"),
        address_2=row.name(f"{prefix}address_2"),
        city=row.name(f"{prefix}city"),
        county=row.name(f"{prefix}county"),
        state=row.name(f"{prefix}state") or row.name(f"{prefix}state_descr"),
        postcode=row.name(f"{prefix}zipcode"),
        country_code=row.text(f"{prefix}country").upper(),
        country=row.name(f"{prefix}country_descr"),
        phone=row.text(f"{prefix}phone"),
    )


def _name(row: Row, prefix: str) -> str:
    return f"{row.name(f'{prefix}firstname')} {row.name(f'{prefix}lastname')}".strip()


def _shipping_method(method: Row) -> ShippingMethod:
    return ShippingMethod(
        shipping_id=method.optional_id("shipping_id"),
        name=method.name("shipping"),
        module=method.text("module"),
        needs_shipment=method.flag("need_shipment", default=True),
    )
