"""The contents of a bucket's files that one client's part of a run has read or written: none is requested twice.

They hold as long as nobody else may write: from the moment at which the client's lease is taken.
Not here: who forgets them (runs/client_run.py), the requests (bucket.py).
"""

import threading
from collections.abc import Iterable

_LARGEST = 4_000_000
"""Bytes that are kept for a client. The contents that were used last stay; a larger one is requested again."""


class KeptFiles:
    """Contents by path, None for a file that is not there; and the listings of folders."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes | None] = {}
        self._listings: dict[str, set[str]] = {}
        self._size = 0
        self._lock = threading.Lock()

    def get(self, path: str) -> bytes | None:
        """The content, or None for a file that is not there.

        Raises:
            KeyError: it is not kept.
        """
        with self._lock:
            if path not in self._contents and any(
                path.startswith(f"{folder}/") and path not in listed for folder, listed in self._listings.items()
            ):
                return None
            content = self._contents[path] = self._contents.pop(path)  # The last used is the last to go.
        return content

    def listing(self, folder: str) -> set[str] | None:
        """The files below a folder; None if it was not listed."""
        with self._lock:
            listed = self._listings.get(folder)
            return None if listed is None else set(listed)

    def keep_listing(self, folder: str, paths: Iterable[str]) -> None:
        """Keep the files below a folder."""
        with self._lock:
            self._listings[folder] = set(paths)

    def keep(self, path: str, content: bytes | None) -> None:
        """Keep a content."""
        with self._lock:
            self._drop(path)
            if content is not None:
                for folder, listed in self._listings.items():
                    if path.startswith(f"{folder}/"):
                        listed.add(path)
            if len(content or b"") > _LARGEST:
                return
            self._contents[path] = content
            self._size += len(content or b"")
            while self._size > _LARGEST:
                self._drop(next(iter(self._contents)))

    def forget(self, path: str | None = None) -> None:
        """Forget a file's content, or all of them: another process may have written."""
        with self._lock:
            for each in [path] if path else list(self._contents):
                self._drop(each)
            self._listings = {
                folder: listed
                for folder, listed in self._listings.items()
                if path and not path.startswith(f"{folder}/")
            }

    def _drop(self, path: str) -> None:
        self._size -= len(self._contents.pop(path, None) or b"")
