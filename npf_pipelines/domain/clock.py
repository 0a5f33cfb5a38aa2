"""Stored times that can't be true: a time in the future was written by a machine whose clock was wrong.

Such a time counts as unknown. Not here: the consequences of an unknown time (each rule that uses one).
"""

from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far the clocks of two machines may be apart: NTP keeps both nearly right."""


def is_future(moment: datetime, now: datetime) -> bool:
    """Whether a stored moment is further ahead than two clocks may be apart."""
    return moment > now + TOLERANCE


def unless_future(moment: datetime | None, now: datetime) -> datetime | None:
    """The moment; None if it is in the future."""
    return None if moment is None or is_future(moment, now) else moment
