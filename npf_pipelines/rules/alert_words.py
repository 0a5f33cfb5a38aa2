"""The message about alerts that open and resolve: one message for all alerts of an evaluation.

Not here: which alerts open and resolve (alerts.py), how the message is sent (automation/webhook.py).
"""

from collections import Counter
from collections.abc import Callable, Sequence

from npf_pipelines.domain.alert import Alert, AlertKind

MOST_NAMED = 10
"""Alerts that a message gives in full; the rest are counted by client.

Slack cuts a text after 40,000 characters and asks for at most 4,000 (documented), which ten sentences keep.
"""
_SUBJECTS = {AlertKind.CLOCK.value: "clocks", AlertKind.PAUSED.value: "all clients"}
"""The subject of an alert without a client, by its kind."""
_LONGEST = 300
"""Characters of an alert's text: a reason may quote a store."""


def message(opened: Sequence[Alert], resolved: Sequence[Alert], link: Callable[[str], str]) -> str:
    """The text about the alerts that open and resolve at one evaluation.

    Args:
        opened: the alerts that open.
        resolved: the alerts that resolve.
        link: the address of a client's report; of the overview for an empty name.
    """
    lines = [_opening(alert, link) for alert in opened[:MOST_NAMED]]
    lines += [_resolution(alert) for alert in resolved[: MOST_NAMED - len(lines)]]
    left = Counter(_of(alert) for alert in [*opened, *resolved][MOST_NAMED:])
    if left:
        clients = ", ".join(f"{client} {count}" for client, count in left.most_common(MOST_NAMED))
        more = " and others" if len(left) > MOST_NAMED else ""
        lines.append(f"And {left.total()} more: {clients}{more}. All of them: {link('')}")
    return "\n".join(lines)


def _opening(alert: Alert, link: Callable[[str], str]) -> str:
    return (
        f"{_of(alert)}: {_short(alert.text)} (since {alert.since:%Y-%m-%d %H:%M} UTC). {alert.what_to_do} "
        f"{link(alert.client)}"
    )


def _resolution(alert: Alert) -> str:
    until = f" until {alert.over_at:%Y-%m-%d %H:%M}" if alert.over_at else ""
    return f"Over: {_of(alert)}: {_short(alert.text)} (since {alert.since:%Y-%m-%d %H:%M}{until} UTC)"


def _of(alert: Alert) -> str:
    return alert.client or _SUBJECTS.get(alert.kind, "master setups")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
