"""The rights of new folders and files: the process's umask, set once where each program begins.

Here: `npf` (cli/__init__.py) and Dagster's code server and its runs (definitions.py). Not here: Dagster's daemon and
webserver, which load no code of this package: their supervisor sets theirs (docs/deployment.md). Existing files keep
their modes.
"""

import os
import re

OWNER_ONLY = 0o077
"""The umask that leaves group and others no right."""

_OCTAL = re.compile(r"(0o?)?[0-7]{3}")
_OWNER = 0o700


def parse_umask(written: object) -> object:
    """A umask from its three octal digits, `077` or `027`; anything but text is left as it is.

    Raises:
        ValueError: it is no umask, or it takes a right from the owner, who could read nothing then.
    """
    if not isinstance(written, str):
        return written
    if not _OCTAL.fullmatch(written.strip()):
        raise ValueError("write three octal digits: 077 for the owner only, 027 for the owner's group as well")
    umask = int(written.strip().removeprefix("0o"), 8)
    if umask & _OWNER:
        raise ValueError("the owner needs all rights: write 077 for the owner only, 027 for the group as well")
    return umask


def set_umask(umask: int) -> None:
    """New folders and files of this process and its children have at most the rights that this umask leaves."""
    os.umask(umask)
