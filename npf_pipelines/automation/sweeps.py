"""The sweeps: schedules that request one run for all clients that are due, every five minutes.

Not here: which clients may be requested (run_requests.py), when a client is due (rules/due.py), the minutes
(minutes.py), the nightly runs (nightly.py).
"""

from datetime import datetime, timedelta

import dagster as dg

from npf_pipelines.automation.default_status import schedule_status
from npf_pipelines.automation.flows import ORDERS, SHIPMENTS, STOCK, Flow
from npf_pipelines.automation.heard import Heard
from npf_pipelines.automation.minutes import minute_of_sweep
from npf_pipelines.automation.run_requests import eligibility_of, usual_requests
from npf_pipelines.automation.setup_changes import SetupChanges
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.rules.due import interval_at, is_due, is_due_since, is_last_pull_due, rare_pull, rare_push
from npf_pipelines.rules.quiet_hours import last_end
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.services import Services
from npf_pipelines.state.open_items import clients_with_open


def sweeps(services: Services, heard: Heard) -> list[dg.ScheduleDefinition]:
    """The three sweeps.

    Args:
        services: of setups and health.
        heard: whose changes the sensors hear of.
    """
    return [
        _sweep(services, heard, ORDERS, minutes=services.settings.orders_minutes),
        _sweep(services, heard, SHIPMENTS, minutes=services.settings.shipments_minutes),
        _sweep(services, heard, STOCK, minutes=services.settings.stock_minutes),
    ]


def _sweep(services: Services, heard: Heard, flow: Flow, *, minutes: int) -> dg.ScheduleDefinition:
    usual_interval = timedelta(minutes=minutes)
    # A flow's own: a run of another one may still be at work with the setup of before.
    changes = SetupChanges()
    more = {
        ORDERS.name: " Up to four times as rarely if new_orders hears of each change in its store; every 5 minutes in "
        "the two hours before its cut-off, and at it.",
        SHIPMENTS.name: " Half as often if platform_changes hears of each lodgement, and no shipment of it is open.",
    }.get(flow.name, "")

    @dg.schedule(
        name=f"{flow.name}_sweep",
        job_name=flow.job,
        cron_schedule=f"{minute_of_sweep(services.cell, flow)}-59/5 * * * *",
        default_status=schedule_status(services.settings),
        description=f"Checks every 5 minutes which clients are due for {flow.name}, and requests one run for them: a "
        f"client is due every {minutes} minutes, or exactly as its setup says (every_minutes).{more} A client whose "
        "setup has changed is due at once.",
    )
    def sweep(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        now = context.scheduled_execution_time
        try:
            eligibility = eligibility_of(instance_of_tick(context), services, flow, now)
        except SetupError as error:
            return dg.SkipReason(str(error))
        waiting = clients_with_open(services.state, flow.name) if flow is SHIPMENTS else set()

        def usual(setup: MasterSetup) -> timedelta:
            if not heard.is_heard(flow, setup.id):
                return usual_interval
            if flow is ORDERS:
                return rare_pull(usual_interval, setup.alerts.pull_limit)
            return rare_push(usual_interval) if flow is SHIPMENTS and setup.id not in waiting else usual_interval

        def due(client: str, setup: MasterSetup) -> bool:
            health = eligibility.health(client)
            if health.is_permanent or health.next_try_at:
                return True  # It is eligible: its pause is over, or something has been changed.
            cut_off = setup.orders.cut_off if flow is ORDERS else None
            interval = interval_at(now, setup.interval(flow.name) or usual(setup), cut_off, setup.zone)
            changed_at = changes.seen_at(setup)
            return (
                is_due(health.tried_at, interval, now)
                or (changed_at is not None and is_due_since(health.tried_at, changed_at))
                or is_last_pull_due(health.tried_at, now, cut_off, setup.zone)
                or (flow is not ORDERS and _waited(setup, health.tried_at, now))
            )

        clients = [client for client, setup in eligibility.free.items() if due(client, setup)]
        return usual_requests(eligibility, clients) or eligibility.skip_reason("no client is due")

    return sweep


def _waited(setup: MasterSetup, tried_at: datetime | None, now: datetime) -> bool:
    """Whether quiet hours have ended since the last run, so that a push may wait."""
    hours = setup.store.quiet_hours
    return hours is not None and is_due_since(tried_at, last_end(now, hours, setup.zone))
