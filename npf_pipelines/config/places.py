"""Folders and buckets as the settings name them: which spellings are supported, and which setting takes no bucket.

A URL that nobody refuses would silently become a local folder with that name.
Not here: the settings (settings.py), reads and writes of a file (place_files.py, lake/files.py).
"""

import contextlib
import importlib.util
import re
from pathlib import Path
from typing import TypeAlias

from fsspec.registry import known_implementations
from upath import UPath

Place: TypeAlias = Path | UPath
"""A local folder or file, or one below a URL."""

_BUCKETS = frozenset({"s3", "s3a"})
"""Storages that can be listed, and that replace a file at once (lake/bucket.py has the options of each)."""
_ONE_STORAGE = {"s3a": "s3"}
"""Two names of one storage."""
_MEANT_IN_URLS = re.compile(r"\?|%[0-9A-Fa-f]{2}")


def checked_text(written: str) -> str:
    """The text of a setting, as it was written.

    Raises:
        ValueError: it is empty, or has what an env file left around it.
    """
    if not written.strip():
        raise ValueError("it is empty: write a value, or leave the variable out")
    if written != written.strip() or written[0] in "\"'":
        raise ValueError("it begins or ends with white space or a quotation mark: write it without")
    return written


def local_folder(written: object) -> object:
    """The path of a folder on this machine, which may hold SQLite's databases.

    Raises:
        ValueError: it is the URL of a bucket, or no path; or SQLAlchemy's URLs can't name it.
    """
    if not isinstance(written, str):
        return written
    if _scheme(written) not in {"", "file"}:
        raise ValueError("a URL is not supported here: write the path of a folder")
    if _MEANT_IN_URLS.search(written):  # Dagster makes its URLs of the path as it is.
        raise ValueError("a ? or %20 in the path would lead SQLite elsewhere: name the folder without")
    return _normalized(written)


def bucket_url(written: str) -> str:
    """The URL of a folder in an S3 bucket, in its usual spelling.

    Raises:
        ValueError: it is none.
    """
    if _scheme(checked_text(written)) != "s3":
        raise ValueError("write s3://bucket/prefix")
    return _normalized(written)


def checked_url(written: str) -> str:
    """A folder's path, or a bucket's URL, in its usual spelling.

    Raises:
        ValueError: it is neither, or the bucket's package is missing.
    """
    package = str(known_implementations.get(_scheme(written), {}).get("class", "fsspec")).partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise ValueError(f"the package {package} is missing: install npf_pipelines[cluster], or that package alone")
    return _normalized(written)


def place(written: object) -> Place:
    """A local folder as an absolute path, or the place of a bucket's URL. Errors as for `checked_url`."""
    if not isinstance(written, str):
        return written if isinstance(written, UPath) else Path(str(written)).absolute()
    url = checked_url(written)
    # A listing that is kept would hide the changes of other machines.
    return UPath(url, use_listings_cache=False) if _scheme(url) else Path(url).absolute()


def _scheme(written: str) -> str:
    """The scheme of a URL, in lower case; empty for a path. A colon after the first slash is part of a path."""
    before, colon, _ = written.partition("://" if "://" in written else ":")
    return before.casefold() if colon and ("/" not in before or colon != ":") else ""


def _normalized(written: str) -> str:
    scheme = _scheme(checked_text(written))
    if not scheme:
        if written.startswith(("~", "$")):
            raise ValueError("~ and $ are not replaced here: write the whole path")
        return written
    _, _, rest = written.partition(":")
    if scheme == "file" and rest.startswith("///"):
        return rest.removeprefix("//")
    if scheme == "file":
        raise ValueError("write the path of the folder alone, without file:")
    if scheme not in _BUCKETS:
        raise ValueError("URLs of this kind are not supported: write the path of a folder or s3://bucket/prefix")
    bucket = rest.removeprefix("//").partition("/")[0]
    if not rest.startswith("//") or not bucket:
        raise ValueError("the URL names no bucket: write s3://bucket/prefix")
    return f"{scheme}:{rest.rstrip('/')}"


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
    return f"{_ONE_STORAGE.get(there.protocol, there.protocol)}://{there.path.strip('/')}"
