"""The sensor that alerts people: one message when a condition begins, one when it is over.

That a message was sent is kept after it was sent: if the process dies in between, the next evaluation sends it again,
and no message is lost. A lease keeps two evaluations apart.
Not here: the conditions (rules/conditions.py), the words of a message (rules/alert_words.py).
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import dagster as dg
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from npf_pipelines.automation.alert_facts import all_facts, noted_ahead
from npf_pipelines.automation.default_status import sensor_status
from npf_pipelines.automation.unstarted_runs import unstarted_runs
from npf_pipelines.automation.webhook import NotSent, send
from npf_pipelines.config.master_setup import MasterSetup, SetupError
from npf_pipelines.config.setup_files import MasterSetups
from npf_pipelines.domain.alert import Alert, AlertKind
from npf_pipelines.reports.folder import OVERVIEW, ReportFolder
from npf_pipelines.rules.alert_words import message
from npf_pipelines.rules.alerts import OF_ROWS, after_evaluation
from npf_pipelines.rules.conditions import Condition, client_conditions
from npf_pipelines.rules.setup_conditions import (
    UNSTARTED_SINCE,
    clock_conditions,
    folder_condition,
    missing_setup_conditions,
    pause_condition,
    setup_conditions,
    start_conditions,
    two_cells_conditions,
)
from npf_pipelines.runs.client_mode import in_trial
from npf_pipelines.runs.dagster_internals import instance_of_tick
from npf_pipelines.runs.machine_failures import machine_failure
from npf_pipelines.runs.paused import why_paused
from npf_pipelines.runs.services import Services
from npf_pipelines.state.alerts import keep_alerts, read_alerts
from npf_pipelines.state.lease import Lease, LeaseTaken
from npf_pipelines.state.pauses import read_pauses

_LOG = logging.getLogger(__name__)


def alerts_sensor(services: Services, report_folder: ReportFolder) -> dg.SensorDefinition:
    """Checks every three minutes which conditions have begun and which are over."""

    @dg.sensor(
        name="alerts",
        description="Sends a message to webhook and log when an alert opens and when it resolves.",
        minimum_interval_seconds=180,
        default_status=sensor_status(services.settings),
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        lease = Lease(services.state, "*", "alerts")
        try:
            lease.take()
        except LeaseTaken:
            return dg.SkipReason("another evaluation is in progress, or one was killed in the last two minutes")
        try:
            return dg.SkipReason(_evaluate(context, services, report_folder, datetime.now(UTC)))
        finally:
            lease.give_back()

    return alerts


def _evaluate(
    context: dg.SensorEvaluationContext, services: Services, report_folder: ReportFolder, now: datetime
) -> str:
    known = read_alerts(services.state)
    instance = instance_of_tick(context)
    registered = services.cell.registered(instance)
    found = _find(services, now, registered, instance)
    unknown = [key for key, alert in known.items() if found.is_unknown(alert)]
    alerts = after_evaluation(known, found.conditions, unknown, now)
    begun = [alert for alert in alerts if alert.is_due(now)]
    over = [alert for alert in alerts if alert.is_over(now) and (alert.told_at or alert.is_due(now))]
    # Over before a message was due.
    gone = [alert.key for alert in alerts if alert.is_over(now) and not (alert.told_at or alert.is_due(now))]
    changed = [alert for alert in alerts if known.get(alert.key) != alert and alert.key not in gone]
    keep_alerts(services.state, changed, gone)
    open_alerts = sum(1 for alert in alerts if alert.over_at is None and alert.due_at <= now)
    summary = f"{open_alerts} alerts are open"
    if not begun and not over:
        return summary
    if services.settings.alert_messages == "off":  # Kept as sent: once switched on, it begins with the next alert.
        _keep_sent(services, begun, over, now)
        return f"{summary}; NPF_ALERT_MESSAGES is off: nothing is sent"
    try:
        _send(context, services.settings.alerts_webhook, message(begun, over, _links(report_folder)))
    except NotSent as error:
        context.log.warning("%s: sent again at the next tick, %s begun and %s over", error, len(begun), len(over))
        return f"{summary}; {error}: sent again at the next tick"
    _keep_sent(services, begun, over, now)
    return f"{summary}; sent: {len(begun)} begun, {len(over)} over"


def _keep_sent(services: Services, begun: Sequence[Alert], over: Sequence[Alert], now: datetime) -> None:
    sent = {alert.key: replace(alert, told_at=now) for alert in begun}
    sent |= {alert.key: replace(sent.get(alert.key, alert), over_told_at=now) for alert in over}
    keep_alerts(services.state, sent.values())


def _send(context: dg.SensorEvaluationContext, webhook: SecretStr | None, text: str) -> None:
    if webhook:
        send(webhook, text)
    _LOG.warning(text)
    context.log.warning(text)


def _links(report_folder: ReportFolder) -> Callable[[str], str]:
    return lambda client: report_folder.url(client or OVERVIEW)


@dataclass(frozen=True)
class _Found:
    """The conditions found by an evaluation, and what it could not read.

    Attributes:
        conditions: the conditions that hold.
        setups: the master setups; None if their folder can't be read.
        registered: the clients that are partitions.
        paused: the clients that are paused.
        undecided: the clients that may be in trial or live.
    """

    conditions: Sequence[Condition]
    setups: MasterSetups | None
    registered: Sequence[str] = field(default=())
    paused: Collection[str] = field(default=())
    undecided: Collection[str] = field(default=())

    def is_unknown(self, alert: Alert) -> bool:
        """Whether the alert's condition may hold although it was not found."""
        if self.setups is None:
            return True
        if not alert.client:
            return False
        setup = self.setups.clients.get(alert.client)
        if setup is None:
            # A client whose file is wrong or missing for a while keeps its alerts.
            return bool(self.setups.errors) or alert.client in self.registered
        if alert.client in self.undecided and alert.kind == AlertKind.BACKLOG:
            return True
        # Pausing a client doesn't resolve its rows.
        return alert.client in self.paused and alert.kind in OF_ROWS


def _find(services: Services, now: datetime, registered: Sequence[str], instance: dg.DagsterInstance) -> _Found:
    try:
        setups = services.setups()
    except SetupError as error:
        return _Found([folder_condition(str(error))], None)
    pauses = read_pauses(services.state)
    paused = [client for client, setup in setups.clients.items() if why_paused(setup, pauses)]
    active = {client: setup for client, setup in setups.clients.items() if client not in paused}
    elsewhere = services.cell.elsewhere(instance, {*setups.clients, *registered})
    conditions = [*setup_conditions(setups.errors), *two_cells_conditions(elsewhere)]
    conditions += missing_setup_conditions(registered, setups.clients, setups.errors)
    if pause := pauses.of_every_client:
        conditions.append(pause_condition(pause.since_when, pause.paused_at, pause.resume_command))
    conditions += clock_conditions(noted_ahead(services.state, now))
    conditions += start_conditions(unstarted_runs(instance, services.cell, now - UNSTARTED_SINCE))
    is_running = services.settings.automation == "running"
    undecided: set[str] = set()

    def may_be_in_trial(setup: MasterSetup) -> bool:
        try:
            if setup.mode or not undecided:  # A database that is down is asked once, not for each client.
                return in_trial(setup, services)
        except SQLAlchemyError as error:  # It keeps no other alert from being sent.
            _LOG.warning("the alerts about planned rows stay as they are: %s", machine_failure(error))
        undecided.add(setup.id)
        return True

    for facts in all_facts(services.state, active, now, may_be_in_trial):
        conditions += client_conditions(facts, now, is_running=is_running)
    return _Found(conditions, setups, registered, paused, undecided)
