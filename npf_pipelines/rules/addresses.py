"""Where an order is sent: an address is a street and a place.

A checkout fills in its default country, and often a state, where nothing else was given (known behaviour): neither
makes an address. Not here: what a country is called (countries.py).
"""

from npf_pipelines.domain.store_orders import Address, Order


class IncompleteAddress(ValueError):
    """An order without an address that a parcel can be sent to; the text names the parts that are missing."""


def deliver_to(order: Order) -> Address:
    """The address that the parcel goes to: ship-to, or bill-to where ship-to has neither street nor place.

    Raises:
        IncompleteAddress: ship-to is filled in part, or neither is complete.
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

    Orders that were imported with it are not edited because of that.
    """
    ship_to = order.ship_to
    is_given = ship_to.address_1 or ship_to.city or ship_to.postcode or ship_to.country_code
    return ship_to if is_given else order.bill_to


def _lacking(address: Address) -> str:
    """The missing parts in words; empty for an address that has all."""
    parts = [] if _says(address.address_1) else ["no street"]
    if not (_says(address.city) or _says(address.postcode)):
        parts.append("neither city nor postcode")
    return " and ".join(parts)


def _has_a_part(address: Address) -> bool:
    return any(map(_says, (address.address_1, address.address_2, address.city, address.postcode)))


def _says(text: str) -> bool:
    """Whether there is more than the dash or dot that people type into a field that must be filled."""
    return any(character.isalnum() for character in text)
