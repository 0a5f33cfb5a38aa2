"""A bucket: each call is one request, or one for each thousand names, and each failure names the bucket.

Nothing is remembered between two calls: another process may have written meanwhile. No path is taken for a pattern.
Not here: local folders, and what is in the files (files.py), the words about a failure (config/bucket_errors.py).
"""

import contextlib
from collections.abc import Collection, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import fsspec

from npf_pipelines.config.bucket_errors import bucket_errors

_S3: Mapping[str, Any] = {
    "use_listings_cache": False,
    # With more, s3fs asks for the size of each file before it reads it.
    "max_concurrency": 1,
    # As many connections as clients at work at once; and no minute of waiting for a server that is gone.
    "config_kwargs": {"max_pool_connections": 32, "connect_timeout": 10},
}
_OPTIONS: Mapping[str, Mapping[str, Any]] = {"s3": _S3, "s3a": _S3, "memory": {}}
"""By protocol the options of the file systems that replace a file atomically. Others need a rename."""


def open_file_system(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The file system and the folder of a URL, or of a path."""
    protocol = url.partition("://")[0] if "://" in url else "file"
    system, folder = fsspec.core.url_to_fs(url, **_OPTIONS.get(protocol, {}))
    return system, str(folder)


def is_bucket(system: fsspec.AbstractFileSystem) -> bool:
    """Whether the file system replaces a file atomically, without a rename."""
    protocols = {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)
    return not protocols.isdisjoint(_OPTIONS)


class Bucket:
    """The files of a bucket. Paths begin with the bucket's name."""

    def __init__(self, system: fsspec.AbstractFileSystem) -> None:
        self._system = system

    def read(self, path: str) -> bytes:
        """A file.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the bucket can't be read.
        """
        with self._failures_named(path):
            content: bytes = self._system.cat_file(path)
        return content

    def write(self, path: str, content: bytes) -> None:
        """Put a file in place of the old one; a reader sees the old one or the new one.

        Raises:
            OSError: the bucket can't be written.
        """
        with self._failures_named(path):
            self._system.pipe_file(path, content)

    def has(self, path: str) -> bool:
        """Whether there is a file, or a folder with any.

        Raises:
            OSError: the bucket can't be read.
        """
        with self._failures_named(path):
            return bool(self._system.exists(path))

    def children(self, folder: str, pattern: str, *, only_folders: bool = False) -> list[str]:
        """The files and folders directly below a folder whose name fits a pattern; none if there is no such folder.

        Raises:
            OSError: the bucket can't be read.
        """
        with contextlib.suppress(FileNotFoundError), self._failures_named(folder):
            found = self._system.ls(folder, detail=True)
            kinds = {"directory"} if only_folders else {"directory", "file"}
            names = (str(each["name"]).rstrip("/") for each in found if each["type"] in kinds)
            return sorted(name for name in names if fnmatchcase(name.rpartition("/")[2], pattern))
        return []

    def below(self, folder: str) -> Collection[str]:
        """All files below a folder.

        Raises:
            OSError: the bucket can't be read.
        """
        with contextlib.suppress(FileNotFoundError), self._failures_named(folder):
            above, _, name = folder.rpartition("/")
            # With a prefix s3fs doesn't ask once more, twice, for a folder that has nothing.
            found = map(str, self._system.find(above, prefix=f"{name}/"))
            return [path for path in found if path.startswith(f"{folder}/")]
        return []

    def delete(self, path: str) -> None:
        """Delete a file; one that is not there is no error.

        Raises:
            OSError: the bucket can't be written.
        """
        with contextlib.suppress(FileNotFoundError), self._failures_named(path):
            self._system.rm_file(path)

    def modified(self, path: str) -> datetime:
        """When a file was last changed.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the bucket can't be read.
        """
        with self._failures_named(path):
            found: datetime = self._system.modified(path)
        return found

    def move(self, path: str, target: str) -> None:
        """Put a file under another name, in place of a file of that name.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the bucket can't be read or written.
        """
        with self._failures_named(path):
            self._system.cp_file(path, target)
            self._system.rm_file(path)

    def _failures_named(self, path: str) -> contextlib.AbstractContextManager[None]:
        protocol = self._system.protocol
        scheme = protocol if isinstance(protocol, str) else protocol[0]
        return bucket_errors(f"{scheme}://{path}")
