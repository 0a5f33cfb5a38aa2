"""Values as PHP and its database read them: truth, numbers, letters, query strings.

Only conversions of single values. Not here: a store's use of them (store.py, api/).
"""

import math
import re
from collections.abc import Iterable

Query = dict[str, str | list[str]]

MEDIUMINT = (-8_388_608, 8_388_607)
"""The range of the column that holds an amount; the database cuts what is beyond it (inferred)."""

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def truth(value: object) -> bool:
    """Whether PHP takes `value` for true: `"N"` and `"false"` are, `"0"` isn't (known behaviour)."""
    return bool(value) and value != "0"


def whole_number(value: object) -> int:
    """`value` as the database stores it in an amount: anything goes in, the nearest number comes out.

    `"abc"` and null become 0, 12.7 rounds, too large a number is cut (inferred).
    """
    if isinstance(value, str):
        found = _NUMBER.match(value)
        value = float(found.group()) if found else 0
    if not isinstance(value, int | float) or math.isnan(value):
        return 0
    low, high = MEDIUMINT
    if not low < value < high:
        return low if value < 0 else high
    return math.floor(abs(value) + 0.5) * (-1 if value < 0 else 1)


def identifier(value: str) -> int:
    """A number in an address or a query; 0, which nothing has, for anything else."""
    return int(value) if value.isdecimal() else 0


def first_letter(value: object) -> str:
    """`value` in a column of one letter: "Canceled" becomes `C` (inferred); empty when PHP sees nothing."""
    return str(value)[0] if truth(value) and isinstance(value, str | int | float) else ""


def query(pairs: Iterable[tuple[str, str]]) -> Query:
    """A query string as PHP reads it: `a[]=` collects, a plain key that is repeated keeps its last value."""
    read: Query = {}
    for key, value in pairs:
        if key.endswith("[]"):
            values = read.setdefault(key[:-2], [])
            if isinstance(values, list):
                values.append(value)
        else:
            read[key] = value
    return read


def text(query: Query, key: str, default: str = "") -> str:
    """The plain value of `key`; a list counts as absent."""
    value = query.get(key, default)
    return value if isinstance(value, str) else default


def several(query: Query, key: str, *, commas: bool = False) -> list[str]:
    """The values of `key`, empty ones left out; with `commas`, a plain value is also a list of its own."""
    value = query.get(key, [])
    values = value if isinstance(value, list) else value.split(",") if commas else [value]
    return [item.strip() for item in values if item.strip()]
