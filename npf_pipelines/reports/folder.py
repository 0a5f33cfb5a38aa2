"""The folder of the pages: their names, files and addresses, and the browser's policy for them.

Not here: their content (pages.py), the server (server.py).
"""

import os
import re
from datetime import datetime
from pathlib import Path

OVERVIEW = "index"
"""The overview's name; the reports have their client's."""
_CLIENT = "[a-z0-9_-]{1,40}"
NAME = re.compile(rf"{_CLIENT}(\.skipped)?")
"""The name of a page: a client's id, or that of its skipped orders."""
CERTIFICATE_NAME = re.compile(rf"{_CLIENT}-[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}")
"""The name of a certificate: a client's id and a day."""


def skipped_name(client: str) -> str:
    """The name of the page of a client's skipped orders, which no client's id can be."""
    return f"{client}.skipped"


POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""A browser may show a page and nothing more: no scripts, no external content."""

_UNFINISHED = ".unfinished"


class ReportFolder:
    """The folder of the pages."""

    def __init__(self, folder: Path, url: str) -> None:
        """Keep the pages in `folder`, which is served at `url`."""
        self._folder, self._url = folder, url.rstrip("/")

    @property
    def certificates(self) -> "ReportFolder":
        """The folder of the certificates, inside this one."""
        return ReportFolder(self._folder / "certificates", f"{self._url}/certificates")

    def path(self, name: str, suffix: str = ".html") -> Path:
        """The file of a page, or one beside it."""
        return self._folder / f"{name}{suffix}"

    def url(self, name: str) -> str:
        """The address of a page."""
        return f"{self._url}/{name}.html"

    def read(self, name: str) -> str | None:
        """The page that was put in place last; None if there is none."""
        try:
            return self.path(name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, name: str, page: str, suffix: str = ".html") -> None:
        """Put a page in place, or a file beside it; a reader sees the old one or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}{suffix}.{os.getpid()}{_UNFINISHED}"
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(self.path(name, suffix))

    def drop_leftovers(self, before: datetime) -> int:
        """Delete the half-written pages of killed runs; returns how many there were.

        Args:
            before: files changed since then may still be being written.
        """
        dropped = 0
        for path in self._folder.glob(f".*{_UNFINISHED}"):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                dropped += 1
        return dropped
