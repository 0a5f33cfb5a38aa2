"""The nightly runs over all clients: the last 30 days again, the full comparisons, the reports, and the audit.

The look-backs of many clients are spread over the night: each tick takes some of them, and the clients of missed ticks.
Dagster catches up only the last tick of a schedule.

They include clients that wait after a failure; only clients that are paused, or have no valid setup, are skipped.
Not here: the runs by day (sweeps.py), the minutes (minutes.py).
"""

from collections.abc import Callable, Sequence
from datetime import time, timedelta
from typing import TypeAlias

import dagster as dg

from npf_pipelines.assets.reports import CLIENT_REPORT
from npf_pipelines.automation.default_status import schedule_status
from npf_pipelines.automation.flows import ORDERS, REPORTS, SHIPMENTS, STOCK, Flow
from npf_pipelines.automation.jobs import AUDIT
from npf_pipelines.automation.minutes import minute_of_night
from npf_pipelines.automation.run_requests import Eligibility, eligibility_of, requests
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.rules.turns import clients_of_tick
from npf_pipelines.runs.cell import Cell
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.partitions import LOOK_BACK
from npf_pipelines.runs.run_scope import clients_of
from npf_pipelines.runs.services import Services

RequestsFor: TypeAlias = Callable[[dg.DagsterInstance, Eligibility], list[dg.RunRequest]]
"""The requests of a tick."""
_NIGHT = timedelta(hours=3)
"""Longer than the ticks of a night, shorter than the time between two nights."""


def nightly_schedules(services: Services) -> list[dg.ScheduleDefinition]:
    """All of them, in the order of the night."""

    def look_back(schedule: str, begin: time, ticks: int) -> RequestsFor:
        def of_tick(instance: dg.DagsterInstance, eligibility: Eligibility) -> list[dg.RunRequest]:
            clients, earlier = map(set, clients_of_tick(eligibility.registered, eligibility.now, begin, ticks))
            if earlier:
                clients |= earlier - _requested(instance, schedule, eligibility)
            days = eligibility.todays()
            return requests(eligibility, eligibility.ready.keys() & clients, (days[-1] - LOOK_BACK, days[-1]))

        return of_tick

    def reports(_: dg.DagsterInstance, eligibility: Eligibility) -> list[dg.RunRequest]:
        """The first run draws the overview, too; it has all clients, whichever the run takes."""
        first, *others = requests(eligibility, eligibility.ready, None)
        alone = [Cell(eligibility.cell).key(CLIENT_REPORT)]
        return [first, *(other.with_replaced_attrs(asset_selection=alone) for other in others)]

    def nightly(
        name: str,
        flow: Flow,
        cron: str | Sequence[str],
        description: str,
        requests_for: RequestsFor,
    ) -> dg.ScheduleDefinition:
        @dg.schedule(
            name=name,
            job_name=flow.job,
            cron_schedule=cron,
            default_status=schedule_status(services.settings),
            description=description,
        )
        def night(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
            instance = instance_of_tick(context)
            try:
                eligibility = eligibility_of(
                    instance, services, flow, context.scheduled_execution_time, skip_failing=False
                )
            except SetupError as error:
                return dg.SkipReason(str(error))
            if not eligibility.ready:
                return eligibility.skip_reason("no client is eligible")
            return requests_for(instance, eligibility) or eligibility.skip_reason("no client has its turn at this tick")

        return night

    at_orders, at_shipments, at_stock = (minute_of_night(services.cell, flow) for flow in (ORDERS, SHIPMENTS, STOCK))
    return [
        nightly(
            "nightly_look_back",
            ORDERS,
            f"{at_orders}-59/10 2,3 * * *",
            f"Compares the last 30 days of all clients with the stores again, from 02:0{at_orders} UTC, to find what "
            "the runs by day may have missed: 25 clients every ten minutes, or more if the night is too short.",
            look_back("nightly_look_back", time(2, at_orders), 12),
        ),
        nightly(
            "nightly_shipments",
            SHIPMENTS,
            [f"{30 + at_shipments}-59/10 2 * * *", f"{at_shipments}-59/10 3 * * *"],
            f"Compares all shipments of the last 30 days with the stores, from 02:3{at_shipments} UTC, and corrects "
            "the differences: 25 clients every ten minutes, or more.",
            look_back("nightly_shipments", time(2, 30 + at_shipments), 9),
        ),
        nightly(
            "nightly_stock",
            STOCK,
            f"{at_stock} 3 * * *",
            f"Compares all stock with the stores, at 03:0{at_stock} UTC, and corrects the differences.",
            lambda _, eligibility: requests(eligibility, eligibility.ready, None),
        ),
        nightly(
            "nightly_reports",
            REPORTS,
            "0 5 * * *",
            "Draws the reports of all clients and the overview, at 05:00 UTC.",
            reports,
        ),
        dg.ScheduleDefinition(
            name="nightly_audit",
            job_name=AUDIT,
            cron_schedule="0 4 * * *",
            default_status=schedule_status(services.settings),
            description="Evaluates all checks, at 04:00 UTC, an hour after the last of the nightly runs began.",
        ),
    ]


def _requested(instance: dg.DagsterInstance, schedule: str, eligibility: Eligibility) -> set[str]:
    """The clients for which the schedule has requested a run in this night."""
    by_schedule = {"dagster/schedule_name": schedule}  # As the daemon adds it.
    runs = instance.get_runs(dg.RunsFilter(tags=by_schedule, created_after=eligibility.now - _NIGHT))
    return {client for run in runs for client in clients_of(run.run_config, run.tags, eligibility.registered)}
