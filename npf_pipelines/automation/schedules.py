"""The schedules: the nightly sweep that pulls the last weeks again, the audit after it, and the reports.

All start stopped.
"""

import dagster as dg

from npf_pipelines.automation.checks import LOOK_BACK
from npf_pipelines.automation.jobs import AUDIT_JOB, ORDERS_JOB, REPORTS_JOB
from npf_pipelines.house import House
from npf_pipelines.master_setup import SetupError
from npf_pipelines.partitions import CLIENTS, client_ranges, range_tags
from npf_pipelines.rules.days import day_of


def nightly_look_back(house: House) -> dg.ScheduleDefinition:
    """Pulls the orders of the last 30 days of all clients again, in one run."""

    @dg.schedule(
        name="nightly_look_back",
        job=ORDERS_JOB,
        cron_schedule="0 2 * * *",
        description="Pulls the last 30 days of all clients again: what the runs of the day may have missed is found.",
    )
    def look_back(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        try:
            setups = house.setups().clients
        except SetupError as error:
            return dg.SkipReason(str(error))
        registered = context.instance.get_dynamic_partitions(CLIENTS.name or "")
        wanted = setups.keys() & set(registered)
        if not wanted:
            return dg.SkipReason("no client is registered")
        now = context.scheduled_execution_time
        earliest = min(setup.orders.start_date for setup in setups.values())
        last = max(day_of(now, setups[client].zone) for client in wanted)
        days = (max(earliest, last - LOOK_BACK), last)
        return [dg.RunRequest(tags=range_tags(stretch, days)) for stretch in client_ranges(registered, wanted)]

    return look_back


NIGHTLY_AUDIT = dg.ScheduleDefinition(
    name="nightly_audit",
    job=AUDIT_JOB,
    cron_schedule="0 4 * * *",
    description="Runs the audit when the nightly look-back is through.",
)


def nightly_reports(house: House) -> dg.ScheduleDefinition:
    """Draws the reports of all clients and the overview, in one run."""

    @dg.schedule(
        name="nightly_reports",
        job=REPORTS_JOB,
        cron_schedule="0 5 * * *",
        description="Draws the reports of all clients and the overview when the audit is through.",
    )
    def reports(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        try:
            setups = house.setups().clients
        except SetupError as error:
            return dg.SkipReason(str(error))
        registered = context.instance.get_dynamic_partitions(CLIENTS.name or "")
        stretches = client_ranges(registered, setups.keys() & set(registered))
        return [dg.RunRequest(tags=range_tags(stretch, None)) for stretch in stretches] or dg.SkipReason(
            "no client is registered"
        )

    return reports
