"""`make licences`: the licence of each package that production gets, one a line.

The packages come from requirements.lock, the licences from each package's own metadata, as SPDX expressions where it
uses them (PEP 639). A package for another kind of machine is named as such.
"""

import re
from importlib import metadata
from pathlib import Path

from npf_pipelines_tests.docs.pages import PROJECT

_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
_CLASSIFIER = "License :: "
_LONGEST = 60
"""Characters of a licence's name; some packages have the licence's whole text in its place."""
NOT_HERE = "for other machines than this one"
UNKNOWN = "not named in its metadata: see its files"


def pinned(lock: Path) -> dict[str, str]:
    """The versions of a lock file, by package.

    Raises:
        OSError: it can't be read.
    """
    return dict(_PINNED.findall(lock.read_text(encoding="utf-8")))


def licence_of(package: str) -> str:
    """A package's licence by its own metadata."""
    try:
        found = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return NOT_HERE
    if expression := found.get_all("License-Expression"):
        return str(expression[0])
    classifiers = [one for one in found.get_all("Classifier") or [] if one.startswith(_CLASSIFIER)]
    named = [name for one in classifiers if (name := one.rpartition(" :: ")[2]) != "OSI Approved"]
    written = "".join(found.get_all("License") or []).strip()
    if named:
        return ", ".join(named)
    return written if written and "\n" not in written and len(written) <= _LONGEST else UNKNOWN


def main() -> None:
    """Print them."""
    for package, version in sorted(pinned(PROJECT / "requirements.lock").items()):
        print(f"{package} {version}: {licence_of(package)}")  # noqa: T201


if __name__ == "__main__":
    main()
