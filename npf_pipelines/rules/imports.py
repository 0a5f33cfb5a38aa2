"""What an accepted order of the store looks like on the platform.

Not here: whether it is accepted (orders.py).
"""

from npf_pipelines.config.countries import UnknownCountry, country_name
from npf_pipelines.domain.platform_orders import PlatformLine, PlatformOrder
from npf_pipelines.domain.store_orders import Address, Order
from npf_pipelines.rules.addresses import IncompleteAddress, deliver_to
from npf_pipelines.rules.orders import NotShippable, country_of, is_test, lines_to_ship


def order_number(prefix: str, order_id: str) -> str:
    """The number on the platform: `1000012` → `CS1000012`."""
    return f"{prefix}{order_id}"


def platform_order(order: Order, prefix: str, *, address: Address | None = None) -> PlatformOrder:
    """Translate an order that was accepted.

    Args:
        order: the order.
        prefix: the client's order prefix.
        address: where it goes; left out, where the rules say.

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
        shipping_method=", ".join(method.name for method in order.shipping),
        lines=tuple(
            PlatformLine(
                line_id=line.item_id,
                sku=line.sku,
                description=f"{line.description} ({line.options})" if line.options else line.description,
                quantity=line.quantity,
                unit_price=line.price,
                options=line.options,
            )
            for line in lines_to_ship(order)
        ),
    )
