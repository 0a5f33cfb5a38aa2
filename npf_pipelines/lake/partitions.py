"""Finds and opens the file that holds a partition, also while a compaction moves it.

Not here: the rule which file counts (months.py), the rows in it (partition_file.py).
"""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from pyarrow import parquet

from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.files import LakeFiles
from npf_pipelines.lake.months import YOUNGEST, MonthFile, PartitionFiles, month_file, month_of, sort_files
from npf_pipelines.lake.partition_file import OpenMonth, PartitionFile
from npf_pipelines.lake.table import Table


def list_clients(files: LakeFiles, table: Table, client: str = "*") -> Mapping[str, PartitionFiles]:
    """The files of a table with days by client; all clients if none is named."""
    return sort_files(files.of_days(table.name, client))


def list_client(files: LakeFiles, table: Table, client: str) -> PartitionFiles:
    """The files of one client's table with days."""
    return list_clients(files, table, client).get(client) or PartitionFiles()


@contextlib.contextmanager
def opened(files: LakeFiles, table: Table, client: str, day: date | None) -> Iterator[PartitionFile]:
    """A partition, open for reading.

    Raises:
        FileNotFoundError: the partition has not been written.
        BrokenFile: its file is no Parquet.
    """
    with contextlib.ExitStack() as stack:
        try:
            path = files.path(table.name, client=client, day=day)
            file = stack.enter_context(open_path(files, table, client, day, path))
        except FileNotFoundError:
            if day is None or not may_be_in_month(day):
                raise
            file = _enter_month(stack, files, table, client, day)
        yield file


@contextlib.contextmanager
def open_path(files: LakeFiles, table: Table, client: str, day: date | None, path: str) -> Iterator[PartitionFile]:
    """A partition in the file that holds it, open for reading. Errors as above."""
    with files.opened(path, table.name, client=client, day=day) as file:
        yield _partition(table, file, path, day)


def days_with_personal(files: LakeFiles, table: Table, client: str) -> list[date]:
    """The days of the client whose personal data was not dropped. Each file is opened once.

    A file that can't be read may hold some.
    """
    found = list_client(files, table, client)
    held = [(path, [day]) for day, path in found.days.items()]
    held += [(month.path, sorted(found.shown(month))) for month in found.newest]
    holding: list[date] = []
    for path, days in held:
        try:
            with files.opened(path, table.name, client=client, day=None) as file:
                holding += [day for day in days if not _partition(table, file, path, day).lacks_personal]
        except BrokenFile:
            holding += days
    return sorted(holding)


def _enter_month(stack: contextlib.ExitStack, files: LakeFiles, table: Table, client: str, day: date) -> PartitionFile:
    tried = None
    while (month := _month_with(files, table, client, day)) != tried:  # Replaced and deleted between list and open.
        if month is None:
            break
        with contextlib.suppress(FileNotFoundError):
            return stack.enter_context(open_path(files, table, client, day, month.path))
        tried = month
        files.forget(month.path)
    raise FileNotFoundError(files.path(table.name, client=client, day=day))


def _month_with(files: LakeFiles, table: Table, client: str, day: date) -> MonthFile | None:
    generations = sort_files(files.of_month(table.name, client, day))[client].months[month_of(day)]
    return generations[-1] if generations and day in generations[-1].days else None


def _partition(table: Table, file: parquet.ParquetFile, path: str, day: date | None) -> PartitionFile:
    return OpenMonth(table, file).day(day) if day and month_file(path) else PartitionFile(table, file)


def may_be_in_month(day: date) -> bool:
    """Whether the day is old enough to be in a month's file."""
    return datetime.now(UTC).date() - day >= YOUNGEST
