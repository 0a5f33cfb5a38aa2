"""The lake's files: one Parquet file for each partition of a table, in a local folder or a bucket.

In a folder a file is written whole under another name, flushed to the disk and then moved into place: a reader sees the
old one or the new one, also after a power cut. A bucket replaces a file at once. Not here: the bucket's requests
(bucket.py), the rows (lake.py), SQL over the files (views.py), the message about a broken file (broken_files.py).
"""

import contextlib
import copy
import io
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, Self

import pyarrow as arrow
from pyarrow import parquet

from npf_pipelines.lake.broken_files import BrokenFile, is_no_parquet
from npf_pipelines.lake.bucket import Bucket, is_bucket, open_file_system
from npf_pipelines.lake.kept_bucket import KeptBucket

SNAPSHOT_HISTORY = "stock_snapshots_history"
"""Every stock snapshot ever taken, by its time."""
FILE = "part.parquet"

_TAKEN, _TAKEN_EXACTLY = "%Y-%m-%dT%H-%M-%SZ", "%Y-%m-%dT%H-%M-%S-%fZ"
"""The time of a snapshot in its path: without and with microseconds."""
_UNFINISHED = ".unfinished"
"""The ending of a file that is still being written."""
_PATH = re.compile(
    r"/(?P<table>[^/]+)/client=(?P<client>[^/]+)"
    r"(?:(?:/day=(?P<day>\d{4}-\d\d-\d\d)|/taken=[^/]+)?/part|/month=[^/]+/[^/]+)[.]parquet$"
)


