"""Keeps what is open in the partitions that a run has written, for alerts, reports and the runs of a client gone live.

It is counted from the rows that the run has in hand; a table that it has not written is read.
Not here: how open items are found (lake/facts.py), what is kept of them (state/open_items.py).
"""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import duckdb
import pyarrow as arrow
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.open_kinds import kind_of
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.facts import count_open, counted_columns, counted_rows
from npf_pipelines.lake.lake import Lake, NotWritten
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import (
    FILTERED_ORDERS,
    OLD_HOLDS,
    PLATFORM_ORDERS,
    SHIPMENT_RECORDS,
    SKU_MAP_PROBLEMS,
    STATUS_QUESTIONS,
    STOCK_PUSH,
    TRACKING_PUSH,
)
from npf_pipelines.lake.views import connect_rows
from npf_pipelines.rules.conditions import FIRST_FEW
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.runs.services import Services
from npf_pipelines.state.open_items import OpenItems, Written, queue_recounts, recounts_due, write_open_items

_PARTITIONS_AT_ONCE = 2000
_COUNTED: Mapping[str, Sequence[Table]] = {
    "orders": (FILTERED_ORDERS, PLATFORM_ORDERS, STATUS_QUESTIONS, SKU_MAP_PROBLEMS),
    "shipments": (SHIPMENT_RECORDS, TRACKING_PUSH),
    "stock": (STOCK_PUSH, OLD_HOLDS),
}
"""By flow the tables that can have open rows; its runs write all of them."""

RowsInHand = Mapping[tuple[str, date | None, str], arrow.Table]
"""The counted columns of partitions as a run has written them, by client, day and table."""


class Recounts:
    """Queues one client's partitions whose open items are counted when the run ends.

    Attributes:
        in_hand: what is counted of them.
    """

    def __init__(self, engine: sa.Engine, flow: str, run_id: str, client: str, *, dry_run: bool = False) -> None:
        """In a dry run nothing is queued."""
        self._engine, self._flow, self._run_id, self._client, self._dry_run = engine, flow, run_id, client, dry_run
        self._queued: set[date | None] = set()
        self.in_hand: dict[tuple[str, date | None, str], arrow.Table] = {}

    def queue(self, days: Iterable[date | None]) -> None:
        """Have the days' open items counted; None means the client's tables without days."""
        new = set(days) - self._queued
        if new and not self._dry_run:
            queue_recounts(self._engine, self._flow, [Written(self._client, day, self._run_id) for day in new])
            self._queued |= new

    def note(self, table: Table, rows: Sequence[dict[str, Any]], day: date | None = None) -> None:
        """Take the rows of a partition that was written, in place of its earlier ones."""
        if table in _COUNTED.get(self._flow, ()) and not self._dry_run:
            content = counted_rows(table, rows)
            self.in_hand[self._client, day, table.name] = counted_columns(table, content, self._client, day)

    def note_unchanged(self, lake: Lake) -> None:
        """Take what is counted beside the rows that were written, from a lake that has the run's files already."""
        for day in self._queued:
            with contextlib.suppress(BrokenFile, OSError):  # Tried again, and named, when it is counted.
                self.in_hand |= _rows_of(lake, self._flow, Written(self._client, day, self._run_id), self.in_hand)


def count_open_items(
    log: dg.DagsterLogManager, services: Services, flow: str, run_id: str, in_hand: RowsInHand
) -> None:
    """Count what a run of the flow has left open, and keep it. The next run retries what could not be kept."""
    try:
        written = recounts_due(services.state, flow, run_id)
    except SQLAlchemyError as error:
        log.warning("the open items of %s could not be kept: %s", flow, machine_failure(error))
        return
    # A partition that another run has written or counted since, or has died over, is read from the lake.
    others = {(partition.client, partition.day) for partition in written if partition.run != run_id}
    mine = {(partition.client, partition.day) for partition in written} - others
    written += [Written(client, day, run_id) for client, day in {key[:2] for key in in_hand} - others - mine]
    known = {key: rows for key, rows in in_hand.items() if key[:2] in mine}
    for chunk in chunked(written, _PARTITIONS_AT_ONCE):
        with contextlib.suppress(Exception):  # Tried again below, client by client.
            if not _keep(services, flow, chunk, known):
                continue
        for client in sorted({partition.client for partition in chunk}):
            of_client = [partition for partition in chunk if partition.client == client]
            _keep_of_client(log, services, flow, of_client, known)


def recount(services: Services, flow: str, client: str, days: Iterable[date]) -> list[BrokenFile]:
    """Count what is open in a client's days without a run; the errors about files that can't be read.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    broken: list[BrokenFile] = []
    for chunk in chunked([Written(client, day, "") for day in days], _PARTITIONS_AT_ONCE):
        broken += _keep(services, flow, chunk, {})
    return broken


def _keep_of_client(
    log: dg.DagsterLogManager, services: Services, flow: str, written: Sequence[Written], known: RowsInHand
) -> None:
    client = written[0].client
    try:
        for broken in _keep(services, flow, written, known):
            log.warning("%s: the open items of %s could not be kept: %s", client, flow, broken)
    except (duckdb.Error, SQLAlchemyError, OSError) as error:
        reason = machine_failure(error) or str(error)
        log.warning("%s: the open items of %s could not be kept: %s", client, flow, reason)
    except Exception as error:  # noqa: BLE001 - one client's broken table must not affect another client
        log_fault(log, error, f"{client}: the open items of {flow} could not be kept")


def _keep(services: Services, flow: str, written: Sequence[Written], known: RowsInHand) -> list[BrokenFile]:
    """Keep what is open in the partitions, without partitions that have a broken file: a later run counts them.

    Returns:
        The errors about the broken files.

    Raises:
        OSError: the lake can't be read.
    """
    rows: defaultdict[str, list[arrow.Table]] = defaultdict(list)
    broken: dict[tuple[str, date | None], BrokenFile] = {}
    for client, day in {(partition.client, partition.day): None for partition in written}:
        try:
            of_partition = _rows_of(services.lake, flow, Written(client, day, ""), known)
        except BrokenFile as error:  # Counts that lack a part would be taken for the whole.
            broken[client, day] = error
            continue
        for (_, _, name), content in of_partition.items():
            rows[name].append(content)
    with connect_rows({name: arrow.concat_tables(parts) for name, parts in rows.items()}) as connection:
        found = count_open(connection, FIRST_FEW)
    of_flow = [
        OpenItems(items.client, items.kind, items.day, flow, items.rows, ", ".join(items.first))
        for items in found
        if kind_of(items.kind).about == flow
    ]
    counted = [partition for partition in written if (partition.client, partition.day) not in broken]
    write_open_items(services.state, flow, counted, of_flow)
    return list(broken.values())


def _rows_of(lake: Lake, flow: str, partition: Written, known: RowsInHand) -> RowsInHand:
    """The counted columns of a partition: as known, else as the lake has it.

    Raises:
        BrokenFile: a file can't be read.
        OSError: the lake can't be read.
    """
    client, day = partition.client, partition.day
    rows: dict[tuple[str, date | None, str], arrow.Table] = {}
    for table in _COUNTED[flow]:
        if table.by_day is (day is not None):
            key = (client, day, table.name)
            rows[key] = known[key] if key in known else _read(lake, table, client, day)
    return rows


def _read(lake: Lake, table: Table, client: str, day: date | None) -> arrow.Table:
    try:
        rows = lake.rows(table, client=client, day=day)
    except NotWritten:
        rows = table.arrow_schema.empty_table()
    return counted_columns(table, rows, client, day)
