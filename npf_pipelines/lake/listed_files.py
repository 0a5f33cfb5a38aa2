"""A bucket's files as DuckDB asks for them: a listed file is opened without a request whether it exists.

Not here: listing them (partitions.py), opening them otherwise (files.py).
"""

import glob
from typing import Any

import fsspec


class ListedFiles(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """The file system of a bucket with fewer requests. A listed file that is gone fails when it is opened."""

    cachable = False

    def __init__(self, files: fsspec.AbstractFileSystem) -> None:
        super().__init__()
        self.protocol = files.protocol
        self._files = files

    def glob(self, path: str, **more: Any) -> list[str]:
        """The files that fit a pattern; a path fits itself."""
        listed = [fsspec.core.strip_protocol(path)]
        found: list[str] = self._files.glob(path, **more) if glob.has_magic(path) else listed
        return found

    def open(self, path: str, mode: str = "rb", **more: Any) -> Any:
        """A file, open."""
        return self._files.open(path, mode, **more)

    def info(self, path: str, **more: Any) -> Any:
        """The size and further facts of a file."""
        return self._files.info(path, **more)

    def modified(self, path: str) -> Any:
        """When a file was last changed."""
        return self._files.modified(path)
