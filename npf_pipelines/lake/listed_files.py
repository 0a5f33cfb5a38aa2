"""A bucket's files as DuckDB asks for them: each is read whole, by one request for all that a query asks of it.

A run that replaces a file in the middle of a query doesn't disturb it.
Not here: listing the files (partitions.py), opening them otherwise (files.py).
"""

import glob
import io
import re
from datetime import UTC, datetime
from typing import Any

import fsspec

from npf_pipelines.lake.kept_bucket import KeptBucket

_ESCAPED = re.compile(r"\[([*?[])\]")
"""A character that `glob.escape` has escaped."""
_UNCHANGED = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of every file: within a query none changes."""


class ListedFiles(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """The file system of a bucket with fewer requests. A listed file that is gone fails when it is opened."""

    cachable = False

    def __init__(self, files: fsspec.AbstractFileSystem) -> None:
        super().__init__()
        self.protocol = files.protocol
        self._files, self._bucket = files, KeptBucket(files)

    def forget(self) -> None:
        """Request every file again: a query begins."""
        self._bucket.forget()

    def glob(self, path: str, **more: Any) -> list[str]:
        """The files that fit a pattern; a path, or an escaped one, fits itself."""
        literal = _ESCAPED.sub(r"\1", path)
        if glob.escape(literal) == path:
            return [str(fsspec.core.strip_protocol(literal))]
        found: list[str] = self._files.glob(path, **more)
        return found

    def open(self, path: str, mode: str = "rb", **more: Any) -> io.BytesIO:  # noqa: ARG002 - as fsspec calls it
        """A file, open."""
        return io.BytesIO(self._content(path))

    def info(self, path: str, **more: Any) -> dict[str, Any]:  # noqa: ARG002 - as fsspec calls it
        """The size of a file."""
        return {"name": path, "size": len(self._content(path)), "type": "file"}

    def modified(self, path: str) -> datetime:  # noqa: ARG002 - as fsspec calls it
        """When a file was last changed."""
        return _UNCHANGED

    def _content(self, path: str) -> bytes:
        return self._bucket.read(str(fsspec.core.strip_protocol(path)))
