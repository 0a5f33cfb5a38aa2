"""A client's quiet hours, in which nothing is written to its store.

Not here: the pushes that wait for their end (assets/shipments.py, assets/stock.py).
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from npf_pipelines.rules.cut_off import cut_off_after, latest_cut_off

_CATCHING_UP = timedelta(hours=1)
"""How long after their end a push may still be on its way."""


def quiet_until(now: datetime, hours: tuple[time, time] | None, zone: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that a moment is in, UTC; None where it is in none.

    Args:
        now: the moment.
        hours: when they begin and end, in local time; None for a client without.
        zone: the client's.
    """
    if hours is None:
        return None
    begin, end = hours
    until = cut_off_after(latest_cut_off(now, begin, zone), end, zone)
    return until if now < until else None


def may_wait(now: datetime, hours: tuple[time, time] | None, zone: ZoneInfo) -> bool:
    """Whether a push may wait for the end of quiet hours, or for the run after it. Arguments as for `quiet_until`."""
    return any(quiet_until(moment, hours, zone) for moment in (now, now - _CATCHING_UP))


def last_end(now: datetime, hours: tuple[time, time], zone: ZoneInfo) -> datetime:
    """The latest end of quiet hours that is not after a moment, UTC. Arguments as for `quiet_until`."""
    return latest_cut_off(now, hours[1], zone)


def in_words(until: datetime, zone: ZoneInfo) -> str:
    """The sentence about a push that waits."""
    return f"quiet hours until {until.astimezone(zone):%H:%M} (store.quiet_hours): it waits"
