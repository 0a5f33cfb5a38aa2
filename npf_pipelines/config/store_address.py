"""A store's address in the one form in which two of them can be compared, and the scopes of clients that share it.

A scope is the comparable address, with the storefront or vendor behind it where a client has a part of the store only:
`shop.example#storefront-2`.

Not here: whether a master setup may hold an address (master_setup.py), which client uses it (state/client_stores.py).
"""

import functools
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


@functools.lru_cache(maxsize=4096)
def comparable_address(url: str) -> str:
    """Host, port and path of a store's URL: the same for all spellings of one store's address.

    Scheme, letter case of the host, its trailing dot, a default port and superfluous slashes make no difference; the
    letter case of the path does, as on most web servers.

    Args:
        url: a valid address, as a master setup has it.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").casefold()
    port = parts.port if parts.port not in {None, _DEFAULT_PORTS.get(parts.scheme.lower())} else None
    path = re.sub(r"/+", "/", parts.path).rstrip("/")
    return f"{host}{f':{port}' if port else ''}{path}"


def store_scopes(url: str, *, storefronts: Collection[int] = (), vendor: int | None = None) -> list[str]:
    """The scopes of a client: the whole store, its vendor, or each of its storefronts."""
    address = comparable_address(url)
    if vendor:
        return [f"{address}#vendor-{vendor}"]
    return [f"{address}#storefront-{storefront}" for storefront in storefronts] or [address]


def do_overlap(one: str, other: str) -> bool:
    """Whether an order can be in both scopes.

    Two storefronts or two vendors have no order in common. A storefront and a vendor of one store may have.
    """
    (store, _, part), (other_store, _, other_part) = one.partition("#"), other.partition("#")
    is_same_kind = part.partition("-")[0] == other_part.partition("-")[0]
    return store == other_store and (part == other_part or not part or not other_part or not is_same_kind)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
