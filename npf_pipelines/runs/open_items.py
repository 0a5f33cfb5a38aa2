"""Keeps what is open in the partitions that a run has written, for alerts, reports and the runs of a client gone live.

Not here: how open items are found (lake/facts.py), what is kept of them (state/open_items.py).
"""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import date

import dagster as dg
import duckdb
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.domain.open_kinds import kind_of
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.facts import count_open
from npf_pipelines.rules.conditions import FIRST_FEW
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.runs.services import Services
from npf_pipelines.state.open_items import OpenItems, Written, queue_recounts, recounts_due, write_open_items

_PARTITIONS_PER_CONNECTION = 2000
"""A connection costs more than reading a few dozen files with it."""


class Recounts:
    """Queues one client's partitions whose open items are counted when the run ends."""

    def __init__(self, engine: sa.Engine, flow: str, run_id: str, client: str, *, dry_run: bool = False) -> None:
        """In a dry run nothing is queued."""
        self._engine, self._flow, self._run_id, self._client, self._dry_run = engine, flow, run_id, client, dry_run
        self._queued: set[date | None] = set()

    def queue(self, days: Iterable[date | None]) -> None:
        """Have the days' open items counted; None means the client's tables without days."""
        new = set(days) - self._queued
        if new and not self._dry_run:
            queue_recounts(self._engine, self._flow, [Written(self._client, day, self._run_id) for day in new])
            self._queued |= new


def count_open_items(log: dg.DagsterLogManager, services: Services, flow: str, run_id: str) -> None:
    """Count what a run of the flow has left open, and keep it. The next run retries what could not be kept."""
    try:
        written = recounts_due(services.state, flow, run_id)
    except SQLAlchemyError as error:
        log.warning("the open items of %s could not be kept: %s", flow, machine_failure(error))
        return
    for chunk in chunked(written, _PARTITIONS_PER_CONNECTION):
        with contextlib.suppress(Exception):  # Tried again below, client by client.
            if not _keep(services, flow, chunk):
                continue
        for client in sorted({partition.client for partition in chunk}):
            _keep_of_client(log, services, flow, [partition for partition in chunk if partition.client == client])


def recount(services: Services, flow: str, client: str, days: Iterable[date]) -> list[BrokenFile]:
    """Count what is open in a client's days without a run; the errors about files that can't be read.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be reached.
    """
    broken: list[BrokenFile] = []
    for chunk in chunked([Written(client, day, "") for day in days], _PARTITIONS_PER_CONNECTION):
        broken += _keep_readable(services, flow, chunk)
    return broken


def _keep_of_client(log: dg.DagsterLogManager, services: Services, flow: str, written: Sequence[Written]) -> None:
    client = written[0].client
    try:
        for broken in _keep_readable(services, flow, written):
            log.warning("%s: the open items of %s could not be kept: %s", client, flow, broken)
    except (duckdb.Error, SQLAlchemyError) as error:
        reason = machine_failure(error) or str(error)
        log.warning("%s: the open items of %s could not be kept: %s", client, flow, reason)
    except Exception as error:  # noqa: BLE001 - one client's broken table must not affect another client
        log_fault(log, error, f"{client}: the open items of {flow} could not be kept")


def _keep_readable(services: Services, flow: str, written: Sequence[Written]) -> list[BrokenFile]:
    """Keep what is open in a client's partitions, without partitions that have a broken file.

    Returns:
        The errors about the broken files. A later run counts their partitions.
    """
    broken = _keep(services, flow, written)
    if broken:
        days = set[date | None]().union(*(error.days or (None,) for error in broken))
        broken += _keep(services, flow, [partition for partition in written if partition.day not in days])
    return broken


def _keep(services: Services, flow: str, written: Sequence[Written]) -> list[BrokenFile]:
    """Keep what is open in the partitions. If one of their files is broken, nothing is kept; its error is returned."""
    with services.lake.connect_to({(partition.client, partition.day) for partition in written}) as connection:
        found = count_open(connection, FIRST_FEW)
        if connection.broken:  # Counts that lack a part would be taken for the whole.
            return [services.lake.broken_file(path) for path in connection.broken]
    of_flow = [
        OpenItems(items.client, items.kind, items.day, flow, items.rows, ", ".join(items.first))
        for items in found
        if kind_of(items.kind).about == flow
    ]
    write_open_items(services.state, flow, written, of_flow)
    return []
