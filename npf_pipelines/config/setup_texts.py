"""The texts of the master setups as they are now: the files of a folder, or of a prefix in a bucket.

Only a file that is new or changed is read again: the sensors ask for all setups every half minute. A bucket costs one
listing, and a request for each such file. A bucket that does not answer is an error, as a folder that can't be read is:
nobody knows then which clients are paused, and nothing runs.
Not here: the setups in the texts (setup_files.py), removed ones (removed_setups.py).
"""

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from upath import UPath

from npf_pipelines.config.bucket_errors import bucket_errors
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.places import Place

_ENDINGS = {".yaml", ".yml"}
_YOUNG = 5.0
"""Seconds in which a second change of a file may have the same time as the first."""


@dataclass(frozen=True)
class SetupText:
    """A file's text, and why it can't be read, if it can't."""

    path: Place
    text: str
    problem: str = ""


def setup_texts(folder: Place) -> list[SetupText]:
    """The texts, in the order of the files' names.

    Raises:
        SetupError: the folder can't be read.
    """
    try:
        return _of_folder(folder) if isinstance(folder, Path) else _of_bucket(folder)
    except FileNotFoundError:
        raise SetupError(
            f"the folder of the master setups is missing: {folder}. npf init creates it; if it is elsewhere, set "
            "NPF_CLIENTS"
        ) from None
    except OSError as error:
        why = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise SetupError(f"the folder of the master setups can't be read ({why}): see NPF_CLIENTS") from error


def _of_folder(folder: Path) -> list[SetupText]:
    return [_text(path) for path in sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS)]


def _text(path: Path) -> SetupText:
    try:
        stat = path.stat()
        if time.time() - max(stat.st_mtime, stat.st_ctime) < _YOUNG:
            return SetupText(path, _read(path))
        return SetupText(path, _read_version(path, (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)))
    except (OSError, UnicodeDecodeError) as error:
        return SetupText(path, "", str(error))


@functools.lru_cache(maxsize=4096)
def _read_version(path: Path, _version: tuple[int, ...]) -> str:
    """A version's text, kept; an error is not: it may be the machine's, and over at the next reading."""
    return _read(path)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


_known: dict[str, tuple[str, SetupText]] = {}
"""The files of buckets that this process has read: the version and the text of each."""
_reading = Lock()


def _of_bucket(folder: UPath) -> list[SetupText]:
    with bucket_errors(str(folder)):
        # Another process may have changed it since: no listing that the file system keeps.
        listed = folder.fs.ls(folder.path, detail=True, refresh=True)
    files = {str(file["name"]): file for file in listed if Path(str(file["name"])).suffix in _ENDINGS}
    with _reading:
        changed = [name for name, file in files.items() if _known.get(name, ("",))[0] != _version(file)]
        with bucket_errors(str(folder)):
            # All at the same time. `cat` would take a name for a pattern.
            contents = folder.fs.cat_ranges(changed, None, None, on_error="return") if changed else []
        unread = {}
        for name, content in zip(changed, contents, strict=True):
            path = folder / Path(name).name
            if isinstance(content, FileNotFoundError):
                unread[name] = SetupText(path, "", "it was removed while it was read")
            elif isinstance(content, PermissionError):  # Of one file: the folder was listed.
                unread[name] = SetupText(path, "", str(content))
            else:
                _known[name] = (_version(files[name]), _decoded(path, content))
        return [unread.get(name) or _known[name][1] for name in sorted(files)]


def _decoded(path: UPath, content: bytes | Exception) -> SetupText:
    if isinstance(content, Exception):
        with bucket_errors(str(path)):
            raise content
    try:
        return SetupText(path, content.decode())
    except UnicodeDecodeError as error:
        return SetupText(path, "", str(error))


def _version(file: Mapping[str, Any]) -> str:
    """A text that changes with the file's content, by what the storage says of it."""
    return "|".join(str(file.get(name, "")) for name in ("ETag", "etag", "LastModified", "mtime", "created", "size"))
