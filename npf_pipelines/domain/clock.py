"""Remembered times that can't be true: a time in the future was written by a machine whose clock was wrong.

Such a time counts as unknown. Not here: what follows where a time is unknown (each rule that uses one).
"""

from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far the clocks of two machines may be apart: both are kept right by NTP, or nearly so."""


def is_future(moment: datetime, now: datetime) -> bool:
    """Whether a remembered moment is further ahead than two clocks may be apart."""
    return moment > now + TOLERANCE


def unless_future(moment: datetime | None, now: datetime) -> datetime | None:
    """The moment; None if it is in the future."""
    return None if moment is None or is_future(moment, now) else moment
