"""An alert as it is remembered.

Not here: which conditions raise one (rules/alerts.py), its messages (rules/alert_words.py).
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

BETWEEN_LOOKS = timedelta(seconds=30)
"""Two looks that are nearer to each other count as one."""


@dataclass(frozen=True)
class Alert:
    """What is remembered of a condition.

    Attributes:
        key: the condition's.
        client: the condition's.
        kind: the condition's.
        text: as the condition last said.
        what_to_do: likewise.
        since: since when it holds.
        due_at: from when somebody is to be told.
        told_at: when that was done; None: not yet.
        over_at: the first look that didn't find it any more; None while it holds.
        over_told_at: when its end was told; None: not yet.
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
        """Whether its begin is still to be told: also that of one which has ended meanwhile."""
        return self.told_at is None and self.due_at <= (self.over_at or now)

    def is_over(self, now: datetime) -> bool:
        """Whether two looks in a row didn't find it: what comes and goes is one alert."""
        return self.over_at is not None and self.over_at <= now - BETWEEN_LOOKS


class AlertKind(enum.StrEnum):
    """What kind of condition it is."""

    FAILING = "failing"
    """A flow of a client keeps failing."""
    NO_PULL = "no_pull"
    """A client's orders haven't been pulled for longer than its limit."""
    NEEDS_A_PERSON = "needs_a_person"
    """Rows that no run will put right."""
    CHANGE_LIMIT = "brake"
    """The stock push stopped, for it would have changed too much."""
    BACKLOG = "backlog"
    """What waits for the next run hasn't been worked off for too long."""
    SETUP = "setup"
    """A master setup is wrong, or missing."""
    CLOCK = "clock"
    """A machine wrote times that lie in the future."""
