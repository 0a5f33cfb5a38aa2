"""HTML entities in the store's texts: forms of a store keep what people typed as `O&#039;Brien` (known behaviour).

Not here: which fields may hold them (cscart/fields.py).
"""

import html
import re
from html.entities import html5

_ENTITY = re.compile(r"&(#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")


def without_entities(text: str) -> str:
    """The text with each entity that ends in `;` decoded, once: `&amp;amp;` becomes `&amp;`.

    Entities without `;`, which browsers also read, stay: `AT&T`, `?a=1&copy=2`.
    """
    return _ENTITY.sub(_decoded, text) if "&" in text else text


def _decoded(entity: re.Match[str]) -> str:
    name = entity[1]
    return html.unescape(entity[0]) if name.startswith("#") else html5.get(name, entity[0])
