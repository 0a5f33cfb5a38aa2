"""A month of a client's old days in one file: its name, and which file counts for each day.

A day's own file takes precedence over its month's. A month's file never changes: the next generation replaces it. Its
name holds its days, so that no file is opened to find a day. A reader lists the days' files before the months' files: a
day's file is deleted only after the month's file is there.
Not here: writing and deleting these files (compaction.py), the rows in them (partition_file.py).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

YOUNGEST = timedelta(days=14)
"""No younger day is in a month's file, so that nobody searches there for a recent day that was not written yet."""

_DAY = re.compile(r"/client=(?P<client>[^/]+)/day=(?P<day>\d{4}-\d\d-\d\d)/part[.]parquet$")
_MONTH = re.compile(
    r"/client=(?P<client>[^/]+)/month=(?P<month>\d{4}-\d\d)/(?P<generation>\d{6})-(?P<days>[0-9a-f]{8})[.]parquet$"
)


@dataclass(frozen=True)
class MonthFile:
    """A file with days of one month.

    Attributes:
        path: where it is.
        month: the first day of the month.
        generation: the highest one counts.
        days: the days that it holds, days without rows included.
    """

    path: str
    month: date
    generation: int
    days: frozenset[date]


@dataclass(frozen=True)
class PartitionFiles:
    """The files of one client's table with days.

    Attributes:
        days: the files of single days.
        months: the months' files by the first day of the month, in ascending generation.
    """

    days: dict[date, str] = field(default_factory=dict)
    months: defaultdict[date, list[MonthFile]] = field(default_factory=lambda: defaultdict(list))

    @property
    def newest(self) -> Sequence[MonthFile]:
        """The months' files that count."""
        return [generations[-1] for generations in self.months.values()]

    @property
    def written(self) -> frozenset[date]:
        """The days that have been written."""
        return frozenset(self.days).union(*(month.days for month in self.newest))

    def shown(self, month: MonthFile) -> frozenset[date]:
        """The days of a month's file that count: days without a file of their own."""
        return month.days - self.days.keys()


def sort_files(paths: Iterable[str]) -> Mapping[str, PartitionFiles]:
    """The files of a table by client, from their paths; other files are left out."""
    found: defaultdict[str, PartitionFiles] = defaultdict(PartitionFiles)
    for path in paths:
        if day := _DAY.search(path):
            found[day["client"]].days[date.fromisoformat(day["day"])] = path
        elif month := month_file(path):
            found[_client_of(path)].months[month.month].append(month)
    for files in found.values():
        for generations in files.months.values():
            generations.sort(key=lambda month: month.generation)
    return found


def month_file(path: str) -> MonthFile | None:
    """The month's file that a path names; None if it names another file."""
    named = _MONTH.search(path)
    if named is None:
        return None
    month, bits = date.fromisoformat(f"{named['month']}-01"), int(named["days"], 16)
    days = frozenset(month + timedelta(days=place) for place in range(31) if bits >> place & 1)
    return MonthFile(path, month, int(named["generation"]), days)


def month_path(folder: str, generation: int, days: Iterable[date]) -> str:
    """The path of a month's file.

    Args:
        folder: the client's folder of the table.
        generation: one more than that of the file to replace.
        days: days of one month, at least one.
    """
    days = list(days)
    bits = sum(1 << day.day - 1 for day in days)
    return f"{folder}/month={days[0]:%Y-%m}/{generation:06}-{bits:08x}.parquet"


def month_of(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def _client_of(path: str) -> str:
    return path.rpartition("/month=")[0].rpartition("/client=")[2]
