"""The job that lets go what is old enough, every night: snapshots, personal data, runs, alerts.

Not here: what is old enough (rules/retention.py), which runs are needed still (old_runs.py). The ages of ticks are
Dagster's own settings (dagster.yaml).
"""

import asyncio
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from npf_pipelines.automation.default_status import schedule_status
from npf_pipelines.automation.jobs import ENDED_AFTER_HOURS
from npf_pipelines.automation.old_runs import delete_old_runs
from npf_pipelines.config.settings import Settings
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.lake.lake import Lake
from npf_pipelines.lake.tables import TABLES, Table
from npf_pipelines.reports.folder import ReportFolder
from npf_pipelines.rules.retention import old_days, old_snapshots
from npf_pipelines.runs.metadata import records_value
from npf_pipelines.runs.services import Services
from npf_pipelines.state.alerts import forget_alerts
from npf_pipelines.state.lease import LeaseTaken, held_lease

ALERT_AGE = timedelta(days=90)
"""How long an alert is remembered after it was over."""
LEFTOVER_AGE = timedelta(days=1)
"""How old a file is that no run can still be writing."""


def retention_job(services: Services, settings: Settings) -> dg.JobDefinition:
    """The job, one step in one process."""

    @dg.op(name="retention", description="Lets go what is older than the settings say.")
    def retention(context: dg.OpExecutionContext) -> None:
        now = datetime.now(UTC)
        dropped: list[dict[str, str]] = []
        trouble: list[str] = []
        for client in services.lake.clients():
            try:
                dropped += _of_client(services, settings, client, now)
            except LeaseTaken as error:
                context.log.warning("%s; its personal data goes the next night", error)
            except Exception as error:  # One client's trouble costs no other client anything.
                context.log.exception("%s: not everything could be let go", client)
                trouble.append(f"{client}: {type(error).__name__}")
        reports = ReportFolder(settings.reports, settings.reports_url)
        leftovers = sum(folder.drop_leftovers(now - LEFTOVER_AGE) for folder in (services.lake, reports))
        runs, kept = delete_old_runs(context.instance, now, timedelta(days=settings.run_days))
        alerts = forget_alerts(services.engine, now - ALERT_AGE)
        for record in dropped:
            context.log.info("%(client)s: %(what)s: %(count)s", record)
        context.log.info("runs: %s deleted, %s old ones stay for their partitions' sake", runs, kept)
        context.add_output_metadata(
            {
                "dropped": records_value(dropped),
                "runs_deleted": runs,
                "runs_kept_for_their_partitions": kept,
                "alerts_forgotten": alerts,
                "leftovers_deleted": leftovers,
            }
        )
        if trouble:
            raise dg.Failure(f"not everything could be let go, see the log: {'; '.join(trouble)}")

    @dg.job(name="retention_job", description="Lets go what is old enough. Asks no store.", tags=ENDED_AFTER_HOURS)
    def job() -> None:
        retention()

    return job


def retention_schedule(job: dg.JobDefinition, settings: Settings) -> dg.ScheduleDefinition:
    """Every night, after the reports."""
    return dg.ScheduleDefinition(
        name="nightly_retention",
        job=job,
        cron_schedule="30 5 * * *",
        default_status=schedule_status(settings),
        description="Lets go what is older than the settings say, when the reports are drawn.",
    )


def _of_client(services: Services, settings: Settings, client: str, now: datetime) -> list[dict[str, str]]:
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
    return [{"client": client, "what": what, "count": str(count)} for what, count in found.items() if count]


async def _drop_personal(
    services: Services, table: Table, client: str, now: datetime, age: timedelta
) -> tuple[int, int]:
    """How many rows have lost their personal columns, and how many files that can't be read were deleted.

    A run that pulls a day just now isn't overwritten.
    """
    lake = services.lake
    days = [
        day
        for day in old_days(lake.days(table, client=client), now.date(), age)
        if not _lacks_personal(lake, table, client, day)
    ]
    if not days:
        return 0, 0
    async with held_lease(services.engine, client, "orders") as lease:
        rows, files = 0, 0
        for day in days:
            lease.check()
            try:
                rows += await asyncio.to_thread(lake.drop_personal, table, client=client, day=day)
            except BrokenFile:
                await asyncio.to_thread(lake.drop_broken, table, client=client, day=day)
                files += 1
        return rows, files


def _lacks_personal(lake: Lake, table: Table, client: str, day: date) -> bool:
    """Whether the day's personal data was dropped; a file that can't be read may still have some."""
    try:
        return lake.lacks_personal(table, client=client, day=day)
    except BrokenFile:
        return False
