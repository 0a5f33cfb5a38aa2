"""Links between the pages. A page's file has none, because it may be mailed; the server adds the addresses.

Not here: links to a client's store (domain/store_links.py).
"""

import re

from markupsafe import Markup

_WITHOUT_ADDRESS = re.compile(r'<a data-page="([a-z0-9_.-]{1,48})">')


def page_link(name: str, text: str) -> Markup:
    """A link to a page by its name, still without an address."""
    return Markup('<a data-page="{}">{}</a>').format(name, text)


def with_addresses(page: str) -> str:
    """The page as the server shows it: each link with the address of its page, relative to this one."""
    return _WITHOUT_ADDRESS.sub(r'<a href="\1.html">', page)
