"""An alert as it is stored.

Not here: which conditions open one (rules/conditions.py), its life (rules/alerts.py), its messages
(rules/alert_words.py).
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

BETWEEN_EVALUATIONS = timedelta(seconds=30)
"""Evaluations that are closer together count as one."""


@dataclass(frozen=True)
class Alert:
    """A stored condition.

    Attributes:
        key: the condition's.
        client: the condition's.
        kind: the condition's.
        text: the condition's last text.
        what_to_do: the condition's last advice.
        since: when it began.
        due_at: when a message is due.
        told_at: when the message was sent; None: not yet.
        over_at: the first evaluation without the condition; None while it holds.
        over_told_at: when its end was reported; None: not yet.
    """

    key: str
    client: str
    kind: str
    text: str
    what_to_do: str
    since: datetime
    due_at: datetime
    told_at: datetime | None = None
    over_at: datetime | None = None
    over_told_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether the message that it opened is due, even if it has ended meanwhile."""
        return self.told_at is None and self.due_at <= (self.over_at or now)

    def is_open(self, now: datetime) -> bool:
        """Whether a message about it is due or was sent, and its condition still holds."""
        return self.over_at is None and (self.told_at is not None or self.due_at <= now)

    @property
    def about(self) -> str:
        """Its subject: the client, or else what of the installation it is about."""
        return self.client or _SUBJECTS.get(self.kind, "master setups")

    def is_over(self, now: datetime) -> bool:
        """Whether two evaluations in a row were without it: a condition that comes and goes is one alert."""
        return self.over_at is not None and self.over_at <= now - BETWEEN_EVALUATIONS


class AlertKind(enum.StrEnum):
    """The kind of a condition."""

    FAILING = "failing"
    """A flow of a client keeps failing."""
    NO_PULL = "no_pull"
    """A client's orders haven't been pulled for longer than its limit."""
    NEEDS_A_PERSON = "needs_a_person"
    """Rows that no run can settle."""
    CHANGE_LIMIT = "brake"
    """The stock push stopped: it would have changed too much."""
    BACKLOG = "backlog"
    """Rows that wait for the next run haven't been worked off for too long."""
    SETUP = "setup"
    """A master setup is wrong, or missing."""
    PAUSED = "paused"
    """Every client is paused by a person."""
    CLOCK = "clock"
    """A machine wrote times in the future."""
    NOT_STARTING = "not_starting"
    """Runs fail before they begin."""


_SUBJECTS = {
    AlertKind.CLOCK.value: "clocks",
    AlertKind.PAUSED.value: "all clients",
    AlertKind.NOT_STARTING.value: "runs",
}
"""The subject of an alert without a client, by its kind."""
