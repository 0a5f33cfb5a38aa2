"""The delivery address of an order: a street and a place at least.

A checkout fills in its default country, and often a state, where the shopper gave nothing (known behaviour), so
neither makes an address. Not here: names of countries (config/countries.py).
"""

from npf_pipelines.domain.store_orders import Address, Order


class IncompleteAddress(ValueError):
    """An order without an address that a parcel can be sent to; the text names the parts that are missing."""


def deliver_to(order: Order) -> Address:
    """The delivery address: ship-to, or bill-to where ship-to has neither street nor place.

    Raises:
        IncompleteAddress: ship-to is filled in partly, or neither address is complete.
    """
    lacking = _lacking(order.ship_to)
    if not lacking:
        return order.ship_to
    if _has_a_part(order.ship_to):
        raise IncompleteAddress(f"the delivery address has {lacking}")
    if _lacking(order.bill_to):
        raise IncompleteAddress(f"the delivery address is empty, and the billing address has {_lacking(order.bill_to)}")
    return order.bill_to


def address_of_earlier_releases(order: Order) -> Address:
    """The address as it was chosen until November 2026, when a country was enough.

    An order that was imported with it is not edited because of that.
    """
    ship_to = order.ship_to
    is_given = ship_to.address_1 or ship_to.city or ship_to.postcode or ship_to.country_code
    return ship_to if is_given else order.bill_to


def _lacking(address: Address) -> str:
    """The missing parts in words; empty for a complete address."""
    parts = [] if _has_text(address.address_1) else ["no street"]
    if not (_has_text(address.city) or _has_text(address.postcode)):
        parts.append("neither city nor postcode")
    return " and ".join(parts)


def _has_a_part(address: Address) -> bool:
    return any(map(_has_text, (address.address_1, address.address_2, address.city, address.postcode)))


def _has_text(text: str) -> bool:
    """Whether there is more than the dash or dot that people type into a required field."""
    return any(character.isalnum() for character in text)
