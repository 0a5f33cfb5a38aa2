"""The nightly job that deletes data past its retention period: snapshots, personal data, runs, alerts, leftover files.

Not here: the retention periods (rules/retention.py, config/settings.py), which runs are kept (old_runs.py). Dagster
deletes old ticks itself (dagster.yaml).
"""

import asyncio
import itertools
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from npf_pipelines.automation.default_status import schedule_status
from npf_pipelines.automation.job_lease import JobLease
from npf_pipelines.automation.jobs import ENDED_AFTER_HOURS
from npf_pipelines.automation.old_holds import drop_old_holds
from npf_pipelines.automation.old_runs import delete_old_runs
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.tracebacks import log_fault
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.compaction import Compaction
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.months import month_of
from npf_pipelines.lake.table import Table
from npf_pipelines.lake.tables import TABLES
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.rules.retention import old_days, old_snapshots
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import RunFailed
from npf_pipelines.runs.metadata import records_value
from npf_pipelines.runs.partitions import settled_before
from npf_pipelines.runs.services import Services
from npf_pipelines.state.alerts import forget_alerts
from npf_pipelines.state.lease import LeaseTaken

ALERT_AGE = timedelta(days=90)
"""How long a resolved alert is kept."""
LEFTOVER_AGE = timedelta(days=1)
"""The age from which no run can still be writing a file."""


@dg.op(name="retention", description="Deletes data past the retention periods of the settings.")
def retention(
    context: dg.OpExecutionContext,
    services: dg.ResourceParam[Services],
    report_folder: dg.ResourceParam[ReportFolder],
) -> None:
    """Deletes what is past its retention period; the failure of one client doesn't affect the others."""
    now = datetime.now(UTC)
    dropped: list[dict[str, str]] = []
    failed: list[str] = []
    for client in services.lake.clients():
        try:
            dropped += _of_client(services, client, now)
        except LeaseTaken as error:
            context.log.warning("%s; its personal data is dropped the next night", error)
        except Exception as error:  # noqa: BLE001 - logged
            log_fault(context.log, error, f"{client}: its old data could not be deleted")
            failed.append(f"{client}: {type(error).__name__}")
    leftovers = sum(folder.drop_leftovers(now - LEFTOVER_AGE) for folder in (services.lake, report_folder))
    runs, kept = delete_old_runs(context.instance, now, timedelta(days=services.settings.run_days), services.cell)
    alerts = forget_alerts(services.state, now - ALERT_AGE)
    for record in dropped:
        context.log.info("%(client)s: %(what)s: %(count)s", record)
    context.log.info("runs: %s deleted, %s old ones kept for the status of their partitions", runs, kept)
    context.add_output_metadata(
        {
            "dropped": records_value(dropped),
            "runs_deleted": runs,
            "runs_kept_for_their_partitions": kept,
            "alerts_forgotten": alerts,
            "leftovers_deleted": leftovers,
        }
    )
    if failed:
        raise RunFailed(f"not all old data could be deleted, see the log: {'; '.join(failed)}")


RETENTION = "retention_job"
"""The job's name."""


def retention_job(cell: Cell) -> dg.JobDefinition:
    """The job: one step in one process."""

    @dg.job(
        name=RETENTION,
        description="Deletes data past its retention period. Sends no request to a store.",
        tags={**ENDED_AFTER_HOURS, **cell.tags},
    )
    def job() -> None:
        retention()

    return job


def retention_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Every night, after the reports."""
    return dg.ScheduleDefinition(
        name="nightly_retention",
        job_name=RETENTION,
        cron_schedule="30 5 * * *",
        default_status=schedule_status(settings),
        description="Deletes data past its retention period, at 05:30 UTC.",
    )


def _of_client(services: Services, client: str, now: datetime) -> list[dict[str, str]]:
    settings = services.settings
    snapshots = old_snapshots(services.lake.snapshots(client), now, timedelta(days=settings.snapshot_days))
    for taken in snapshots:
        services.lake.drop_snapshot(client, taken)
    found = {"stock snapshots deleted": len(snapshots)}
    age = timedelta(days=settings.personal_data_days)
    for table in TABLES.values():
        if table.personal:
            rows, files = asyncio.run(_drop_personal(services, table, client, now, age))
            found[f"rows of {table.name} without personal data now"] = rows
            found[f"files of {table.name} deleted that could not be read"] = files
    found["held orders with an action or its reason deleted"] = drop_old_holds(services, client, now - age)
    return [{"client": client, "what": what, "count": str(count)} for what, count in found.items() if count]


async def _drop_personal(
    services: Services, table: Table, client: str, now: datetime, age: timedelta
) -> tuple[int, int]:
    """The number of rows whose personal columns were dropped, and of files that can't be read and were deleted."""
    days = old_days(services.lake.days_with_personal(table, client=client), now.date(), age)
    job_lease, rows, files = JobLease(services.state, client, "orders"), 0, 0
    months, before = Compaction(services.lake.files, table, client), settled_before(now)
    # One lease for each month: a run that needs it must not wait for a year of days. And no run may be pulling a day
    # that is overwritten here.
    for month, of_month in itertools.groupby(days, month_of):
        async with job_lease.step() as lease:
            for day in of_month:
                lease.check()
                dropped, deleted = await asyncio.to_thread(_drop_personal_of_day, services.lake, table, client, day)
                rows, files = rows + dropped, files + deleted
            if month in months.unfinished(before):
                # At once: until the next night the replaced file would hold the personal data.
                await asyncio.to_thread(months.commit, month, before)
                await asyncio.to_thread(months.clean, month, lease.check)
    return rows, files


def _drop_personal_of_day(lake: Lake, table: Table, client: str, day: date) -> tuple[int, int]:
    """As for all days."""
    try:
        return lake.drop_personal(table, client=client, day=day), 0
    except BrokenFile:
        lake.drop_broken(table, client=client, day=day)
        return 0, 1
    except FileNotFoundError:  # It was in a month's file that is deleted now.
        return 0, 0
