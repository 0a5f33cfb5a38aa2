"""What is said of the alerts that begin and end: one message for all of one look.

Not here: what begins and ends (alerts.py), how it is sent (automation/webhook.py).
"""

from collections import Counter
from collections.abc import Callable, Sequence

from npf_pipelines.domain.alert import Alert, AlertKind

MOST_TOLD = 10
"""Alerts of a message that are told in full; of the others their number, by client.

Slack cuts a text after 40,000 characters and asks for at most 4,000 (documented), which ten sentences keep.
"""
_LONGEST = 300
"""Characters of what is so: a reason may quote a store."""


def message(begun: Sequence[Alert], over: Sequence[Alert], link: Callable[[str], str]) -> str:
    """The text for all that begins and ends at one look.

    Args:
        begun: those whose begin is told.
        over: those whose end is told.
        link: the address of a client's report; of the overview for an empty name.
    """
    told = [_begin(alert, link) for alert in begun[:MOST_TOLD]]
    told += [_end(alert) for alert in over[: MOST_TOLD - len(told)]]
    left = Counter(_of(alert) for alert in [*begun, *over][MOST_TOLD:])
    if left:
        clients = ", ".join(f"{client} {count}" for client, count in left.most_common(MOST_TOLD))
        more = " and others" if len(left) > MOST_TOLD else ""
        told.append(f"And {left.total()} more: {clients}{more}. All of them: {link('')}")
    return "\n".join(told)


def _begin(alert: Alert, link: Callable[[str], str]) -> str:
    return (
        f"{_of(alert)}: {_short(alert.text)} (since {alert.since:%Y-%m-%d %H:%M} UTC). {alert.what_to_do} "
        f"{link(alert.client)}"
    )


def _end(alert: Alert) -> str:
    until = f" until {alert.over_at:%Y-%m-%d %H:%M}" if alert.over_at else ""
    return f"Over: {_of(alert)}: {_short(alert.text)} (since {alert.since:%Y-%m-%d %H:%M}{until} UTC)"


def _of(alert: Alert) -> str:
    return alert.client or ("clocks" if alert.kind == AlertKind.CLOCK else "master setups")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
