"""The name that a person probably meant by one that doesn't exist.

Not here: which names exist (setup_files.py, rules/status_names.py).
"""

import difflib
from collections.abc import Iterable


def nearest_name(written: str, names: Iterable[str]) -> str | None:
    """The name that is most like the written one; upper and lower case don't count. None if none is like it."""
    by_key = {name.casefold(): name for name in names}
    found = difflib.get_close_matches(written.casefold(), by_key, n=1)
    return by_key[found[0]] if found else None
