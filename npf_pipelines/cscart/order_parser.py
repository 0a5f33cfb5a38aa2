"""Orders out of the store's answers.

The fields are an allow-list, because an order's detail carries secrets that aren't ours to keep: the merchant's carrier
accounts and passwords, payment data, the customer's IP address. A field that isn't named here is never kept.
Not here: how a single value is read (fields.py), sums (order_money.py), the types (domain/store_orders.py).
"""

from datetime import datetime

from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.cscart.options import chosen_options
from npf_pipelines.cscart.order_money import OrderSums, optional_text, payment_method
from npf_pipelines.domain.store_orders import PICK_UP, Address, Order, OrderLine, ShippingMethod, UnreadableOrder

_PARENT = "T"


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
    """The readable rest of an order that can't be used, with the reason."""
    try:
        status = Row(raw).text("status")
    except Unreadable:
        status = ""
    return UnreadableOrder(order_id=order_id_of(raw), status=status, placed_at=placed_at_of(raw), reason=reason)


def order_id_of(raw: object) -> str | None:
    """The order's id, even if the rest is unreadable; None if it isn't readable."""
    try:
        return Row(raw).number_id("order_id")
    except Unreadable:
        return None


def placed_at_of(raw: object) -> datetime | None:
    """When the order was placed, even if the rest is unreadable; None if it isn't readable."""
    try:
        return Row(raw).moment("timestamp")
    except Unreadable:
        return None


def has_lines(raw: object) -> bool:
    """Whether a row is a whole order: rows of a plain list have no `products` (documented)."""
    return isinstance(raw, dict) and "products" in raw


def _order(row: Row) -> Order:
    row.demand("products")
    status = row.required_text("status")
    sums = OrderSums()
    lines = _lines(row, sums)
    return Order(
        order_id=row.number_id("order_id"),
        status=status,
        placed_at=row.moment("timestamp"),
        updated_at=_updated_at(row),
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
        lines=lines,
        money=sums.of_order(row),
        payment_method=payment_method(row),
        # A field of add-ons (inferred).
        gift_message=optional_text(row, "gift_message"),
        internal_note=optional_text(row, "details"),
        language=optional_text(row, "lang_code"),
    )


def _updated_at(row: Row) -> datetime | None:
    """When the order was last changed; None where the store doesn't say.

    Stores that can list orders by their change have it as a column of the order (inferred). It is 0 for an order that
    wasn't changed since the store got the column (inferred).
    """
    try:
        moment = row.moment("updated_at") if row.raw("updated_at") else None
    except Unreadable:  # It decides on no more than when an order is released: it costs no order.
        return None
    return moment if moment and moment.timestamp() > 0 else None


def _lines(row: Row, sums: OrderSums) -> tuple[OrderLine, ...]:
    picked_up = _picked_up_groups(row)
    lines = tuple(_line(key, line, picked_up, sums) for key, line in row.rows("products"))
    if len({line.item_id for line in lines}) < len(lines):
        raise Unreadable("products: two lines have the same item_id")
    return lines


def _picked_up_groups(row: Row) -> frozenset[str]:
    """The groups of the order whose shipping is a pick-up: each line and each shipping names one (known behaviour)."""
    methods = [method for _, method in row.rows("shipping")]
    picked_up = {method.text("group_key") for method in methods if method.text("module") == PICK_UP}
    if not picked_up:  # Nearly always.
        return frozenset()
    sent = {method.text("group_key") for method in methods if method.text("module") != PICK_UP}
    return frozenset(picked_up - sent - {""})


def _line(key: str, line: Row, picked_up: frozenset[str], sums: OrderSums) -> OrderLine:
    extra = line.row("extra")
    quantity = line.quantity("amount")
    return OrderLine(
        item_id=line.text("item_id") or key,
        product_id=line.text("product_id"),
        sku=line.text("product_code"),
        description=line.name("product"),
        quantity=quantity,
        price=line.money("price"),
        is_download=extra.flag("is_edp") and not extra.flag("edp_shipping"),
        shipped=line.optional_quantity("shipped_amount") or 0,
        to_ship=line.optional_quantity("shipment_amount"),
        options=chosen_options(extra.raw("product_options_value"), extra.raw("product_options")),
        is_pick_up=extra.text("group_key") in picked_up,
        tax=sums.line_tax(line),
        discount=sums.line_discount(line, quantity),
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
