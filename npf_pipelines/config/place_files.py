"""Single files of a local folder or of a bucket, alike: a name is never a pattern, and each failure is an OSError.

Not here: which URLs are supported (places.py), the texts of all setups (setup_texts.py), the lake (lake/files.py).
"""

import contextlib
import os
from fnmatch import fnmatchcase
from pathlib import Path

from npf_pipelines.config.bucket_errors import bucket_errors
from npf_pipelines.config.places import Place


def read_bytes(path: Place) -> bytes:
    """The content of a file.

    Raises:
        OSError: it can't be read.
    """
    if isinstance(path, Path):
        return path.read_bytes()
    with bucket_errors(str(path)):
        content: bytes = path.fs.cat_file(path.path)
    return content


def read_text(path: Place, encoding: str) -> str:
    """The text of a file.

    Raises:
        OSError: it can't be read.
        UnicodeDecodeError: it has another encoding.
    """
    return read_bytes(path).decode(encoding) if not isinstance(path, Path) else path.read_text(encoding=encoding)


def copy_file(source: Place, target: Place) -> None:
    """Copy a file so that no reader finds half of it.

    Raises:
        OSError: it can't be read or written.
    """
    content = read_bytes(source)
    if not isinstance(target, Path):  # A bucket puts a whole file in place.
        with bucket_errors(str(target)):
            target.fs.pipe_file(target.path, content)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # Otherwise the name may lead to an empty file after a power cut.
    unfinished.replace(target)


def delete_file(path: Place) -> None:
    """Delete a file, if there is one.

    Raises:
        OSError: it can't be deleted.
    """
    if isinstance(path, Path):
        path.unlink(missing_ok=True)
        return
    with contextlib.suppress(FileNotFoundError), bucket_errors(str(path)):
        path.fs.rm_file(path.path)


def has_file(path: Place) -> bool:
    """Whether there is a file.

    Raises:
        OSError: that can't be found out.
    """
    if isinstance(path, Path):
        return path.is_file()
    with bucket_errors(str(path)):
        return bool(path.fs.exists(path.path))


def files_in(folder: Place, pattern: str) -> list[Place]:
    """The files directly in a folder whose name fits a pattern; none if there is no such folder.

    Raises:
        OSError: the folder can't be listed.
    """
    if isinstance(folder, Path):
        return sorted(folder.glob(pattern))
    with contextlib.suppress(FileNotFoundError), bucket_errors(str(folder)):
        # Another process may have changed it since: no listing that the file system keeps.
        listed = folder.fs.ls(folder.path, detail=False, refresh=True)
        names = sorted(str(path).rstrip("/").rpartition("/")[2] for path in listed)
        return [folder / name for name in names if fnmatchcase(name, pattern)]
    return []
