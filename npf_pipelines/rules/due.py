"""Which clients a run is due for: at their usual interval, more often before their own cut-off, at it, and at releases.

Not here: when a failed flow is retried (retries.py).
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from npf_pipelines.rules.cut_off import cut_off_after, latest_cut_off

BEFORE_CUT_OFF = timedelta(hours=2)
"""How long before its cut-off a client is swept more often."""
FREQUENT = timedelta(minutes=5)
"""The interval in that time."""
JUST_PASSED = timedelta(minutes=30)
"""How long after its cut-off a client's last pull is made up for; later it is a pull like any other."""
BETWEEN_RELEASES = timedelta(minutes=1)
"""The shortest time between two runs for released orders: each order may have a moment of its own."""


def is_due(tried_at: datetime | None, interval: timedelta, now: datetime) -> bool:
    """Whether a new interval has begun since the last try, and half of one has passed.

    Intervals begin at the same moments for all clients, so that clients that are due together share a run. Clients that
    a sensor's run has just taken are not among them: at work, a sweep of all would keep their next orders waiting. The
    next sweep makes up for one that was skipped.

    Args:
        tried_at: when the last try began; None if there was none.
        interval: the length of the intervals, which are counted from the beginning of 1970, UTC.
        now: the moment.
    """
    if tried_at is None:
        return True
    length = interval.total_seconds()
    return tried_at.timestamp() // length < now.timestamp() // length and now - tried_at >= interval / 2


def rare_pull(interval: timedelta, pull_limit: timedelta) -> timedelta:
    """How often orders are pulled of a store that is asked every few ticks for the orders that have changed.

    A sweep only compares the platform once more. Of any other store an edit or a cancellation shows in nothing but a
    pull.

    Args:
        interval: the usual one.
        pull_limit: the time without a pull after which an alert opens; two pulls fit into it.
    """
    return max(interval, min(4 * interval, pull_limit / 2))


def rare_push(interval: timedelta) -> timedelta:
    """How often shipments are compared if none waits: each lodgement is noticed by itself.

    Args:
        interval: the usual one.
    """
    return 2 * interval


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
    is_near = cut_off_after(now, cut_off, zone) - now <= BEFORE_CUT_OFF
    return min(usual, FREQUENT) if is_near else usual


def is_last_pull_due(tried_at: datetime | None, now: datetime, cut_off: time | None, zone: ZoneInfo) -> bool:
    """Whether the client's cut-off has just passed, and no run has begun since.

    Args:
        tried_at: when the last try began; None if there was none.
        now: the moment.
        cut_off: the client's, in local time; None for a client without.
        zone: the client's.
    """
    if cut_off is None:
        return False
    passed = latest_cut_off(now, cut_off, zone)
    return now - passed < JUST_PASSED and is_due_since(tried_at, passed)


def is_release_due(tried_at: datetime | None, released_at: datetime, now: datetime) -> bool:
    """Whether an order is released, and the run for it is due: orders that are released within a minute share one.

    Args:
        tried_at: when the last try began; None if there was none.
        released_at: when the client's latest released order was released.
        now: the moment.
    """
    return is_due_since(tried_at, released_at) and (tried_at is None or now - tried_at >= BETWEEN_RELEASES)


def is_due_since(tried_at: datetime | None, due_at: datetime) -> bool:
    """Whether no try has begun since a moment at which one was due."""
    return tried_at is None or tried_at < due_at
