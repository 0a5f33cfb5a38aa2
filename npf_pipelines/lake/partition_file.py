"""One partition's rows in its file, whether the file holds a day, a month or a whole table.

Not here: which file that is (months.py), how a file is opened (files.py), whole rows and frames (lake.py).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

import pyarrow as arrow
import pyarrow.compute as pc
from pyarrow import parquet

from npf_pipelines.lake.table import Table

WITHOUT_PERSONAL = {b"personal_data": b"dropped"}
"""The mark in the footer of a file whose personal columns were emptied."""
_DAYS = b"days"
"""The key in the footer of a month's file under which each day has its summary."""


class DaySummary(NamedTuple):
    """A day in the footer of a month's file: its number of rows, and whether its personal data was dropped."""

    rows: int
    lacks_personal: bool


class PartitionFile:
    """A partition in an open file of its own."""

    def __init__(self, table: Table, file: parquet.ParquetFile) -> None:
        self._table, self._file = table, file

    @property
    def row_count(self) -> int:
        """How many rows it has; only the footer is read."""
        return int(self._file.metadata.num_rows)

    @property
    def lacks_personal(self) -> bool:
        """Whether its personal data was dropped; only the footer is read."""
        return WITHOUT_PERSONAL.items() <= (self._file.metadata.metadata or {}).items()

    def read(self, names: Sequence[str] | None = None) -> arrow.Table:
        """Its rows in the order in which they were written, all columns if none are named."""
        names = names or self._table.arrow_schema.names
        return self._complete(self._read(names), names)

    def _read(self, names: Sequence[str]) -> arrow.Table:
        return self._file.read(columns=names, use_threads=False)

    def _complete(self, content: arrow.Table, names: Sequence[str]) -> arrow.Table:
        for name in names:
            if name not in content.column_names:  # An older file.
                column = self._table.arrow_schema.field(name)
                content = content.append_column(column, arrow.nulls(len(content), column.type))
        return content.select(names)


class OpenMonth:
    """A month's open file. The rows read last are kept: the next day is often among them."""

    def __init__(self, table: Table, file: parquet.ParquetFile) -> None:
        self._table, self._file = table, file
        self._kept: tuple[object, arrow.Table] | None = None

    def day(self, day: date) -> "DayOfMonth":
        """A day of it."""
        return DayOfMonth(self._table, self, day)

    @cached_property
    def summaries(self) -> Mapping[str, DaySummary]:
        """The days in the footer."""
        by_day = json.loads((self._file.metadata.metadata or {})[_DAYS])
        return {day: DaySummary(*summary) for day, summary in by_day.items()}

    def rows(self, day: date, names: Sequence[str]) -> arrow.Table:
        """The day's rows, without columns that the file lacks."""
        metadata = self._file.metadata
        groups = [
            group
            for group in range(metadata.num_row_groups)
            if (days := metadata.row_group(group).column(0).statistics).min <= day <= days.max
        ]
        if self._kept is None or self._kept[0] != (groups, names):
            content = self._file.read_row_groups(groups, columns=["day", *names], use_threads=False)
            self._kept = (groups, names), content
        content = self._kept[1]
        return content.filter(pc.equal(content["day"], arrow.scalar(day, arrow.date32()))).drop_columns("day")


class DayOfMonth(PartitionFile):
    """A day in an open file of a month."""

    def __init__(self, table: Table, month: OpenMonth, day: date) -> None:
        self._table, self._month, self._day = table, month, day

    @property
    def row_count(self) -> int:
        """As for a file of its own."""
        return self._month.summaries[self._day.isoformat()].rows

    @property
    def lacks_personal(self) -> bool:
        """As for a file of its own."""
        return self._month.summaries[self._day.isoformat()].lacks_personal

    def _read(self, names: Sequence[str]) -> arrow.Table:
        return self._month.rows(self._day, names)


def month_schema(table: Table) -> arrow.Schema:
    """The columns of a month's file: the day, then the columns of a day's file."""
    return arrow.schema([arrow.field("day", arrow.date32()), *table.arrow_schema])


def with_day(content: arrow.Table, day: date) -> arrow.Table:
    """A day's rows as they are in a month's file."""
    return content.add_column(0, "day", arrow.repeat(arrow.scalar(day, arrow.date32()), len(content)))


def month_footer(days: Mapping[date, DaySummary]) -> dict[bytes, str]:
    """The footer of a month's file."""
    return {_DAYS: json.dumps({day.isoformat(): summary for day, summary in days.items()})}
