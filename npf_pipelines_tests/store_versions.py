"""Stores of an older and of a newer CS-Cart, for tests of what the pipeline finds by other means in an older one.

Such a test meets one of the two in the suite, every second test the older one, and both in the long suite.
Not here: what the versions differ in (sandbox/api).
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import cycle
from typing import TypedDict

import pytest

OLD, NEW = (4, 11, 5), (4, 18, 1)
_IDS = ["without updated_at", "with updated_at"]


class _Params(TypedDict):
    params: list[tuple[int, int, int]]
    ids: list[str]


BOTH = _Params(params=[OLD, NEW], ids=_IDS)
"""The parameters of a fixture."""
both_versions = pytest.mark.parametrize("version", BOTH["params"], ids=BOTH["ids"])


def leave_one_to_the_long_suite(items: Iterable[pytest.Item]) -> None:
    """Mark one of the two forms of each test as long."""
    forms: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        for name in _IDS:
            if f"[{name}" in item.nodeid or f"-{name}" in item.nodeid:
                forms[item.nodeid.replace(name, "")].append(item)
    for both, long in zip(forms.values(), cycle((0, 1)), strict=False):
        if len(both) > 1:
            both[long].add_marker(pytest.mark.long)
