"""The documentation's pages: where they are, and the names in them that have to exist.

Not here: which of them exist (test_docs.py).
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
HISTORY = PROJECT / "CHANGELOG.md"
"""It names what an earlier version had, too."""

_CODE = re.compile(r"^ *```\w*\n(.*?)^ *```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Every page that is written by hand, of the site and beside it."""
    beside = (PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md"))
    return [*sorted((PROJECT / "docs").rglob("*.md")), *beside]


def code(page: Path) -> list[str]:
    """The lines of a page's code, in blocks and in sentences."""
    found = _CODE.findall(page.read_text(encoding="utf-8"))
    return [line.strip() for block, inline in found for line in (block or inline).splitlines()]


def npf_calls(page: Path) -> Iterator[list[str]]:
    """The words of each call of `npf`, without placeholders."""
    for line in code(page):
        called = re.match(r"(?:\.venv/bin/)?npf (.+)", line)
        if called and not called[1].startswith("…"):
            yield [word for word in shlex.split(called[1], comments=True) if word != "…"]


def shell_lines(page: Path) -> list[str]:
    """The commands in a page's shell blocks, in their order."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def settings(page: Path) -> set[str]:
    """The `NPF_…` variables that a page names."""
    return set(re.findall(r"\bNPF_[A-Z_]+\b", page.read_text(encoding="utf-8")))


def targets(page: Path) -> set[str]:
    """The make targets that a page names in its code."""
    return {target for line in code(page) if line.startswith("make ") for target in _words(line)}


def _words(line: str) -> list[str]:
    return [word for word in line.partition("#")[0].split()[1:] if re.fullmatch(r"[a-z-]+", word)]


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures to files, without their anchors."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    return [path for link in found if (path := link.partition("#")[0]) and "://" not in path]
