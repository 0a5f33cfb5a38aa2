"""Which clients a sweep is due for: at their usual interval, and more often before their own cut-off.

Not here: when a failed flow is retried (retries.py).
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

BEFORE_CUT_OFF = timedelta(hours=2)
"""How long before its cut-off a client is swept more often."""
FREQUENT = timedelta(minutes=5)
"""The interval in that time."""


def is_due(tried_at: datetime | None, interval: timedelta, now: datetime) -> bool:
    """Whether a new interval has begun since the last try.

    Intervals begin at the same moments for all clients, so that clients that are due together share a run. The next
    sweep makes up for one that was skipped.

    Args:
        tried_at: when the last try began; None if there was none.
        interval: the length of the intervals, which are counted from the beginning of 1970, UTC.
        now: the moment.
    """
    return tried_at is None or tried_at.timestamp() // interval.total_seconds() < (
        now.timestamp() // interval.total_seconds()
    )


def interval_at(now: datetime, usual: timedelta, cut_off: time | None, zone: ZoneInfo) -> timedelta:
    """The client's interval at a moment.

    Args:
        now: the moment.
        usual: the flow's interval.
        cut_off: the client's, in local time; None for a client without.
        zone: the client's.
    """
    if cut_off is None:
        return usual
    today = now.astimezone(zone).date()
    # The hours before a cut-off shortly after midnight are on the day before.
    cut_offs = (datetime.combine(day, cut_off, zone).astimezone(UTC) for day in (today, today + timedelta(days=1)))
    is_near = any(timedelta() < at - now <= BEFORE_CUT_OFF for at in cut_offs)
    return min(usual, FREQUENT) if is_near else usual
