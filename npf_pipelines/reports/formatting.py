"""How figures are worded: durations and moments.

Not here: the sentences of the pages (templates/), the words of outcomes (domain/outcomes.py).
"""

from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def duration(seconds: float | None) -> str:
    """`8 s`, `12 min`, `3.5 h`, `2 d`: at most two significant digits."""
    if seconds is None:
        return "none"
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds)} s"


def moment(when: datetime | None, zone: ZoneInfo) -> str:
    """`24 Nov 15:10 AEDT`."""
    if when is None:
        return "never"
    local = when.astimezone(zone)
    return f"{day_in_words(local.date())} {local:%H:%M %Z}"


def as_of(when: datetime, zone: tzinfo) -> str:
    """`24 Nov 2026 15:10 AEDT`: a page may be read long after."""
    local = when.astimezone(zone)
    return f"{day_in_words(local.date())} {local:%Y %H:%M %Z}"


def day_in_words(day: date) -> str:
    """`4 Nov`."""
    return f"{day.day} {day:%b}"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 9.95 else f"{number:.0f}"  # noqa: PLR2004 - two digits
