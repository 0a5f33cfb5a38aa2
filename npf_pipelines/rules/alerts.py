"""The life of an alert: how it opens, goes on and resolves.

Not here: which conditions hold (conditions.py, setup_conditions.py), the messages (alert_words.py), how alerts are
stored (state/alerts.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from npf_pipelines.domain.alert import Alert, AlertKind
from npf_pipelines.domain.clock import is_future
from npf_pipelines.rules.conditions import Condition

OF_ROWS = frozenset({AlertKind.NEEDS_A_PERSON, AlertKind.CHANGE_LIMIT})
"""The kinds that stay open until a person corrects the rows, even while the client is paused."""


def after_evaluation(
    known: Mapping[str, Alert], found: Collection[Condition], unknown: Collection[str], now: datetime
) -> list[Alert]:
    """The alerts to store after an evaluation; alerts whose end was reported before are left out.

    Args:
        known: the stored alerts, by key.
        found: the conditions that hold.
        unknown: the keys of alerts that could not be evaluated: they stay as they are.
        now: the time of the evaluation.
    """
    holding = {condition.key: condition for condition in found}
    alerts = [_going_on(known.get(key), condition, now) for key, condition in holding.items()]
    for key, alert in known.items():
        if key in holding or alert.over_told_at:
            continue
        is_ending = alert.over_at is not None and not is_future(alert.over_at, now)
        ending = alert if is_ending or key in unknown else replace(alert, over_at=now)
        alerts.append(ending)
    return alerts


def _going_on(before: Alert | None, condition: Condition, now: datetime) -> Alert:
    if before is None or before.over_told_at:
        since = condition.since or now
        return Alert(
            condition.key,
            condition.client,
            condition.kind,
            condition.text,
            condition.what_to_do,
            since,
            since + condition.patience,
        )
    # Times that a wrong clock wrote must not keep the alert from being sent.
    since = now if is_future(before.since, now) else before.since
    due_at = min(before.due_at, now + condition.patience) if before.told_at is None else before.due_at
    return replace(
        before, text=condition.text, what_to_do=condition.what_to_do, since=since, due_at=due_at, over_at=None
    )
