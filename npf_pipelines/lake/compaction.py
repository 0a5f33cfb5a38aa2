"""Moves a client's old days from a file each into a file for their month.

Writing the month's file is the commit: until then only the days' files count, and after it they still take precedence.
They are deleted later, each only if the month's file holds the same rows. So a compaction that is killed anywhere
leaves every row exactly once, and the next one continues it.
The caller holds the lease of the table's flow, so that nobody else writes the days meanwhile.
Not here: the files' names and which of them counts (months.py), when it is done (automation/compaction.py).
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import IO, Any, NamedTuple

import pyarrow as arrow
from pyarrow import parquet

from npf_pipelines.lake.broken_files import BrokenFile, is_broken
from npf_pipelines.lake.files import LakeFiles
from npf_pipelines.lake.months import MonthFile, PartitionFiles, month_file, month_of, month_path
from npf_pipelines.lake.partition_file import (
    WITHOUT_PERSONAL,
    DaySummary,
    OpenMonth,
    month_footer,
    month_schema,
    with_day,
)
from npf_pipelines.lake.partitions import list_client, may_be_in_month, open_path
from npf_pipelines.lake.table import Table

_ROWS_TOGETHER = 5_000
"""Days are written together until they have so many rows: reading a day reads few others."""


class _Day(NamedTuple):
    """A day's rows, and whether its personal data was dropped."""

    rows: arrow.Table
    lacks_personal: bool


class Compaction:
    """The files of one client's table with days."""

    def __init__(self, files: LakeFiles, table: Table, client: str) -> None:
        self._files, self._table, self._client = files, table, client

    def unfinished(self, before: date) -> list[date]:
        """The months with something to do: a day before then has a file of its own, or a month's file was replaced."""
        there = self._list()
        old = {month_of(day) for day in there.days if day < before and may_be_in_month(day)}
        return sorted(old | {month for month, generations in there.months.items() if len(generations) > 1})

    def commit(self, month: date, before: date) -> int:
        """Write the old days that have files of their own into the month's file.

        A day whose own file can't be read is left as it is.

        Args:
            month: the first day of the month.
            before: days from then on are left in their own files.

        Returns:
            The number of days that the month's file did not hold, or not like this.

        Raises:
            BrokenFile: the month's file can't be read, and not all of its days have files of their own.
            OSError: nothing was committed.
        """
        there = self._list()
        newest = _newest(there, month)
        old = {day: path for day, path in there.days.items() if day < before and may_be_in_month(day)}
        own = {day: path for day, path in old.items() if month_of(day) == month}
        try:
            same = self._compare(own, newest)
        except BrokenFile:
            same = self._compare(own, None)
        changed = {day: own[day] for day, is_held in same.items() if not is_held}
        if not changed:
            return 0
        held = dict.fromkeys(newest.days, newest.path) if newest else {}
        sources = dict(sorted((held | changed).items()))
        path = month_path(
            f"{self._files.root}/{self._table.name}/client={self._client}",
            newest.generation + 1 if newest else 1,
            sources,
        )
        self._files.put_with(lambda file: self._write(file, self._contents(sources)), path)
        return len(changed)

    def clean(self, month: date, check: Callable[[], None], committed_before: datetime | None = None) -> int:
        """Delete the files that the month's file replaces.

        Args:
            month: the first day of the month.
            check: raises an error unless the lease holds; called before each deletion.
            committed_before: nothing is deleted if the month's file is younger, for the sake of readers at work.

        Returns:
            The number of deleted files.

        Raises:
            BrokenFile: the month's file can't be read; nothing was deleted.
        """
        there = self._list()
        newest = _newest(there, month)
        if newest is None or (committed_before and self._files.modified(newest.path) >= committed_before):
            return 0
        if is_broken(self._files.system, newest.path):
            raise BrokenFile(newest.path, self._table.name, self._client, None)
        # The older generations first: they lack days, and must not count if the newest is lost.
        replaced = [older.path for older in there.months[month][:-1]]
        own = {day: path for day, path in there.days.items() if day in newest.days}
        replaced += [own[day] for day, is_held in self._compare(own, newest).items() if is_held]
        for path in replaced:
            check()
            self._files.delete(path)
        return len(replaced)

    def split(self) -> None:
        """Give each day a file of its own again, and delete the months' files.

        Raises:
            BrokenFile: a month's file can't be read.
        """
        there = self._list()
        for month in there.newest:
            for day, (rows, lacks_personal) in self._contents(dict.fromkeys(sorted(there.shown(month)), month.path)):
                marked = rows.replace_schema_metadata(WITHOUT_PERSONAL if lacks_personal else None)
                self._files.put(marked, self._files.path(self._table.name, client=self._client, day=day))
            self.delete(month.month)

    def delete(self, month: date) -> None:
        """Delete all generations of a month's file, the oldest first: none may count again."""
        for generation in self._list().months.get(month, []):
            self._files.delete(generation.path)

    def _list(self) -> PartitionFiles:
        return list_client(self._files, self._table, self._client)

    def _compare(self, own: Mapping[date, str], month: MonthFile | None) -> Mapping[date, bool]:
        """For each day whose own file can be read, whether the month's file holds just the same.

        Raises:
            BrokenFile: the month's file can't be read.
        """
        held = self._contents({day: month.path for day in sorted(own) if day in month.days} if month else {})
        found: dict[date, bool] = {}
        for day, path in sorted(own.items()):
            of_month = next(held)[1] if month and day in month.days else None
            with contextlib.suppress(BrokenFile):
                found[day] = next(self._contents({day: path}))[1] == of_month
        return found

    def _contents(self, sources: Mapping[date, str]) -> Iterator[tuple[date, _Day]]:
        """The days' rows from the files that hold them; a month's file is opened once."""
        with contextlib.ExitStack() as stack:
            months: dict[str, OpenMonth] = {}
            for day, path in sources.items():
                if not month_file(path):
                    with open_path(self._files, self._table, self._client, day, path) as file:
                        content = _Day(file.read().cast(self._table.arrow_schema), file.lacks_personal)
                else:
                    if path not in months:
                        opened = self._files.opened(path, self._table.name, client=self._client, day=None)
                        months[path] = OpenMonth(self._table, stack.enter_context(opened))
                    of_month = months[path].day(day)
                    content = _Day(of_month.read().cast(self._table.arrow_schema), of_month.lacks_personal)
                yield day, content

    def _write(self, file: IO[Any], days: Iterable[tuple[date, _Day]]) -> None:
        schema = month_schema(self._table)
        summaries: dict[date, DaySummary] = {}
        together = schema.empty_table()
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for day, (rows, lacks_personal) in days:
                summaries[day] = DaySummary(len(rows), lacks_personal)
                together = arrow.concat_tables([together, with_day(rows, day)])
                if len(together) >= _ROWS_TOGETHER:
                    writer.write_table(together)
                    together = schema.empty_table()
            if len(together):
                writer.write_table(together)
            writer.add_key_value_metadata(month_footer(summaries))


def _newest(there: PartitionFiles, month: date) -> MonthFile | None:
    return there.months[month][-1] if month in there.months else None