class LakeFiles:
    """The files below one folder, or below one prefix of a bucket.

    Attributes:
        system: the file system.
        root: the folder.
    """

    def __init__(self, url: str) -> None:
        self.system, self.root = open_file_system(url)
        self._bucket = Bucket(self.system) if is_bucket(self.system) else None

    def remembering(self) -> Self:
        """The same files, of which a bucket's are kept once they were read or written."""
        files = copy.copy(self)
        files._bucket = KeptBucket(self.system) if self._bucket else None  # noqa: SLF001 - of the same class
        return files

    def forget(self, path: str | None = None) -> None:
        """Forget the kept content of a file, or of all files."""
        if isinstance(self._bucket, KeptBucket):
            self._bucket.forget(path)

    def path(self, table: str, *, client: str, day: date | None) -> str:
        """The path of a partition's file."""
        by_day = f"/day={day.isoformat()}" if day else ""
        return f"{self.root}/{table}/client={client}{by_day}/{FILE}"

    def snapshot_folder(self, client: str, taken: datetime) -> str:
        """The folder of a stock snapshot in the history."""
        form = _TAKEN_EXACTLY if taken.microsecond else _TAKEN
        return f"{self.root}/{SNAPSHOT_HISTORY}/client={client}/taken={taken:{form}}"

    def snapshots(self, client: str) -> list[datetime]:
        """The times of the client's stock snapshots in the history, oldest first."""
        found = self.glob(SNAPSHOT_HISTORY, f"client={client}", "taken=*")
        return sorted(_moment(path.rpartition("/taken=")[2]) for path in found)

    def of_days(self, table: str, client: str) -> Iterator[str]:
        """The files of a table with days, each client's single days before its months, as months.py requires.

        Args:
            table: the table's name.
            client: the client's id, or `*`.
        """
        if self._bucket:
            yield from sorted(self._bucket.below(f"{self.root}/{table}{'' if client == '*' else f'/client={client}'}"))
            return
        for folder in self.glob(table, f"client={client}"):
            yield from filter(self.system.exists, (f"{day}/{FILE}" for day in self._names(folder, "day=")))
            for month in self._names(folder, "month="):
                yield from self._names(month, "")

    def of_month(self, table: str, client: str, day: date) -> Iterable[str]:
        """The files of the day's month, other files among them where that costs no request more."""
        if self._bucket:
            return sorted(self._bucket.below(f"{self.root}/{table}/client={client}"))
        return self.glob(table, f"client={client}", f"month={day:%Y-%m}", "*.parquet")

    def _names(self, folder: str, beginning: str) -> list[str]:
        """The files or folders in a local folder, which may be gone by now."""
        with contextlib.suppress(FileNotFoundError):
            return [path for path in self.system.ls(folder, detail=False) if f"/{beginning}" in path[len(folder) :]]
        return []

    def clients(self) -> list[str]:
        """The clients that have a file of any table."""
        return sorted({path.rpartition("/client=")[2] for path in self.glob("*", "client=*")})

    def glob(self, *steps: str) -> Iterator[str]:
        """The files or folders below the lake's folder; folders that are links are followed.

        Args:
            steps: a name, or a pattern, for each level.
        """
        return self._below(self.root, *steps)

    def _below(self, folder: str, *steps: str) -> Iterator[str]:
        # One level at a time: a pattern over several doesn't follow links.
        found: Iterable[str] = [folder]
        for step in steps[:-1]:
            found = self._next_level(found, step, only_folders=True)
        found = self._next_level(found, steps[-1])
        return (path for path in found if "*" in steps[-1] or self.exists(path))

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a folder."""
        return self._bucket.has(path) if self._bucket else bool(self.system.exists(path))

    def modified(self, path: str) -> datetime:
        """When a file was last changed.

        Raises:
            FileNotFoundError: there is none.
            OSError: the lake can't be read.
        """
        found: datetime = self._bucket.modified(path) if self._bucket else self.system.modified(path)
        return found

    def _next_level(self, folders: Iterable[str], step: str, *, only_folders: bool = False) -> Iterator[str]:
        """The next level. In a bucket, only_folders spares the request for what is below a file."""
        for folder in folders:
            if "*" in step:
                yield from (
                    self._bucket.children(folder, step, only_folders=only_folders)
                    if self._bucket
                    else map(str, Path(folder).glob(step))
                )
            else:
                yield f"{folder}/{step}"

    @contextlib.contextmanager
    def opened(self, path: str, table: str, *, client: str, day: date | None) -> Iterator[parquet.ParquetFile]:
        """A file that holds a partition, open for reading.

        Raises:
            FileNotFoundError: there is none.
            BrokenFile: the file is no Parquet.
        """
        with self._open(path) as file:
            try:
                # Most files are small: reading ahead, and threads, would cost more than they save.
                yield parquet.ParquetFile(file, pre_buffer=False)
            except (arrow.ArrowException, OSError) as error:
                if not is_no_parquet(error):
                    raise
                raise BrokenFile(path, table, client, day) from error

    def _open(self, path: str) -> contextlib.AbstractContextManager[Any]:
        """A file, open for reading; a bucket's is read whole, for most files are small."""
        if not self._bucket:
            return arrow.OSFile(path)  # type: ignore[no-any-return]
        return arrow.BufferReader(self._bucket.read(path))  # type: ignore[no-any-return]

    def put(self, data: arrow.Table, path: str) -> None:
        """Write a Parquet file in place of the old one. Errors as for `put_with`."""
        self.put_with(lambda file: parquet.write_table(data, file, compression="zstd"), path)

    def put_with(self, write: Callable[[IO[Any]], object], path: str) -> None:
        """Write a file in place of the old one.

        Args:
            write: writes the content.
            path: of the file.

        Raises:
            OSError: with the file's name; the old one is still there.
        """
        if self._bucket:
            content = io.BytesIO()
            write(content)
            self._bucket.write(path, content.getvalue())
            return
        folder = path.rpartition("/")[0]
        unfinished = f"{folder}/.{uuid.uuid4().hex}{_UNFINISHED}"
        try:
            self.system.makedirs(folder, exist_ok=True)
            with self.system.open(unfinished, "wb") as file:
                write(file)
                self._sync(file)
            self._put_in_place(unfinished, path)
        except BaseException as error:
            with contextlib.suppress(OSError):  # A full disk is not to stay full because of it.
                self.system.rm_file(unfinished)
            if isinstance(error, OSError) and error.errno:
                # A full disk doesn't name the file.
                raise OSError(error.errno, os.strerror(error.errno), path) from error
            raise

    def text(self, name: str) -> str:
        """A small text file directly below the lake's folder.

        Raises:
            FileNotFoundError: there is none.
            OSError: the lake can't be read.
        """
        path = f"{self.root}/{name}"
        if self._bucket:
            return self._bucket.read(path).decode()
        with self.system.open(path, "r") as file:
            return str(file.read())

    def put_text(self, text: str, name: str) -> None:
        """Write a small text file directly below the lake's folder.

        Raises:
            OSError: the lake can't be written.
        """
        self.put_bytes(text.encode(), f"{self.root}/{name}")

    def _sync(self, file: IO[Any]) -> None:
        """Flush a file to the disk: otherwise its name may lead to an empty file after a power cut."""
        file.flush()
        os.fsync(file.fileno())

    def _put_in_place(self, unfinished: str, path: str) -> None:
        if self._bucket:
            self._bucket.move(unfinished, path)
            return
        Path(unfinished).replace(path)
        folder = os.open(path.rpartition("/")[0], os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def delete(self, path: str) -> None:
        """Delete a file, and its folder if that is empty then."""
        if self._bucket:
            self._bucket.delete(path)
            return
        self.system.rm_file(path)
        with contextlib.suppress(OSError):
            Path(path).parent.rmdir()

    def rename_client(self, old: str, new: str) -> None:
        """Move all files of a client to another id, over that id's own.

        A repeated call after an interrupted one moves the rest.
        """
        for folder in list(self.glob("*", f"client={old}")):
            below = f"{folder.removesuffix(old)}{new}"
            for steps in ((FILE,), ("*=*", FILE)):
                for file in sorted(self._below(folder, *steps)):
                    target = f"{below}{file.removeprefix(folder)}"
                    if not self._bucket:
                        self.system.makedirs(target.rpartition("/")[0], exist_ok=True)
                    self._put_in_place(file, target)
            self.remove_folder(folder)

    def copy_client(self, client: str, other: "LakeFiles") -> None:
        """Copy all files of a client into another lake, over its own."""
        for folder in list(self.glob("*", f"client={client}")):
            for steps in ((FILE,), ("*=*", "*.parquet")):
                for file in sorted(self._below(folder, *steps)):
                    with self._open(file) as opened:
                        other.put_bytes(opened.read(), f"{other.root}{file.removeprefix(self.root)}")

    def put_bytes(self, content: bytes, path: str) -> None:
        """Write a file in place of the old one. Errors as for `put_with`."""
        self.put_with(lambda file: file.write(content), path)

    def drop_client(self, client: str) -> None:
        """Delete all files of a client."""
        for folder in list(self.glob("*", f"client={client}")):
            self.remove_folder(folder)

    def remove_folder(self, folder: str) -> None:
        """Delete a folder with all that is in it."""
        if self._bucket:
            for file in self._bucket.below(folder):  # The bucket's own deletion takes a path for a pattern.
                self._bucket.delete(file)
        elif Path(folder).is_symlink():
            # It leads to a folder of the machine's owner: only its content goes.
            for path in Path(folder).iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            Path(folder).unlink()
        else:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(folder)

    def drop_leftovers(self, before: datetime) -> int:
        """Delete the half-written files of killed runs; returns how many there were. A bucket has none.

        Args:
            before: files changed since then may still be being written.
        """
        if self._bucket:
            return 0
        left = f".*{_UNFINISHED}"
        levels = ([left], ["*", "client=*", left], ["*", "client=*", "*=*", left])
        dropped = 0
        for path in [path for steps in levels for path in self.glob(*steps)]:
            with contextlib.suppress(FileNotFoundError):
                if self.modified(path) < before:
                    self.system.rm_file(path)
                    dropped += 1
        return dropped


def broken_file(path: str) -> BrokenFile:
    """The error about a file that can't be read, from the file's path."""
    found = _PATH.search(path)
    if found is None:
        raise ValueError(f"{path} is no file of a table")
    day = date.fromisoformat(found["day"]) if found["day"] else None
    return BrokenFile(path, found["table"], found["client"], day)


def _moment(taken: str) -> datetime:
    """The time of a snapshot, from its path."""
    return datetime.strptime(taken, _TAKEN_EXACTLY if taken.count("-") > 4 else _TAKEN).replace(tzinfo=UTC)  # noqa: PLR2004
