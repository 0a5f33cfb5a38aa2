"""The nightly job that moves settled days into a file for each client's month, so that queries open few files.

Not here: how it stays right while others read (lake/compaction.py), how far back days are run again
(runs/partitions.py).
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg

from npf_pipelines.automation.default_status import schedule_status
from npf_pipelines.automation.flows import FLOWS, Flow
from npf_pipelines.automation.job_lease import JobLease
from npf_pipelines.automation.jobs import ENDED_AFTER_HOURS
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.compaction import Compaction
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import RunFailed
from npf_pipelines.runs.partitions import settled_before
from npf_pipelines.runs.services import Services
from npf_pipelines.state.lease import LeaseTaken

READERS_DONE = timedelta(hours=12)
"""How long replaced files stay for queries that have begun to read them: longer than a query, shorter than a day."""


@dataclass
class Compacted:
    """The result for some clients.

    Attributes:
        days: days written into the files of their months.
        deleted: replaced files that were deleted.
        broken: months' files that can't be read.
    """

    days: int = 0
    deleted: int = 0
    broken: list[BrokenFile] = field(default_factory=list)


@dg.op(name="compaction", description="Moves settled days into a file for each client's month.")
def compaction(context: dg.OpExecutionContext, services: dg.ResourceParam[Services]) -> None:
    """Works through all clients; the failure of one doesn't affect the others."""
    now = datetime.now(UTC)
    done = Compacted()
    failed: list[str] = []
    for client in services.lake.clients():
        for flow in FLOWS:
            try:
                asyncio.run(compact_flow(services, flow, client, now, done))
            except LeaseTaken as error:
                context.log.warning("%s; its days are moved the next night", error)
            except Exception as error:  # noqa: BLE001 - logged
                log_fault(context.log, error, f"{client}: its settled days could not be moved")
                failed.append(f"{client}: {type(error).__name__}")
    context.log.info("%s days moved into the files of their months, %s replaced files deleted", done.days, done.deleted)
    context.add_output_metadata({"days_moved": done.days, "files_deleted": done.deleted})
    failed += map(str, done.broken)
    if failed:
        raise RunFailed(f"not all settled days could be moved: {'; '.join(failed)}")


async def compact_flow(services: Services, flow: Flow, client: str, now: datetime, done: Compacted) -> None:
    """Move the settled days of a client's tables.

    Raises:
        LeaseTaken: a run is at work on the client; what was moved before stays so.
        OSError: the lake can't be reached.
    """
    before, job_lease = settled_before(now), JobLease(services.state, client, flow.name)
    for table in flow.tables:
        if not table.by_day:
            continue
        months = Compaction(services.lake.files, table, client)
        for month in await asyncio.to_thread(months.unfinished, before):
            # One lease for each month: a run that needs it must not wait for a year of days.
            async with job_lease.step() as lease:
                try:
                    done.deleted += await asyncio.to_thread(months.clean, month, lease.check, now - READERS_DONE)
                    done.days += await asyncio.to_thread(months.commit, month, before)
                except BrokenFile as error:
                    done.broken.append(error)


COMPACTION = "compaction_job"
"""The job's name."""


def compaction_job(cell: Cell) -> dg.JobDefinition:
    """The job: one step in one process."""

    @dg.job(
        name=COMPACTION,
        description="Moves settled days into a file for each client's month. Sends no request to a store.",
        tags={**ENDED_AFTER_HOURS, **cell.tags},
    )
    def job() -> None:
        compaction()

    return job


def compaction_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Every night, after retention."""
    return dg.ScheduleDefinition(
        name="nightly_compaction",
        job_name=COMPACTION,
        cron_schedule="0 6 * * *",
        default_status=schedule_status(settings),
        description="Moves days older than the look-back into a file for each client's month, at 06:00 UTC.",
    )
