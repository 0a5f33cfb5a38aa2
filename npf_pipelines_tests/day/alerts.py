"""Checks of a day's alerts: no client is silent without an alert, and alerts resolve when their causes end.

Not here: the events that cause them (events.py).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.domain.alert import Alert, AlertKind
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.alerts import read_alerts

_OF_SILENCE = {AlertKind.FAILING, AlertKind.NO_PULL, AlertKind.SETUP}
_LONGEST_SILENCE = timedelta(hours=2, minutes=15)
"""The setups' limit without a pull, a sweep's interval, and none more."""


def was_sent(engine: sa.Engine, kind: AlertKind, client: str) -> bool:
    """Whether an alert was sent, be it resolved or not."""
    return any(alert.told_at for alert in _of(engine, kind, client))


def is_open(engine: sa.Engine, kind: AlertKind, client: str) -> bool:
    """Whether an alert was sent and is not resolved."""
    return any(alert.told_at and not alert.over_at for alert in _of(engine, kind, client))


def _of(engine: sa.Engine, kind: AlertKind, client: str) -> list[Alert]:
    return [one for one in read_alerts(engine).values() if (one.kind, one.client) == (kind, client)]


class Silence:
    """Notices a store that the pipeline no longer asks for anything, without an alert of its client."""

    def __init__(self) -> None:
        self._requests: dict[str, tuple[int, datetime]] = {}

    def step(
        self, engine: sa.Engine, stores: Mapping[str, SandboxStore], paused: Collection[str], now: datetime
    ) -> list[str]:
        """The clients that have been silent for too long."""
        found = []
        for client, store in stores.items():
            before, since = self._requests.get(client, (-1, now))
            if store.requests != before or client in paused:
                self._requests[client] = store.requests, now
            elif now - since > _LONGEST_SILENCE and not any(is_open(engine, kind, client) for kind in _OF_SILENCE):
                found.append(f"{client}: no request to its store since {since:%a %H:%M}, and no alert")
        return found


def wrong_alerts(engine: sa.Engine, expected: Iterable[tuple[AlertKind, str]]) -> list[str]:
    """The alerts that are missing or not resolved in the end. Rows that wait for a person may go on waiting."""
    known = list(read_alerts(engine).values())
    resolved = {(alert.kind, alert.client) for alert in known if alert.told_at and alert.over_told_at}
    return [
        *(
            f"{client or 'clocks'}: no alert {kind} was sent and resolved"
            for kind, client in sorted({*expected} - resolved)
        ),
        *(
            f"{alert.client}: the alert {alert.kind} is not resolved: {alert.text}"
            for alert in known
            if alert.kind != AlertKind.NEEDS_A_PERSON and not alert.over_told_at
        ),
    ]
