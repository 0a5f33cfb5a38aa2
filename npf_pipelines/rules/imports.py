"""The platform's form of an accepted order of the store.

Not here: whether it is accepted (orders.py).
"""

from npf_pipelines.config.countries import UnknownCountry, country_name
from npf_pipelines.domain.platform_orders import PlatformLine, PlatformOrder
from npf_pipelines.domain.store_orders import Address, Order, OrderMoney
from npf_pipelines.rules.addresses import IncompleteAddress, deliver_to
from npf_pipelines.rules.despatch import method_names
from npf_pipelines.rules.orders import NotShippable, country_of, is_test, lines_to_ship


def order_number(prefix: str, order_id: str) -> str:
    """The number on the platform: `1000012` → `CS1000012`."""
    return f"{prefix}{order_id}"


def platform_order(order: Order, prefix: str, *, address: Address | None = None) -> PlatformOrder:
    """Translate an accepted order.

    Args:
        order: the order.
        prefix: the client's order prefix.
        address: the delivery address; None where the rules choose it.

    Raises:
        NotShippable: there is nothing to ship, or no address to ship it to; such an order is never accepted.
    """
    try:
        address = address or deliver_to(order)
        code = country_of(address)
    except (IncompleteAddress, UnknownCountry) as error:
        raise NotShippable(str(error)) from None
    if not lines_to_ship(order):
        raise NotShippable("no line is left to ship")
    bill_to, money = order.bill_to, order.money or OrderMoney()
    bill_to_country, bill_to_code = _country(bill_to)
    return PlatformOrder(
        order_number=order_number(prefix, order.order_id),
        store_order_id=order.order_id,
        placed_at=order.placed_at,
        is_test=is_test(order),
        ship_to_name=address.name,
        company=order.company,
        address_1=address.address_1,
        address_2=address.address_2,
        city=address.city,
        state=address.state,
        postcode=address.postcode,
        country=country_name(code),
        country_code=code,
        phone=address.phone or order.phone,
        email=order.email,
        notes=order.notes,
        shipping_method=method_names(order.shipping),
        lines=tuple(
            PlatformLine(
                line_id=line.item_id,
                sku=line.sku,
                description=f"{line.description} ({line.options})" if line.options else line.description,
                quantity=line.quantity,
                unit_price=line.price,
                options=line.options,
                tax=line.tax,
                discount=line.discount,
            )
            for line in lines_to_ship(order)
        ),
        bill_to_name=bill_to.name,
        bill_to_company=order.company,
        bill_to_address_1=bill_to.address_1,
        bill_to_address_2=bill_to.address_2,
        bill_to_city=bill_to.city,
        bill_to_state=bill_to.state,
        bill_to_postcode=bill_to.postcode,
        bill_to_country=bill_to_country,
        bill_to_country_code=bill_to_code,
        currency=money.currency,
        total=order.total,
        subtotal=money.subtotal,
        shipping_cost=money.shipping_cost,
        tax=money.tax,
        discount=money.discount,
        payment_method=order.payment_method,
        gift_message=order.gift_message,
        internal_note=order.internal_note,
        storefront_id=order.storefront_id,
        language=order.language,
    )


def _country(bill_to: Address) -> tuple[str, str]:
    """The full English name and the code of a bill's country; the store's own name where it is no country."""
    try:
        code = country_of(bill_to)
    except UnknownCountry:
        return bill_to.country, ""
    return country_name(code), code
