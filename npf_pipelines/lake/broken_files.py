"""Files of the lake that can't be read: the message for each, and which of them the next run writes again.

Not here: opening a file (files.py, connection.py), which day or client fails because of it (assets/).
"""

from collections.abc import Sequence
from datetime import date

import fsspec
import pyarrow as arrow
from pyarrow import parquet

from npf_pipelines.errors import NpfError
from npf_pipelines.lake.bucket import Bucket, is_bucket
from npf_pipelines.lake.months import month_file
from npf_pipelines.lake.tables import (
    FILTERED_ORDERS,
    OLD_HOLDS,
    OPEN_STATUSES,
    PLATFORM_ORDERS,
    PUSHED_SKUS,
    RAW_ORDERS,
    SHIPMENT_RECORDS,
    SKU_MAP,
    SKU_MAP_PROBLEMS,
    STATUS_QUESTIONS,
    STORE_FACTS,
    STORE_PRODUCTS,
    TRACKING_PUSH,
)

LEDGERS = frozenset({PLATFORM_ORDERS.name, TRACKING_PUSH.name, PUSHED_SKUS.name, OLD_HOLDS.name})
"""The tables that hold facts of no store and no platform: their unreadable files are never overwritten.

Without them a change that a person has to confirm could be made, or a shipment be created a second time.
"""
CACHES = frozenset(
    each.name for each in (STORE_FACTS, STORE_PRODUCTS, STATUS_QUESTIONS, OPEN_STATUSES, SKU_MAP, SKU_MAP_PROBLEMS)
)
"""The tables whose loss costs only requests: a file that can't be read counts as missing."""

_ORDERS = frozenset({RAW_ORDERS.name, FILTERED_ORDERS.name, PLATFORM_ORDERS.name})
_SHIPMENTS = frozenset({SHIPMENT_RECORDS.name, TRACKING_PUSH.name})


class BrokenFile(NpfError):
    """A file of the lake can't be read as Parquet; the text names file, table, client and day, and what to do.

    Attributes:
        path: the file.
        table: the table's name.
        client: the client's id.
        days: the days that it holds, for a table that is partitioned by day.
        when: the same as a text: a day or a month; empty for other tables.
    """

    def __init__(self, path: str, table: str, client: str, day: date | None) -> None:
        self.path, self.table, self.client = path, table, client
        month = month_file(path)
        self.days = sorted(month.days) if month else [day] if day else []
        self.when = f"{month.month:%Y-%m}" if month else str(day or "")
        of_days = f" for {self.when}" if self.when else ""
        super().__init__(
            f"{table} of {client}{of_days}: the file {path} is broken. {_remedy(table, client, self.days)}"
        )


def _remedy(table: str, client: str, days: Sequence[date]) -> str:
    if table in LEDGERS:
        return (
            "It remembers what must not be done twice: restore it from a backup. Without a backup, compare the"
            " client's store with the platform, then delete the file and run it again"
        )
    if table in CACHES:
        return "The next run writes it again"
    if not days or table not in _ORDERS | _SHIPMENTS:
        return f"The next run of stock writes it again: npf run stock --client {client}"
    flow = "orders" if table in _ORDERS else "shipments"
    if len(days) > 1:
        return f"Run its days again: npf run {flow} --client {client} --from {days[0]} --to {days[-1]}"
    return f"Run its day again: npf run {flow} --client {client} --day {days[0]}"


def is_broken(files: fsspec.AbstractFileSystem, path: str) -> bool:
    """Whether the content of a file of the lake can't be read to its end; a missing file is not broken.

    Raises:
        OSError: the file can't be reached, so that its content is unknown.
    """
    try:
        with arrow.BufferReader(Bucket(files).read(path)) if is_bucket(files) else arrow.OSFile(path) as file:
            content = parquet.ParquetFile(file, pre_buffer=False)
            for group in range(content.num_row_groups):  # A month's file can be larger than the memory.
                content.read_row_group(group, use_threads=False)
    except FileNotFoundError:
        return False
    except (arrow.ArrowException, OSError) as error:
        if not is_no_parquet(error):
            raise
        return True
    return False


def is_no_parquet(error: Exception) -> bool:
    """Whether the error is about the content of a file, not about the machine. Arrow gives both as OSError.

    Arrow uses no subclass of OSError without a number. A bucket's client does: TimeoutError and ConnectionError, say.
    """
    return isinstance(error, arrow.ArrowException) or (type(error) is OSError and error.errno is None)
