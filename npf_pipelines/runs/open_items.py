"""What a run leaves behind of what isn't done in the partitions that it has written.

Not here: how it is found (lake/facts.py), what is kept of it (state/open_items.py).
"""

import contextlib
from collections.abc import Sequence

import dagster as dg
import duckdb
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.domain.chunking import chunked
from npf_pipelines.lake.backlog import kind_of
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.facts import count_open
from npf_pipelines.rules.alerts import FIRST_FEW
from npf_pipelines.runs.services import Services
from npf_pipelines.state.open_items import OpenItems, Written, recounts_due, write_open_items

_AT_ONCE = 2000
"""Partitions read with one connection, which costs more than the reading of a few dozen files."""


def count_open_items(log: dg.DagsterLogManager, services: Services, flow: str, run: str) -> None:
    """Ask the lake what a run of the flow has left open, and keep it; what can't be kept is kept by the next run."""
    try:
        written = recounts_due(services.engine, flow, run)
    except SQLAlchemyError as error:
        log.warning("what of %s is open could not be kept: %s", flow, error)
        return
    for some in chunked(written, _AT_ONCE):
        with contextlib.suppress(Exception):  # The cause shows below.
            if not _note(services, flow, some):
                continue
        for client in sorted({one.client for one in some}):
            try:
                for broken in _note_readable(services, flow, [one for one in some if one.client == client]):
                    log.warning("%s: what of its %s is open could not be kept: %s", client, flow, broken)
            except (duckdb.Error, SQLAlchemyError) as error:
                log.warning("%s: what of its %s is open could not be kept: %s", client, flow, error)
            except Exception:  # One client's broken table costs no other client anything.
                log.exception("%s: what of its %s is open could not be kept", client, flow)


def _note_readable(services: Services, flow: str, written: Sequence[Written]) -> list[BrokenFile]:
    """Keep what is open in a client's partitions, without those that have a broken file.

    Returns:
        The errors about the broken files. A later run counts their partitions.
    """
    broken = _note(services, flow, written)
    if broken:
        days = {error.day for error in broken}
        broken += _note(services, flow, [one for one in written if one.day not in days])
    return broken


def _note(services: Services, flow: str, written: Sequence[Written]) -> list[BrokenFile]:
    """Keep what is open in the partitions; nothing is kept where one of their files is broken: they are returned."""
    with services.lake.connect_to({(one.client, one.day) for one in written}) as connection:
        found = count_open(connection, FIRST_FEW)
        if connection.broken:  # Counts that lack a part would be taken for the whole.
            return [services.lake.broken_file(path) for path in connection.broken]
    ours = [
        OpenItems(one.client, one.kind, one.day, flow, one.rows, ", ".join(one.first))
        for one in found
        if kind_of(one.kind).about == flow
    ]
    write_open_items(services.engine, flow, written, ours)
    return []
