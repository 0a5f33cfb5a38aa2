"""NPF's carrier names as the store's carrier codes.

Not here: the handling of a carrier that the store doesn't know (rules/parcels.py).
The store builds the tracking link itself for the carriers whose code it knows (documented); there is no list
of them in its API.
"""

from collections.abc import Mapping
from types import MappingProxyType

_NAMES = {
    "ups": ("UPS", "United Parcel Service"),
    "usps": ("USPS", "US Postal Service", "U.S. Postal Service", "United States Postal Service"),
    "fedex": ("FedEx", "Federal Express", "FedEx Express", "FedEx Ground"),
    "dhl": ("DHL", "DHL Express"),
    "can": ("Canada Post", "CanadaPost", "Postes Canada", "can"),
    "aup": ("Australia Post", "AusPost", "Aus Post", "AustPost", "Australia Post eParcel", "aup"),
    "swisspost": ("Swiss Post", "SwissPost", "Swiss Post International", "Die Post"),
}


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


_CODES = {_folded(name): code for code, names in _NAMES.items() for name in names}


def carrier_code(name: str, own: Mapping[str, str] = MappingProxyType({})) -> tuple[str, bool]:
    """The store's code for a carrier, and whether the store knows it and builds links for it.

    Args:
        name: NPF's name of the carrier.
        own: the client's own table, name to code, which comes first: add-ons teach a store further carriers.

    Returns:
        The code and True; for an unknown carrier its name as it is and False.
    """
    folded = name.strip().casefold()
    for own_name, code in own.items():
        if own_name.strip().casefold() == folded:
            return code, True
    code = _CODES.get(_folded(name), "")
    return (code, True) if code else (name, False)
