"""A bucket for one client's part of a run: no file is requested twice, and of a client's missing days only the first.

The contents hold as long as nobody else may write: from the moment at which the client's lease is taken.
Not here: who forgets them (runs/client_run.py), the requests (bucket.py).
"""

import re
import threading
from collections.abc import Collection

import fsspec

from npf_pipelines.lake.bucket import Bucket

_LARGEST = 4_000_000
"""Bytes that are kept for a client. The contents that were used last stay; a larger one is requested again."""
_DAY_OF_CLIENT = re.compile(r"^(.*/client=[^/]+)/day=")


class KeptBucket(Bucket):
    """A bucket whose contents are kept by path, None for a file that is not there; and the listings of its folders."""

    def __init__(self, system: fsspec.AbstractFileSystem) -> None:
        super().__init__(system)
        self._contents: dict[str, bytes | None] = {}
        self._listings: dict[str, set[str]] = {}
        self._size = 0
        self._lock = threading.Lock()

    def read(self, path: str) -> bytes:
        """As of a bucket."""
        with self._lock:
            is_kept = path in self._contents
            content = self._contents.get(path)
            if is_kept:  # The last used is the last to go.
                self._contents[path] = self._contents.pop(path)
            is_missing = (is_kept and content is None) or any(
                path not in self._listings[folder] for folder in self._folders_of(path)
            )
        if is_missing:
            raise FileNotFoundError(path)
        if content is not None:
            return content
        try:
            content = super().read(path)
        except FileNotFoundError:
            self.forget(path)  # A listing that has it is out of date: a compaction has moved it since.
            self._keep(path, None)
            if of_client := _DAY_OF_CLIENT.search(path):
                self.below(of_client[1])  # One listing instead of a request for each further day that is not there.
            raise
        self._keep(path, content)
        return content

    def write(self, path: str, content: bytes) -> None:
        """As of a bucket."""
        try:
            super().write(path, content)
        except BaseException:
            self.forget(path)  # Nobody knows which content is there.
            raise
        self._keep(path, content)
        with self._lock:
            for folder in self._folders_of(path):
                self._listings[folder].add(path)

    def delete(self, path: str) -> None:
        """As of a bucket."""
        super().delete(path)
        self.forget(path)

    def below(self, folder: str) -> Collection[str]:
        """As of a bucket."""
        with self._lock:
            listed = self._listings.get(folder)
        if listed is None:
            listed = set(super().below(folder))
            with self._lock:
                self._listings[folder] = listed
        return sorted(listed)

    def forget(self, path: str | None = None) -> None:
        """Request a file, or every file, again: another process may have written it."""
        with self._lock:
            for each in [path] if path else list(self._contents):
                self._drop(each)
            for folder in self._folders_of(path) if path else list(self._listings):
                del self._listings[folder]

    def _folders_of(self, path: str) -> list[str]:
        """The listed folders that the file is in."""
        return [folder for folder in self._listings if path.startswith(f"{folder}/")]

    def _keep(self, path: str, content: bytes | None) -> None:
        with self._lock:
            self._drop(path)
            if len(content or b"") > _LARGEST:
                return
            self._contents[path] = content
            self._size += len(content or b"")
            while self._size > _LARGEST:
                self._drop(next(iter(self._contents)))

    def _drop(self, path: str) -> None:
        self._size -= len(self._contents.pop(path, None) or b"")
