"""Folders and buckets as the settings name them: which URLs are supported, and which setting takes none.

A URL that nobody refuses would silently become a local folder with that name.
Not here: the settings (settings.py), reads and writes of a bucket (lake/files.py, setup_texts.py).
"""

import contextlib
import importlib.util
from pathlib import Path
from typing import TypeAlias

from fsspec.registry import known_implementations
from upath import UPath

Place: TypeAlias = Path | UPath
"""A local folder or file, or one below a URL."""

_SUPPORTED = frozenset({"file", "memory", "s3", "s3a"})
"""Storages that can be listed, and that replace a file at once (lake/bucket.py has the options of each)."""
_URL = "://"
_ONE_STORAGE = {"s3a": "s3", "local": "file"}
"""Two names of one storage."""


def local_folder(written: object) -> object:
    """The path of a folder on this machine, as it was written.

    Raises:
        ValueError: it is a URL.
    """
    if _URL in str(written):
        raise ValueError("write the path of a folder: a URL is not supported here")
    return written


def checked_url(written: str) -> str:
    """A folder's path, or a bucket's URL of a supported kind, as it was written.

    Raises:
        ValueError: the URL is of another kind, or its package is missing.
    """
    scheme, is_url, _ = written.partition(_URL)
    if not is_url:
        return written
    if scheme not in _SUPPORTED:
        raise ValueError("URLs of this kind are not supported: write the path of a folder or s3://bucket/prefix")
    package = str(known_implementations.get(scheme, {}).get("class", "fsspec")).partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise ValueError(f"the package {package} is missing: install npf_pipelines[cluster], or that package alone")
    return written


def read_text(path: Place, encoding: str) -> str:
    """The text of a file.

    Raises:
        OSError: it can't be read.
        UnicodeDecodeError: it has another encoding.
    """
    try:
        return path.read_text(encoding=encoding)
    except (OSError, UnicodeDecodeError):
        raise
    except Exception as error:  # Each storage has errors of its own for a server that can't be reached.
        raise OSError(str(error)) from error


def copy_file(source: Place, target: Place) -> None:
    """Copy a file so that no reader finds half of it.

    Raises:
        OSError: it can't be read or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(target, Path):  # A bucket puts a whole file in place.
        target.write_bytes(source.read_bytes())
        return
    unfinished = target.with_name(f".{target.name}.unfinished")
    unfinished.write_bytes(source.read_bytes())
    unfinished.replace(target)


def place(written: object) -> Place:
    """A local folder as an absolute path, or the place of a supported URL.

    Raises:
        ValueError: the URL is not supported.
    """
    if not isinstance(written, str) or _URL not in written:
        return written if isinstance(written, UPath) else Path(str(written)).absolute()
    # A listing that is kept would hide the changes of other machines.
    return UPath(checked_url(written), use_listings_cache=False)


def is_same_place(one: object, other: object) -> bool:
    """Whether two folders or URLs lead to the same place: a relative path, a slash at the end, a link or a mount."""
    places = _resolved(one), _resolved(other)
    if places[0] == places[1]:
        return True
    with contextlib.suppress(OSError):  # One of them is not there.
        return all(isinstance(each, Path) for each in places) and Path(places[0]).samefile(places[1])
    return False


def _resolved(written: object) -> Path | str:
    there = place(written)
    if isinstance(there, Path):
        return there.resolve()
    protocol = _ONE_STORAGE.get(there.protocol, there.protocol)
    return Path(there.path).resolve() if protocol == "file" else f"{protocol}{_URL}{there.path.strip('/')}"
