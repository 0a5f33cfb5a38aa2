"""The sensor that tells people: one message when a condition begins, one when it is over.

What was told is noted after it was sent: a process that dies in between tells it again, and nothing is left untold.
Two looks at once are kept apart by a lease. Not here: what is told (rules/alerts.py), in which words
(rules/alert_words.py).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import dagster as dg
from pydantic import SecretStr

from npf_pipelines.automation.alert_facts import all_facts, noted_ahead
from npf_pipelines.automation.default_status import sensor_status
from npf_pipelines.automation.webhook import NotSent, send
from npf_pipelines.config.master_setup import MasterSetups, SetupError
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.alert import Alert
from npf_pipelines.reports.folder import OVERVIEW, ReportFolder
from npf_pipelines.rules.alert_words import message
from npf_pipelines.rules.alerts import (
    OF_ROWS,
    Condition,
    after_look,
    client_conditions,
    clock_conditions,
    folder_condition,
    missing_setup_conditions,
    setup_conditions,
)
from npf_pipelines.runs.partitions import CLIENTS
from npf_pipelines.runs.services import Services
from npf_pipelines.state.alerts import keep_alerts, read_alerts
from npf_pipelines.state.lease import Lease, LeaseTaken

_LOG = logging.getLogger(__name__)


def alerts_sensor(services: Services, settings: Settings) -> dg.SensorDefinition:
    """Looks every minute what has begun and what is over."""

    @dg.sensor(
        name="alerts",
        description="Tells by webhook and log what begins to need a person, and when it is over.",
        minimum_interval_seconds=60,
        default_status=sensor_status(settings),
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        lease = Lease(services.engine, "*", "alerts")
        try:
            lease.take()
        except LeaseTaken:
            return dg.SkipReason("another look is under way, or one was cut off in the last two minutes")
        try:
            return dg.SkipReason(_look(context, services, settings, datetime.now(UTC)))
        finally:
            lease.give_back()

    return alerts


def _look(context: dg.SensorEvaluationContext, services: Services, settings: Settings, now: datetime) -> str:
    known = read_alerts(services.engine)
    registered = context.instance.get_dynamic_partitions(CLIENTS.name or "")
    seen = _see(services, settings, now, registered)
    unknown = [key for key, alert in known.items() if seen.knows_not(alert)]
    alerts = after_look(known, seen.conditions, unknown, now)
    begun = [alert for alert in alerts if alert.is_due(now)]
    over = [alert for alert in alerts if alert.is_over(now) and (alert.told_at or alert.is_due(now))]
    # What came and went before anybody was to be told.
    gone = [alert.key for alert in alerts if alert.is_over(now) and not (alert.told_at or alert.is_due(now))]
    keep_alerts(services.engine, [one for one in alerts if known.get(one.key) != one and one.key not in gone], gone)
    holding = sum(1 for one in alerts if one.over_at is None and one.due_at <= now)
    said = f"{holding} alerts hold"
    if not begun and not over:
        return said
    try:
        _tell(context, settings.alerts_webhook, message(begun, over, _links(settings)))
    except NotSent as error:
        context.log.warning("%s: told again at the next look, %s begun and %s over", error, len(begun), len(over))
        return f"{said}; {error}: told again at the next look"
    told = {alert.key: replace(alert, told_at=now) for alert in begun}
    told |= {alert.key: replace(told.get(alert.key, alert), over_told_at=now) for alert in over}
    keep_alerts(services.engine, told.values())
    return f"{said}; told: {len(begun)} begun, {len(over)} over"


def _tell(context: dg.SensorEvaluationContext, webhook: SecretStr | None, text: str) -> None:
    if webhook:
        send(webhook, text)
    _LOG.warning(text)
    context.log.warning(text)


def _links(settings: Settings) -> Callable[[str], str]:
    folder = ReportFolder(settings.reports, settings.reports_url)
    return lambda client: folder.url(client or OVERVIEW)


@dataclass(frozen=True)
class _Found:
    """What a look has found, and what it couldn't see."""

    conditions: Sequence[Condition]
    setups: MasterSetups | None
    registered: Sequence[str] = field(default=())

    def knows_not(self, alert: Alert) -> bool:
        """Whether the alert may hold although it was not found."""
        if self.setups is None:
            return True
        if not alert.client:
            return False
        setup = self.setups.clients.get(alert.client)
        if setup is None:
            # A client whose file is wrong or gone just now fails as before.
            return bool(self.setups.errors) or alert.client in self.registered
        # A pause puts no row right.
        return setup.paused and alert.kind in OF_ROWS


def _see(services: Services, settings: Settings, now: datetime, registered: Sequence[str]) -> _Found:
    try:
        setups = services.setups()
    except SetupError as error:
        return _Found([folder_condition(str(error))], None)
    awake = {client: setup for client, setup in setups.clients.items() if not setup.paused}
    found = list(setup_conditions(setups.errors))
    found += missing_setup_conditions(registered, setups.clients, setups.errors)
    found += clock_conditions(noted_ahead(services.engine, now))
    for facts in all_facts(services.engine, awake, now):
        found += client_conditions(facts, now, is_running=settings.automation == "running")
    return _Found(found, setups, registered)
