"""Where the pages are: their names, files and addresses, and what a browser may do with them.

Not here: what is on them (pages.py), who serves them (server.py).
"""

import os
import re
from datetime import datetime
from pathlib import Path

OVERVIEW = "index"
"""The overview's name; the reports have their client's."""
NAME = re.compile(r"[a-z0-9_-]{1,40}")
"""What a page can be called: a client's id."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may do with a page: show it. No script, and nothing from anywhere else."""

_UNFINISHED = ".unfinished"


class ReportFolder:
    """The folder of the pages."""

    def __init__(self, folder: Path, url: str) -> None:
        """Pages lie in `folder`, which answers at `url`."""
        self._folder, self._url = folder, url.rstrip("/")

    def path(self, name: str) -> Path:
        """The file of a page."""
        return self._folder / f"{name}.html"

    def url(self, name: str) -> str:
        """The address of a page."""
        return f"{self._url}/{name}.html"

    def write(self, name: str, page: str) -> None:
        """Put a page in place; a reader sees the old one or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}.{os.getpid()}{_UNFINISHED}"
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(self.path(name))

    def drop_leftovers(self, before: datetime) -> int:
        """Delete the pages that killed runs have left half written; how many it was.

        Args:
            before: files changed since then may still be being written.
        """
        dropped = 0
        for path in self._folder.glob(f".*{_UNFINISHED}"):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                dropped += 1
        return dropped
