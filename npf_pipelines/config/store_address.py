"""A store's address in the one form in which two of them can be compared.

Not here: whether a master setup may hold an address (master_setup.py), which client uses it (state/client_stores.py).
"""

import re
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def comparable_address(url: str) -> str:
    """Host, port and path of a store's URL: what is the same store has the same.

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
