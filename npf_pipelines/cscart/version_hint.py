"""The line by which a store names its version, edition included, on its own address: a hint, never a condition.

Many versions answer `/?version` with a line like `CS-Cart: version <b>4.18.1 ULTIMATE</b>`; newer ones and hardened
hosts show their front page instead (known behaviour).
"""

import re

from npf_pipelines.domain.text import one_line

_LONGEST = 60
_LINE = re.compile(
    r"\A\s*(?P<brand>(?:CS-Cart|Multi-Vendor)[\w .-]{0,30}):\s*version\s*<b>(?P<version>\d+\.\d+[^<]{0,60})</b>"
)


def version_in(page: str) -> str:
    """The store's brand, version and edition, as `CS-Cart 4.18.1 ULTIMATE`; empty if the page doesn't name them."""
    found = _LINE.match(page)
    return one_line(f"{found['brand']} {found['version']}", _LONGEST) if found else ""
