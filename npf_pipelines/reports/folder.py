"""The folder of the pages: their names, files and addresses, and the browser's policy for them.

It is a local folder, or one of a bucket, so that each machine serves what another one has drawn.
Not here: their content (pages.py), the server (server.py), the bucket's requests (lake/bucket.py).
"""

import functools
import os
import re
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from upath import UPath

from npf_pipelines.config.place_files import delete_file
from npf_pipelines.lake.bucket import Bucket, open_file_system

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

    def __init__(self, folder: Path | UPath, url: str) -> None:
        """Keep the pages in `folder`, which is served at `url`."""
        self._folder, self._url = folder, url.rstrip("/")

    @property
    def certificates(self) -> "ReportFolder":
        """The folder of the certificates, inside this one."""
        return ReportFolder(self._folder / "certificates", f"{self._url}/certificates")

    def path(self, name: str, suffix: str = ".html") -> Path | UPath:
        """The file of a page, or one beside it."""
        return self._folder / f"{name}{suffix}"

    def url(self, name: str) -> str:
        """The address of a page."""
        return f"{self._url}/{name}.html"

    def read(self, name: str, suffix: str = ".html") -> str | None:
        """The page, or the file beside it, that was put in place last; None if there is none.

        Raises:
            OSError: it can't be read.
        """
        path = self.path(name, suffix)
        try:
            return path.read_text(encoding="utf-8") if isinstance(path, Path) else self._bucket.read(path.path).decode()
        except FileNotFoundError:
            return None

    def names(self, pattern: str, suffix: str) -> list[str]:
        """The names of the pages, or of the files beside them, that fit a pattern.

        Raises:
            OSError: the folder can't be listed.
        """
        if isinstance(self._folder, Path):
            found = [path.name for path in self._folder.glob(f"*{suffix}")]
        else:
            found = [path.rpartition("/")[2] for path in self._bucket.children(self._folder.path, f"*{suffix}")]
        return sorted(name for name in (file.removesuffix(suffix) for file in found) if fnmatchcase(name, pattern))

    def write(self, name: str, page: str, suffix: str = ".html") -> None:
        """Put a page in place, or a file beside it; a reader sees the old one or the new one.

        Raises:
            OSError: it can't be written.
        """
        path = self.path(name, suffix)
        if not isinstance(path, Path):
            self._bucket.write(path.path, page.encode())
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.parent / f".{path.name}.{os.getpid()}{_UNFINISHED}"
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(path)

    def drop(self, client: str) -> None:
        """Delete a client's pages, if there are any.

        Raises:
            OSError: they can't be deleted.
        """
        for name in (client, skipped_name(client)):
            delete_file(self.path(name))

    def drop_leftovers(self, before: datetime) -> int:
        """Delete the half-written pages of killed runs; returns how many there were. A bucket has none.

        Args:
            before: files changed since then may still be being written.
        """
        if not isinstance(self._folder, Path):
            return 0
        dropped = 0
        for path in self._folder.glob(f".*{_UNFINISHED}"):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                dropped += 1
        return dropped

    @functools.cached_property
    def _bucket(self) -> Bucket:
        return Bucket(open_file_system(str(self._folder))[0])
